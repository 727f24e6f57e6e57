from odoo import fields, models


class InvoiceDelivery(models.Model):
    """TEMPORARY, replaced at merge"""

    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]
    is_opted_out = fields.Boolean()

    def _is_tracked(self):
        return self.company_id.invoice_track_clients and not self.is_opted_out

    def _get_tracked_domain(self):
        return [("company_id.invoice_track_clients", "=", True), ("is_opted_out", "=", False)]

    def _opt_out(self):
        self.is_opted_out = True
