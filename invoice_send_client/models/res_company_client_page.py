import ipaddress
from typing import NamedTuple
from odoo import api, fields, models, tools


class ClientSettings(NamedTuple):
    track: bool
    networks: tuple
    link_expiry_days: int
    accept_first: bool


class ResCompany(models.Model):
    """TEMPORARY, replaced at merge"""

    _inherit = "res.company"
    invoice_track_clients = fields.Boolean(default=True)
    invoice_event_retention_days = fields.Integer(default=730)
    invoice_internal_networks = fields.Char()
    invoice_link_expiry_days = fields.Integer()
    invoice_accept_before_download = fields.Boolean()

    @api.model
    def _get_invoice_client_settings(self, company_id):
        c = self.sudo().browse(company_id)
        return ClientSettings(c.invoice_track_clients, (), c.invoice_link_expiry_days, c.invoice_accept_before_download)

    def _is_invoice_staff_address(self, ip):
        return False
