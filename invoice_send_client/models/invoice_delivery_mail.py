from odoo import fields, models

from ..const import DELIVERY_PROGRESS

#: What an attempt depends on, and others change: users, the client, a second worker.
ATTEMPT_FIELDS = (
    "state",
    "is_current",
    "email",
    "link_key",
    "is_link_alive",
    "attempt_count",
    "attempt_datetime",
    "next_attempt_datetime",
    "failure_reason",
)


class InvoiceDelivery(models.Model):
    """The way from a recipient to the mails that left for it."""

    # one model, several concerns: the rest stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    invoice_mail_ids = fields.Many2many(
        "invoice.mail",
        "invoice_mail_delivery_rel",
        string="Mails",
        readonly=True,
        help="What was sent, word by word; sent again, there are several.",
    )

    def _read_anew(self):
        """Read what others may have changed since the worker read it, in one query."""
        self.invalidate_recordset(ATTEMPT_FIELDS)
        self.fetch(ATTEMPT_FIELDS)

    def _read_due(self):
        """:return: those of these that still are to leave, as the database says now"""
        self._read_anew()
        return self.filtered(lambda d: d._is_due())

    def _get_mail_basis(self):
        """:return: what a mail of these recipients was made from

        :rtype: tuple
        """
        # sudo: the link's key has no reader; it is compared, and goes nowhere
        return tuple((d.email, d.link_key, d.is_link_alive) for d in self.sudo())

    def _get_mail_end(self):
        """Say what became of the mail that was made for these.

        :return: ``sent``, ``unsent``, or ``unused`` where it was not tried
        :rtype: str
        """
        states = set(self.mapped("state"))
        if states & (set(DELIVERY_PROGRESS) - {"outgoing"} | {"bounce"}):
            return "sent"
        was_tried = any(self.mapped("last_attempt_datetime"))
        return "unsent" if was_tried and states != {"cancel"} else "unused"

    def _get_failure(self):
        """:return: kind and words of what went wrong, of the first that knows

        :rtype: tuple[str, str]
        """
        failed = self.filtered("failure_reason")[:1]
        return failed.failure_type or "", failed.failure_reason or ""

    def _prepare_notification_values(self):
        """:return: values of the chatter's envelope for this recipient"""
        self.ensure_one()
        return {
            "author_id": self.line_id.author_partner_id.id,
            "mail_message_id": self.line_id.mail_message_id.id,
            "notification_type": "email",
            "is_read": True,
            "res_partner_id": self.partner_id.id,
            "mail_email_address": False if self.partner_id else self.email,
        }

    def action_open_mails(self):
        """Open the mail that left for this recipient, or the list of several.

        :rtype: dict
        """
        self.ensure_one()
        mails = self.invoice_mail_ids
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "invoice_send_client.invoice_mail_action"
        )
        if len(mails) == 1:
            return {**action, "res_id": mails.id, "views": [(False, "form")]}
        return {**action, "domain": [("id", "in", mails.ids)]}
