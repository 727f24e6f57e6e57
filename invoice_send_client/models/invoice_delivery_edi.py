from odoo import models
from odoo.tools import format_datetime


class InvoiceDelivery(models.Model):
    """A delivery that waits for the e-invoice's answer, in words (B29)."""

    # one model, several concerns: its life stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    def _get_failure_text(self):
        # EXTENDS 'invoice_send_client'
        if self.failure_type or self.state not in ("outgoing", "cancel"):
            return super()._get_failure_text()
        waiting = self.line_id._get_edi_waiting_line()
        if not waiting:
            return super()._get_failure_text()
        if self.state == "cancel":
            return ""  # withdrawn while it waited
        due = self.next_attempt_datetime
        next_look = due and format_datetime(self.env, due, dt_format="short")
        return waiting._get_edi_wait_text(next_look)

    def _get_panel_values(self):
        # EXTENDS 'invoice_send_client'
        values = super()._get_panel_values()
        # to wait for an answer is nothing that went wrong
        is_waiting = self.state == "outgoing" and self.line_id._get_edi_waiting_line()
        return {**values, "is_waiting": bool(is_waiting)}
