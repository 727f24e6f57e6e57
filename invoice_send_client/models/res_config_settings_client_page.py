from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """What clients may do with their links, and what is recorded of it."""

    # one page, several concerns: the rest stands in res_config_settings.py
    _inherit = "res.config.settings"

    invoice_track_clients = fields.Boolean(
        related="company_id.invoice_track_clients", readonly=False
    )
    invoice_event_retention_days = fields.Integer(
        related="company_id.invoice_event_retention_days", readonly=False
    )
    invoice_internal_networks = fields.Text(
        related="company_id.invoice_internal_networks", readonly=False
    )
    invoice_link_expiry_days = fields.Integer(
        related="company_id.invoice_link_expiry_days", readonly=False
    )
    invoice_accept_before_download = fields.Boolean(
        related="company_id.invoice_accept_before_download", readonly=False
    )
