from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """Settings > Invoicing > Sending to clients > Reminders."""

    # one model, several concerns: the rest stands in res_config_settings.py
    _name = "res.config.settings"
    _inherit = ["res.config.settings"]

    invoice_remind_unread_days = fields.Integer(
        related="company_id.invoice_remind_unread_days", readonly=False
    )
    invoice_remind_unpaid_days = fields.Integer(
        related="company_id.invoice_remind_unpaid_days", readonly=False
    )
    invoice_remind_times = fields.Integer(
        related="company_id.invoice_remind_times", readonly=False
    )
