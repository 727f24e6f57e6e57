from odoo import models


class MailMail(models.Model):
    """Says for the list of mails (B16) what a mail is, while that is at hand.

    Odoo deletes the mail once it was sent and forgets all that it had read.
    """

    # one model, several concerns: the rest stands in mail_mail.py
    _name = "mail.mail"
    _inherit = ["mail.mail"]

    def _hand_over(self, session, way):
        # EXTENDS 'invoice_send_client'
        if session:  # there is none where sending is switched off
            session.left = None
            # sudo: the mail engine may run as any user
            deliveries = self.sudo().invoice_delivery_ids
            session.about = self.env["invoice.mail"]._describe(
                deliveries, getattr(session, "about", None)
            )
        return super()._hand_over(session, way)
