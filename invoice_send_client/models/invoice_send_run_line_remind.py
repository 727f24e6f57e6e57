from odoo import fields, models
from odoo.fields import Domain

from ..const import REMINDER_TYPES


class InvoiceSendRunLine(models.Model):
    """What a sending reminds of, kept with it for good (D7)."""

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    reminder_type = fields.Selection(
        REMINDER_TYPES,
        string="Reminder",
        readonly=True,
        help="Sent by itself, to remind the client of it; empty: an ordinary sending.",
    )

    def _prepare(self):
        # EXTENDS 'invoice_send_client'
        self._withdraw_needless_reminders()
        return super()._prepare()

    def _prepare_together(self):
        # EXTENDS 'invoice_send_client'
        self._withdraw_needless_reminders()
        due = self.filtered(lambda line: line._is_preparation_due())
        return not due or super(InvoiceSendRunLine, due)._prepare_together()

    def _deliver(self, work):
        # EXTENDS 'invoice_send_client'
        self._withdraw_needless_reminders()
        return super()._deliver(work)

    def _withdraw_needless_reminders(self):
        """Remind nobody who paid, looked or answered while the mail waited its turn,
        nor write a letter for it."""
        Move = self.env["account.move"]
        for kind, lines in (
            self.filtered("reminder_type").grouped("reminder_type").items()
        ):
            own = Domain("id", "in", lines.move_id.ids)
            needed = Move.search(own & Move._get_reminder_need_domain(kind))
            needless = lines.filtered(
                lambda line, kept=needed: line.move_id not in kept
            )
            leaving = needless.delivery_ids.filtered(lambda d: d._is_due())
            if leaving:
                # whoever pays in this moment holds the document, not this
                with needless._leave_summary():
                    leaving._set_cancelled()
