from odoo import models
from odoo.tools import format_datetime


class InvoiceDelivery(models.Model):
    """A delivery that waits for the e-invoice's answer, in words (B29)."""

    # one model, several concerns: its life stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    def _set_cancelled(self):
        # EXTENDS 'invoice_send_client'
        waiting = self.filtered(
            lambda d: d.failure_reason and d._get_edi_waiting_line()
        )
        moved = super()._set_cancelled()
        (waiting & moved).failure_reason = False  # it waits no more
        for line in moved.line_id.filtered(lambda line: line.state == "skipped"):
            line._end_edi_wait()
        return moved

    def _get_edi_waiting_line(self):
        """:return: the line whose e-invoice this one waits for, empty where it does not

        :rtype: invoice.send.run.line
        """
        self.ensure_one()
        line = self.line_id if self.state == "outgoing" else self.line_id.browse()
        return line._get_edi_waiting_line()

    def _get_failure_text(self):
        # EXTENDS 'invoice_send_client'
        waiting = self._get_edi_waiting_line()
        if not waiting:
            return super()._get_failure_text()
        due = self.next_attempt_datetime
        next_look = due and format_datetime(self.env, due, dt_format="short")
        return waiting._get_edi_wait_text(next_look)

    def _get_panel_values(self):
        # EXTENDS 'invoice_send_client'
        values = super()._get_panel_values()
        # to wait for an answer is nothing that went wrong
        return {**values, "is_waiting": bool(self._get_edi_waiting_line())}
