from odoo import SUPERUSER_ID, fields, models


class PaymentTransaction(models.Model):
    """A payment that was made from a client's page."""

    _inherit = "payment.transaction"

    invoice_delivery_id = fields.Many2one(
        "invoice.delivery",
        ondelete="set null",
        index="btree_not_null",
        groups=fields.NO_ACCESS,
        help="Whose link it was: who is told that it failed.",
    )

    def _post_process(self):
        # EXTENDS 'account_payment'
        ours = self.filtered("invoice_delivery_id")
        # superuser: a visitor must never become an invoice's last editor
        super(PaymentTransaction, ours.with_user(SUPERUSER_ID))._post_process()
        return super(PaymentTransaction, self - ours)._post_process()
