from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """Settings > Invoicing > Sending to clients."""

    _inherit = "res.config.settings"

    invoice_document_mode = fields.Selection(
        related="company_id.invoice_document_mode", readonly=False
    )
    invoice_sender_name = fields.Char(
        related="company_id.invoice_sender_name", readonly=False
    )
    invoice_sender_email = fields.Char(
        related="company_id.invoice_sender_email", readonly=False
    )
    invoice_mail_server_id = fields.Many2one(
        related="company_id.invoice_mail_server_id", readonly=False
    )
    invoice_track_open = fields.Boolean(
        related="company_id.invoice_track_open", readonly=False
    )
