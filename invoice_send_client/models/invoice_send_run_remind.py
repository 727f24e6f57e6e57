from odoo import api, fields, models
from odoo.fields import Domain


class InvoiceSendRun(models.Model):
    """Sendings that are reminders (B30).

    Nobody presses Send. What fails is told to who takes care of the documents, as what
    he sent himself is: in his tray and among "My messages". There is a run for each of
    them.
    """

    # one model, several concerns: the run itself stands in invoice_send_run.py
    _name = "invoice.send.run"
    _inherit = ["invoice.send.run"]

    caretaker_id = fields.Many2one(
        "res.users",
        string="Notified",
        readonly=True,
        index="btree_not_null",
        help="Who is told what did not go of reminders that left by themselves: the "
        "salesperson of the documents, else who made them.",
    )

    @api.model
    def _prepare_run_values(self, moves_data):
        # EXTENDS 'invoice_send_client'
        values = super()._prepare_run_values(moves_data)
        first = next(iter(moves_data.values()), {})
        return {**values, "caretaker_id": first.get("caretaker_id", False)}

    @api.model
    def _prepare_line_values(self, move, move_data):
        # EXTENDS 'invoice_send_client'
        values = super()._prepare_line_values(move, move_data)
        return {**values, "reminder_type": move_data.get("reminder_type")}

    # -- my messages -------------------------------------------------------------------

    @api.model
    def _get_own_domain(self, user):
        # EXTENDS 'invoice_send_client'
        return super()._get_own_domain(user) | Domain("caretaker_id", "=", user.id)

    def _get_told_user(self):
        # EXTENDS 'invoice_send_client'
        return self.caretaker_id or super()._get_told_user()

    def _describe_documents(self, name, count):
        # EXTENDS 'invoice_send_client'
        if not self.caretaker_id:
            return super()._describe_documents(name, count)
        if name:
            return self.env._("reminder of %s", name)
        return self.env._("%s reminders", count)
