from odoo import api, fields, models

from ..tools import addresses


class IrMailServer(models.Model):
    """Says of each failure whether the mail may have arrived all the same."""

    _inherit = "ir.mail_server"

    invoice_mails_per_minute = fields.Integer(
        string="Invoices a minute",
        help="Mails with invoices that leave by this server a minute at most; what is "
        "more waits its turn. 0: no limit.",
    )
    _mails_per_minute_positive = models.Constraint(
        "CHECK (invoice_mails_per_minute >= 0)",
        "The number of mails a minute can't be below 0 (0 means no limit).",
    )

    def _connect__(self, *args, **kwargs):
        # EXTENDS 'base'
        connection = super()._connect__(*args, **kwargs)
        if hasattr(connection, "send"):  # other apps bring sessions that have none
            self._watch_connection(connection)
        return connection

    @api.model
    def _watch_connection(self, connection):
        """Note on an SMTP connection what the sending has to know and smtplib forgets.

        ``body_sent``: the mail's last byte has been handed over; past it only the
        server knows whether it kept the mail (requirements B5), and smtplib raises the
        same exceptions before and after it. ``is_taken``: the server said so.
        ``refused``: the recipients that the server refused of a mail that it took for
        others; Odoo drops them. ``mail_count``: mails that the session was used for.

        :param smtplib.SMTP connection: a fresh connection
        """
        connection.body_sent = connection.is_taken = False
        connection.refused, connection.mail_count = {}, 0
        send, send_message = connection.send, connection.send_message

        def watched_send(data):
            send(data)
            text = data.encode("ascii", "replace") if isinstance(data, str) else data
            if text.endswith(b"\r\n.\r\n"):
                connection.body_sent = True  # whatever smtplib says after it

        def watched_send_message(*args, **kwargs):
            connection.body_sent = connection.is_taken = False
            connection.refused = {}
            connection.mail_count += 1
            connection.refused = send_message(*args, **kwargs) or {}
            connection.is_taken = True
            return connection.refused

        connection.send = watched_send
        connection.send_message = watched_send_message

    def _get_test_email_from(self):
        # EXTENDS 'mail'
        # the server of the invoices is tried with the address that they come from
        company = self.env.company
        _name, sender = company._get_invoice_sender(self.env.user)
        sender = addresses.to_ascii(sender)
        if company.invoice_mail_server_id == self and sender:
            if self._match_from_filter(sender, self.from_filter):
                return sender
        return super()._get_test_email_from()

    def _active_usages_compute(self):
        # EXTENDS 'mail'
        usages = super()._active_usages_compute()
        # sudo: companies that the user does not see send through the server as well
        companies = self.env["res.company"].sudo()
        for company in companies.search([("invoice_mail_server_id", "in", self.ids)]):
            usages.setdefault(company.invoice_mail_server_id.id, []).append(
                self.env._("%s (sending invoices to clients)", company.display_name)
            )
        return usages
