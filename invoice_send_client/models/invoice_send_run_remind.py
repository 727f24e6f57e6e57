from odoo import api, models


class InvoiceSendRun(models.Model):
    """Sendings that are reminders (B30)."""

    # one model, several concerns: the run itself stands in invoice_send_run.py
    _name = "invoice.send.run"
    _inherit = ["invoice.send.run"]

    @api.model
    def _prepare_line_values(self, move, move_data):
        # EXTENDS 'invoice_send_client'
        values = super()._prepare_line_values(move, move_data)
        return {**values, "reminder_type": move_data.get("reminder_type")}
