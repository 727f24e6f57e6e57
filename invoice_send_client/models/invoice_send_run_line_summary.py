import contextlib
import logging

from odoo import api, fields, models

_logger = logging.getLogger(__name__)

#: What the document says of its deliveries (requirements D4).
SUMMARY = (
    "invoice_delivery_state",
    "invoice_delivery_problem",
    "invoice_delivery_recipients",
    "invoice_sent_datetime",
    "invoice_view_datetime",
)


class InvoiceSendRunLine(models.Model):
    """The summary on the document, where somebody else holds the document.

    A verdict can't wait for whoever has locked the invoice: behind it wait all other
    documents (B3). It is written on the delivery alone; the invoice says it as soon as
    it can be written again.
    """

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    is_summary_due = fields.Boolean(
        help="The document does not say yet what became of its deliveries.",
    )
    _summary_due = models.Index("(id) WHERE is_summary_due")

    @contextlib.contextmanager
    def _leave_summary(self):
        """Write on deliveries in the block, and nothing on their documents."""
        self.is_summary_due = True
        names = self.env["account.move"]._fields
        summary = [names[name] for name in SUMMARY]
        with self.env.protecting(summary, self.move_id):
            yield
            self.env.flush_all()

    def _close_broken_attempts(self):
        """See ``invoice.delivery._close_broken_attempts``; waits for no document."""
        deliveries = self.delivery_ids
        if any(d.state == "outgoing" and d.attempt_datetime for d in deliveries):
            with self._leave_summary():
                deliveries._close_broken_attempts()

    @api.model
    def _mend_summaries(self):
        """Let documents say what became of their deliveries, where that was left."""
        Run = self.env["invoice.send.run"]
        for line in self.search([("is_summary_due", "=", True)], order="id"):
            try:
                with Run._isolate():
                    line._mend_summary()
                    Run._commit()
            except Exception:
                _logger.warning("%s is mended later", line, exc_info=True)

    def _mend_summary(self):
        move = self.move_id.try_lock_for_update(allow_referencing=True)
        if not move:
            return  # still held by somebody
        for name in SUMMARY:
            self.env.add_to_compute(move._fields[name], move)
        self.is_summary_due = False
        self.env.flush_all()
