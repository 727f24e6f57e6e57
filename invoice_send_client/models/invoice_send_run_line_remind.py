from odoo import fields, models

from ..const import REMINDER_TYPES


class InvoiceSendRunLine(models.Model):
    """What a sending reminds of, kept with it for good (D7)."""

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    reminder_type = fields.Selection(
        REMINDER_TYPES,
        string="Reminder",
        readonly=True,
        help="Sent by itself, to remind the client of it; empty: an ordinary sending.",
    )
