from odoo import fields, models


class ResPartner(models.Model):
    """Customers who are not reminded by themselves."""

    # one model, several concerns: the rest stands in res_partner.py
    _name = "res.partner"
    _inherit = ["res.partner"]

    # read on the commercial partner, as ``invoice_sending_method``
    invoice_no_reminders = fields.Boolean(
        string="No reminders",
        help="This customer is never reminded automatically of documents that "
        "are not viewed or not paid.",
    )
