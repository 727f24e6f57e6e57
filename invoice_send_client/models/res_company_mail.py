from odoo import fields, models


class ResCompany(models.Model):
    """How long a company keeps the mails that it sent to clients."""

    # one model, several concerns: the rest stands in res_company.py
    _name = "res.company"
    _inherit = ["res.company"]

    invoice_mail_retention_days = fields.Integer(
        string="Keep sent mails for",
        help="Days after which the text of a mail is deleted; who got it, when, and "
        "what became of it stays. 0: it is kept for good.",
    )
    _invoice_mail_retention_positive = models.Constraint(
        "CHECK (invoice_mail_retention_days >= 0)",
        "The days for which mails are kept can't be below 0 (0 keeps them for good).",
    )
