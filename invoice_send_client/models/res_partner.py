from odoo import fields, models


class ResPartner(models.Model):
    """How a customer gets its invoices."""

    _inherit = "res.partner"

    invoice_sending_method = fields.Selection(
        selection_add=[("network", "Client network")]
    )
    # read on the commercial partner, as ``invoice_sending_method``
    invoice_send_on_confirm = fields.Selection(
        [("yes", "Yes, at once"), ("no", "No, by hand")],
        string="Send when confirmed",
        company_dependent=True,
        help="Whether invoices, credit notes and receipts leave by themselves as soon "
        "as they are confirmed. Empty: as the company's settings say.",
    )
