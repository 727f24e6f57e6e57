import contextlib
import logging

from odoo import api, fields, models
from odoo.tools import split_every

from ..const import TOGETHER

_logger = logging.getLogger(__name__)

#: What the document says of its deliveries (requirements D4).
SUMMARY = (
    "invoice_delivery_state",
    "invoice_delivery_problem",
    "invoice_delivery_recipients",
    "invoice_network_recipients",
    "invoice_sent_datetime",
    "invoice_view_datetime",
)


class InvoiceSendRunLine(models.Model):
    """What the document and the chatter's envelopes say of the deliveries.

    A verdict is written on the delivery alone: it can't wait for whoever has locked the
    invoice, behind it wait all other documents (B3). Document and envelopes follow as
    soon as the lines in hand are done with, many at once.
    """

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    is_summary_due = fields.Boolean(
        help="The document and the chatter do not say yet what became of its "
        "deliveries.",
    )
    _summary_due = models.Index("(id) WHERE is_summary_due")

    def _note_summary_due(self):
        self.filtered(lambda line: not line.is_summary_due).is_summary_due = True

    @contextlib.contextmanager
    def _leave_summary(self):
        """Write on deliveries in the block, and nothing on their documents."""
        self._note_summary_due()
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
            # for good: what goes wrong afterwards makes none of them due again (B5)
            self.env["invoice.send.run"]._commit_step()

    @api.model
    def _mend_summaries(self):
        """Let documents say what became of their deliveries, where that was left."""
        Run = self.env["invoice.send.run"]
        due = self.search([("is_summary_due", "=", True)], order="id")
        for some in split_every(TOGETHER, due.ids, self.browse):
            with Run._hold(some._get_held_lines()) as held:
                Run._commit()
                self.env.invalidate_all()
                some.filtered(lambda x: x._get_held_lines() <= held)._mend_held()

    def _get_held_lines(self):
        """:return: the lines that a worker holds who works on these: of several that go
        in one mail the first stands for all, see ``_process``"""
        return self.filtered(lambda line: not line.lead_line_id) | self.lead_line_id

    def _mend_held(self):
        """Mend lines that the caller holds; what can't be mended now is mended later.

        First the envelopes, since the documents' lock is not had by everybody.
        """
        if due := self.filtered("is_summary_due"):
            is_closed = due._try_to_mend(due._close_mails)
            due._try_to_mend(due._write_summaries, is_closed)

    def _try_to_mend(self, step, *args):
        """:return: whether a step of mending these lines was done, and committed"""
        Run = self.env["invoice.send.run"]
        try:
            with Run._isolate():
                Run._commit()
                step(*args)
                Run._commit()
        except Exception:
            _logger.warning("%s are mended later", self, exc_info=True)
            return False
        return True

    def _write_summaries(self, is_last):
        """Write on the documents, but for those that somebody else holds.

        :param bool is_last: nothing else is due on these lines
        """
        moves = self.move_id.try_lock_for_update(allow_referencing=True)
        # the client may have looked since
        self.delivery_ids.invalidate_recordset()
        for name in SUMMARY:
            self.env.add_to_compute(moves._fields[name], moves)
        if is_last:
            done = self.filtered(lambda line: line.move_id in moves)
            done.is_summary_due = False
        self.env.flush_all()

    # -- the mails that were made for the attempts -------------------------------------

    def _close_mails(self):
        """Let the mails of these lines, and the chatter's envelopes, say what became of
        the deliveries; what was made and not used is dropped."""
        # sudo: mails have no access of their own; these are the sending's
        Mail = self.env["mail.mail"].sudo()
        ours = [("invoice_delivery_ids", "in", self.delivery_ids.ids)]
        mails = Mail.search([*ours, ("state", "=", "cancel")])
        by_end = mails.grouped(lambda mail: mail.invoice_delivery_ids._get_mail_end())
        by_end.get("sent", Mail)._close_sent()
        by_end.get("unused", Mail)._drop()
        for mail in by_end.get("unsent", Mail):
            mail._close_unsent(*mail.invoice_delivery_ids._get_failure())
