from odoo import models


class InvoiceDeliveryEvent(models.Model):
    """What the timeline says of a reminder."""

    # one model, several concerns: the record itself stands in invoice_delivery_event.py
    _name = "invoice.delivery.event"
    _inherit = ["invoice.delivery.event"]

    def _get_server_texts(self, words):
        # EXTENDS 'invoice_send_client'
        texts = super()._get_server_texts(words)
        if self.delivery_id.reminder_type:
            texts["sent"] = self.env._("Reminder mailed to %(address)s", **words)
        return texts
