from odoo import fields, models


class InvoiceDelivery(models.Model):
    """What goes to the client inside this system, by no mail (R9)."""

    # one model, several concerns: the record itself stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    sending_method = fields.Selection(
        selection_add=[("network", "Client network")],
        ondelete={"network": "cascade"},
    )
    receiving_company_id = fields.Many2one(
        "res.company", index="btree_not_null", ondelete="cascade"
    )
