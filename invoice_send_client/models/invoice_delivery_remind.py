from odoo import fields, models


class InvoiceDelivery(models.Model):
    """Who was reminded, as the panel on the invoice tells it."""

    # one model, several concerns: the record itself stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    reminder_type = fields.Selection(related="line_id.reminder_type")

    def _get_panel_values(self):
        # EXTENDS 'invoice_send_client'
        labels = dict(self._fields["reminder_type"]._description_selection(self.env))
        return {
            **super()._get_panel_values(),
            "reminder": labels.get(self.reminder_type, ""),
        }
