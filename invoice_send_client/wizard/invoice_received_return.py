from odoo import fields, models
from odoo.exceptions import UserError


class InvoiceReceivedReturn(models.TransientModel):
    """Return a received document to the company that sent it, with a reason (R31)."""

    _name = "invoice.received.return"
    _description = "Return Received Document"

    move_id = fields.Many2one(
        "account.move", required=True, readonly=True, ondelete="cascade"
    )
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Tell the sender why the document is returned.

        :raise UserError: where no reason was written
        """
        self.ensure_one()
        reason = (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("Write why you return the document."))
        self.move_id._answer_received("return", reason)
        return {"type": "ir.actions.act_window_close"}
