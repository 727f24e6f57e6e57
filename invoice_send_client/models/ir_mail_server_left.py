from odoo import models

from ..tools import mail_copy


class IrMailServer(models.Model):
    """Notes on the SMTP session what leaves by it, for the list of mails (B16)."""

    # one model, several concerns: the rest stands in ir_mail_server.py
    _name = "ir.mail_server"
    _inherit = ["ir.mail_server"]

    def _connect__(self, *args, **kwargs):
        # EXTENDS 'base'
        connection = super()._connect__(*args, **kwargs)
        if hasattr(connection, "sendmail"):  # other apps bring sessions that have none
            sendmail = connection.sendmail

            def watched_sendmail(sender, recipients, content, *args, **kwargs):
                if left := getattr(connection, "left", None):
                    left.content = content
                return sendmail(sender, recipients, content, *args, **kwargs)

            connection.sendmail = watched_sendmail
        return connection

    def _prepare_email_message__(self, message, smtp_session):
        # EXTENDS 'base'
        sender, recipients, message = super()._prepare_email_message__(
            message, smtp_session
        )
        if smtp_session:  # there is none where sending is switched off
            about = getattr(smtp_session, "about", None)
            smtp_session.left = mail_copy.Left(message, sender, recipients, about)
        return sender, recipients, message
