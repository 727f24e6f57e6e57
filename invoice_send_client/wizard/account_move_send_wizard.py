from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import get_lang

from ..const import DOCUMENT_MODES
from ..tools import addresses


class AccountMoveSendWizard(models.TransientModel):
    """The send window of one document."""

    _inherit = "account.move.send.wizard"

    document_mode = fields.Selection(
        DOCUMENT_MODES,
        compute="_compute_document_mode",
        precompute=True,
        store=True,
        readonly=False,
        required=True,
    )
    mail_lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        compute="_compute_mail_lang",
        store=True,
        readonly=False,
    )
    email_from_name = fields.Char(
        string="From",
        compute="_compute_email_from_name",
        store=True,
        readonly=False,
        help="Shown to the client as the sender; changed for this sending only.",
    )
    email_from_address = fields.Char(compute="_compute_email_from_address")
    email_to = fields.Char(
        string="To", compute="_compute_email_to", store=True, readonly=False
    )
    email_cc = fields.Char(
        string="CC", help="Visible to the other recipients.", default=""
    )
    email_bcc = fields.Char(string="BCC", help="Visible to nobody else.", default="")
    last_line_id = fields.Many2one(
        "invoice.send.run.line",
        compute="_compute_last_line_id",
        precompute=True,
        store=True,
        help="The document's last sending that this window knows of. Send is refused "
        "when there is a later one: two tabs, two users, or Send pressed twice.",
    )
    send_problems = fields.Json(
        readonly=True, help="What the last press of Send could not deliver, in words."
    )

    @api.depends("move_id")
    def _compute_document_mode(self):
        for wizard in self:
            wizard.document_mode = wizard.company_id._get_invoice_document_mode()

    @api.depends("move_id")
    def _compute_last_line_id(self):
        for wizard in self:
            wizard.last_line_id = wizard.move_id._get_last_send_line()

    @api.depends("move_id")
    def _compute_mail_lang(self):
        installed = dict(self.env["res.lang"].get_installed())
        for wizard in self:
            lang = self._get_default_mail_lang(wizard.move_id, wizard.template_id)
            wizard.mail_lang = lang if lang in installed else get_lang(self.env).code

    @api.depends("mail_lang")
    def _compute_lang(self):
        # OVERRIDE 'account'
        # the language is the client's, chosen in the window, never the template's
        for wizard in self:
            wizard.lang = wizard.mail_lang

    @api.depends("move_id")
    def _compute_email_from_name(self):
        for wizard in self:
            sender = wizard.company_id._get_invoice_sender(self.env.user)
            wizard.email_from_name = sender[0]

    @api.depends("move_id")
    def _compute_email_from_address(self):
        for wizard in self:
            sender = wizard.company_id._get_invoice_sender(self.env.user)
            wizard.email_from_address = sender[1]

    @api.depends("mail_partner_ids")
    def _compute_email_to(self):
        for wizard in self:
            wizard.email_to = self._get_address_line(wizard.mail_partner_ids)

    def _get_sending_settings(self):
        # EXTENDS 'account'
        settings = super()._get_sending_settings()
        if "email" in settings["sending_methods"]:
            settings.update(
                previous_line_id=self.last_line_id.id,
                document_mode=self.document_mode,
                email_from=self._get_default_email_from(
                    self.move_id, self.env.user, self.email_from_name
                ),
                email_to=self.email_to,
                email_cc=self.email_cc,
                email_bcc=self.email_bcc,
            )
        return settings

    def _check_addresses(self):
        """Name what is no address, before anything is written.

        :raise UserError: with the wrong pieces, or when nobody is left to send to
        """
        self.ensure_one()
        wrong = [
            piece
            for text in (self.email_to, self.email_cc, self.email_bcc)
            for piece in addresses.parse(text)[1]
        ]
        if wrong:
            raise UserError(
                self.env._(
                    "%(document)s was not sent. This is no e-mail address: %(pieces)s",
                    document=self.move_id.name,
                    pieces=", ".join(wrong),
                )
            )
        if not addresses.parse(self.email_to)[0]:
            raise UserError(
                self.env._(
                    "%(document)s was not sent: there is no e-mail address in To. Add "
                    "one for %(customer)s.",
                    document=self.move_id.name,
                    customer=self.move_id.partner_id.display_name,
                )
            )

    def action_send_and_print(self, allow_fallback_pdf=False):
        # EXTENDS 'account'
        self.ensure_one()
        if "email" not in (self.sending_methods or []):
            return super().action_send_and_print(allow_fallback_pdf=allow_fallback_pdf)
        self._check_addresses()
        if allow_fallback_pdf:
            # another app sends: it wants its documents in its own transaction
            return super().action_send_and_print(allow_fallback_pdf=allow_fallback_pdf)
        self._update_preferred_settings()
        run = self.env["invoice.send.run"]._create_for_moves(
            {self.move_id: self._get_sending_settings()}
        )
        run._start()
        return self.action_read_result(run.id)

    def action_read_result(self, run_id):
        """Say what became of the press of Send: called by the window until it knows.

        :param int run_id: the run that Send has written
        :return: the window's next action: wait, close, download or show what failed
        :rtype: dict
        """
        self.ensure_one()
        # sudo: the user's own run; its records have no other reader than accountants
        run = self.env["invoice.send.run"].sudo().browse(run_id)
        if run.user_id != self.env.user:
            raise UserError(self.env._("This sending belongs to another user."))
        result = run._get_result()
        if not result["done"]:
            return {
                "type": "ir.actions.client",
                "tag": "invoice_send_client.sending",
                "params": {"wizard_id": self.id, "run_id": run_id},
            }
        if result["problems"]:
            return self._show_problems(result["problems"])
        if "manual" in self.sending_methods:
            return self._action_download(
                self._get_invoice_extra_attachments(self.move_id)
            )
        return {"type": "ir.actions.act_window_close"}

    def _show_problems(self, problems):
        """Open the window again, everything still filled in, with what failed.

        :param list problems: sentences for the user
        """
        self.send_problems = problems
        self.last_line_id = self.move_id._get_last_send_line()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": self.env.context,
        }
