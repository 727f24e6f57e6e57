from odoo import api, fields, models


class AccountMove(models.Model):
    """Says on a document that its client is not followed (B20)."""

    # one model, several concerns: the rest stands in account_move.py
    _name = "account.move"
    _inherit = ["account.move"]

    invoice_is_untracked = fields.Boolean(
        string="Not tracked",
        compute="_compute_invoice_is_untracked",
        help="Nobody that the document was sent to is followed.",
    )

    @api.depends("invoice_delivery_ids.is_tracked")
    def _compute_invoice_is_untracked(self):
        # sudo: who may read the document may know that its client is not followed
        for move in self.sudo():
            current = move.invoice_delivery_ids.filtered("is_current")
            tracked = current.filtered("is_tracked")
            move.invoice_is_untracked = bool(current) and not tracked
