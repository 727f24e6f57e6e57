from odoo import fields, models

from ..const import COMPANY_DOCUMENT_MODES, PUBLIC_URL_PARAMETER


class ResCompany(models.Model):
    """How a company sends its invoices to clients."""

    _inherit = "res.company"

    invoice_document_mode = fields.Selection(
        COMPANY_DOCUMENT_MODES,
        string="Send invoices as",
        required=True,
        default="link",
        help="Link: the client opens the invoice on a page of its own, and you see "
        "that it was viewed. Attachment: the PDF is in the mail, with the link below "
        "it. Automatic: attachment where the company has its own mail server.",
    )
    invoice_sender_name = fields.Char(
        string="Sender name", help="Used where no user presses Send."
    )
    invoice_sender_email = fields.Char(
        string="Sender address",
        help="Clients get their invoices from this address. Empty: the company's.",
    )
    invoice_mail_server_id = fields.Many2one(
        "ir.mail_server",
        string="Mail server for invoices",
        domain=[("owner_user_id", "=", False)],
    )
    invoice_track_open = fields.Boolean(
        string="Picture tracking",
        help="Puts an invisible picture into the mail. Off by default: clients are "
        "not told of it, and mail programs load it without anybody looking.",
    )

    def _get_invoice_document_mode(self):
        """:return: ``link`` or ``attachment``: what the company's setting means now

        Link mode needs an address that clients reach (requirements D2): a dead link is
        worse than a file.
        """
        self.ensure_one()
        mode = self.invoice_document_mode
        if mode == "automatic":
            mode = "attachment" if self.invoice_mail_server_id else "link"
        if mode == "link" and not self._is_invoice_link_public():
            return "attachment"
        return mode

    def _is_invoice_link_public(self):
        """:return: whether the base address was confirmed from outside (D2)"""
        # sudo: system parameters are not readable by users; only the answer leaves
        parameters = self.env["ir.config_parameter"].sudo()
        confirmed = parameters.get_param(PUBLIC_URL_PARAMETER)
        return bool(confirmed) and confirmed == parameters.get_param("web.base.url")

    def _get_invoice_sender(self, user):
        """Say who a letter comes from (requirements D6).

        :param user: the user who pressed Send, empty where nobody did
        :return: ``(name, address)``; the address is empty where only Odoo's own
            choice is left
        """
        self.ensure_one()
        name = user.name or self.invoice_sender_name or self.name
        return name, self.invoice_sender_email or self.email or ""
