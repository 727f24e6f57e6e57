from odoo import fields, models

from ..const import NOT_REACHED
from ..tools import addresses


class InvoiceDelivery(models.Model):
    """The letter that brings a new link to whoever asked with a dead one (B14).

    Its words are a client's: ``devenv.translations`` knows them by this file.
    """

    # one model, several concerns: the record itself stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    def _mail_new_link(self):
        """Mail the link to the address on file; where it ended by itself, a new one."""
        self.ensure_one()
        if self._is_link_open():
            # mail filters look at this letter as they did at the first one
            self.link_datetime = fields.Datetime.now()
        else:
            self._renew_link()
        # sudo: nobody is signed in; what leaves is this letter, to the address on file
        self.env["mail.mail"].sudo().create(self._prepare_new_link_mail())
        # the visitor does not wait for a mail server, and learns nothing by waiting
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        self._record_event("linkmail")

    def _prepare_new_link_mail(self):
        """:return: values of the mail that brings a new link"""
        move, line = self.move_id, self.line_id
        delivery = self.with_context(lang=self._get_letter_lang())
        lang = self.env["res.lang"]._get_data(code=delivery.env.lang)
        body = self.env["ir.qweb"]._render(
            "invoice_send_client.mail_new_link",
            {
                "delivery": delivery,
                "move": delivery.move_id,
                "direction": lang.direction,
            },
            lang=delivery.env.lang,
        )
        send = self.env["account.move.send"]
        return {
            "subject": delivery.env._("Your new link to %s", move.name),
            "body_html": body,
            "email_from": line.email_from
            or send._get_default_email_from(move, self.env.user),
            "email_to": self._get_new_link_addresses(),
            "mail_server_id": self.company_id.invoice_mail_server_id.id,
            "headers": repr({"Auto-Submitted": "auto-replied"}),
            "auto_delete": True,
        }

    def _get_new_link_addresses(self):
        """:return: the addresses on file: one, or those of one message to all that
            were not refused

        :rtype: str
        """
        others = self.line_id._get_shared() if self._has_common_link() else self
        reached = others.filtered(lambda d: d.state not in NOT_REACHED)
        return ", ".join(
            addresses.Address(d.recipient_name or "", d.email).alone
            for d in self | reached.sorted("id")
        )

    def _get_letter_lang(self):
        """:return: code of the installed language in which this recipient is written"""
        installed = dict(self.env["res.lang"].get_installed())
        return self.lang if self.lang in installed else self.env.lang or "en_US"
