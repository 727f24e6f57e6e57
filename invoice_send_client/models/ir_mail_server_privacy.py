from odoo import models


class IrMailServer(models.Model):
    """Lets no other addon follow a client that is not to be followed (B20)."""

    # one model, several concerns: the rest stands in ir_mail_server.py
    _name = "ir.mail_server"
    _inherit = ["ir.mail_server"]

    def _tracking_img_disabled(self, tracking_email_id):
        # EXTENDS 'mail_tracking'
        # an addon of the OCA; where it is not installed nobody calls this
        if super()._tracking_img_disabled(tracking_email_id):
            return True
        # sudo: the mail engine may run as any user
        trackings = self.env["mail.tracking.email"].sudo()
        mail = trackings.browse(int(tracking_email_id)).mail_id
        deliveries = mail.invoice_delivery_ids
        return bool(deliveries) and not deliveries.line_id._is_tracked(deliveries)
