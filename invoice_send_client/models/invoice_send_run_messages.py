from odoo import models


class InvoiceSendRun(models.Model):
    """What the sender is told of a run."""

    # one model, several concerns: the record itself stands in invoice_send_run.py
    _name = "invoice.send.run"
    _inherit = ["invoice.send.run"]

    def _tell_progress(self):
        """Tell the sender how far the run came."""
