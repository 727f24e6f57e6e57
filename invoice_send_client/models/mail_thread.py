import logging

from odoo import SUPERUSER_ID, api, models
from odoo.tools import email_normalize

from ..tools import dsn

_logger = logging.getLogger(__name__)


class MailThread(models.AbstractModel):
    """Tells the deliveries of what comes back through Odoo's mail gateway (B17)."""

    _inherit = "mail.thread"

    @api.model
    def _detect_is_bounce(self, message, message_dict):
        # EXTENDS 'mail'
        if super()._detect_is_bounce(message, message_dict):
            return True
        # old servers write plain mails as postmaster, which would be routed: a record
        # would be made of them, or the mailbox would report an error
        report = dsn.read(message)
        if not report.failures:
            return False
        is_ours, _bounced = self._get_bounced_deliveries()._find_bounced(report)
        return is_ours

    @api.model
    def _get_bounced_deliveries(self):
        # not ``sudo``: the invoice's last editor is OdooBot, not who feeds the gateway
        return self.env["invoice.delivery"].with_user(SUPERUSER_ID)

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        # EXTENDS 'mail'
        report = dsn.read(email_message)
        Delivery = self._get_bounced_deliveries()
        is_ours, bounced = Delivery._find_bounced(report)
        if not is_ours or (report.failures and not bounced):
            return super()._routing_handle_bounce(email_message, message_dict)
        marked = Delivery._process_bounces(bounced)
        _logger.info(
            "Mail %s reports on the mail of %s: %s failed, %s marked",
            message_dict["message_id"],
            report.message_ids,
            len(bounced),
            sum(map(len, marked)),
        )
        for values in self._prepare_native_bounces(bounced, marked):
            super()._routing_handle_bounce(email_message, {**message_dict, **values})
        for found, moved in zip(bounced, marked, strict=True):
            moved._mark_notifications(found.failure.words)
        return None

    @api.model
    def _prepare_native_bounces(self, bounced, marked):
        """Say of each failed recipient what the native handling wants to know.

        Natively the first recipient of a report counts, even one that was delayed.

        :param list bounced: from ``invoice.delivery``'s ``_find_bounced``
        :param list marked: the deliveries that moved, in the same order; the chatter's
            message is marked only with them
        :return: values for the message's dict, one dict a failed recipient
        :rtype: list[dict]
        """
        emails = [email_normalize(b.failure.shown or b.witness.email) for b in bounced]
        # sudo: as natively, contacts of any company are counted
        partners = (
            self.env["res.partner"]
            .sudo()
            .search([("email_normalized", "in", list(filter(None, emails)))])
            .grouped("email_normalized")
        )
        return [
            {
                "bounced_email": email,
                "bounced_partner": partners.get(email, self.env["res.partner"]),
                "bounced_message": moved.mail_message_id[:1],
            }
            for moved, email in zip(marked, emails, strict=True)
        ]
