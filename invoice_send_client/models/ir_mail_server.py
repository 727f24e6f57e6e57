from odoo import models

from ..tools import verdict


class IrMailServer(models.Model):
    """Says of each failure whether the mail may have arrived all the same."""

    _inherit = "ir.mail_server"

    def _connect__(self, *args, **kwargs):
        # EXTENDS 'base'
        connection = super()._connect__(*args, **kwargs)
        if hasattr(connection, "send"):  # other apps bring sessions that have none
            self._watch_last_byte(connection)
        return connection

    def _watch_last_byte(self, connection):
        """Note on the connection when a mail's last byte has been handed over.

        Past that byte only the server knows whether it kept the mail (requirements
        B5); smtplib raises the same exception before and after it.
        """
        connection.body_sent = False
        send = connection.send

        def watched(data):
            send(data)
            text = data.encode("ascii", "replace") if isinstance(data, str) else data
            connection.body_sent = text.endswith(b"\r\n.\r\n")

        connection.send = watched

    def send_email(self, message, *args, **kwargs):
        # EXTENDS 'base'
        session = kwargs.get("smtp_session")
        try:
            return super().send_email(message, *args, **kwargs)
        except Exception as error:
            error.delivery_verdict = verdict.from_exception(
                error, getattr(session, "body_sent", False)
            )
            raise
