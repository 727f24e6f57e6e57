from odoo import models


class InvoiceDelivery(models.Model):
    """A document in the portal of one of the customer's users."""

    # one model, several concerns: its life stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    def _bring_to_portal(self):
        """:raise UserError: where the user can't read the document"""
