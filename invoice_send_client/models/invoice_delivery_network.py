from odoo import fields, models


class InvoiceDelivery(models.Model):
    """A document that the client gets inside the system (R9)."""

    # one model, several concerns: its life stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    sending_method = fields.Selection(
        selection_add=[("network", "Client network")], ondelete={"network": "cascade"}
    )
    portal_user_id = fields.Many2one(
        "res.users",
        ondelete="set null",
        index="btree_not_null",
        help="Whose portal the document stands in.",
    )
