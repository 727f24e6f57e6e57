import contextlib
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.modules.registry import Registry
from odoo.tools import SQL

from ..const import (
    AT_ONCE_RECIPIENTS,
    DUE_LIMIT,
    LINE_LOCK_CLASS,
    LOCK_TIMEOUT,
    PASS_SECONDS,
    RESCUE_SECONDS,
)

_logger = logging.getLogger(__name__)


class InvoiceSendRun(models.Model):
    """How runs are worked on: who starts, what is due, what is committed when."""

    # one model, several concerns: the record itself stands in invoice_send_run.py
    _name = "invoice.send.run"
    _inherit = ["invoice.send.run"]

    # -- transactions ------------------------------------------------------------------

    @api.model
    def _can_commit(self):
        return self.env["account.move.send"]._can_commit()

    @api.model
    def _commit(self):
        """The one place with an explicit commit: what is done so far stays done.

        The mail server's word can't be rolled back, so an attempt is committed before
        it is asked and its verdict after it.
        """
        if self._can_commit():
            self.env.cr.commit()  # pylint: disable=invalid-commit

    @api.model
    def _commit_step(self):
        """Commit one mail's attempt or verdict, and go on with what was read.

        Odoo forgets all of it at a commit, also of the mails still to come. What others
        may have changed meanwhile is read anew, see ``invoice.delivery._read_anew``.
        """
        self.env.flush_all()
        transaction = self.env.transaction
        kept = dict(transaction.field_data)
        self._commit()
        transaction.invalidate_field_data()
        transaction.field_data.update(kept)

    @api.model
    @contextlib.contextmanager
    def _isolate(self):
        """Undo the block's work when it raises, and let the exception pass.

        A savepoint would be lost as soon as an e-invoice commits its own progress, so
        the whole transaction goes: everything before the block was committed. Where
        nothing can be committed a savepoint is all there is.
        """
        if not self._can_commit():
            with self.env.cr.savepoint():
                yield
            return
        try:
            yield
            self.env.flush_all()  # a lock is met here, where it is handled
        except Exception:
            if not self.env.cr.closed:  # a server that stops closes it
                self.env.cr.rollback()
            raise

    @api.model
    @contextlib.contextmanager
    def _begin_pass(self, **options):
        """Begin to work: whoever works in the block waits for nobody's lock for long,
        others are waiting, and keeps SMTP sessions from one mail to the next.

        :param options: see ``tools.sending_pass.SendingPass``
        :rtype: tools.sending_pass.SendingPass
        """
        cr = self.env.cr
        # a setting of PostgreSQL, which the ORM has no word for
        cr.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
        self._commit()
        try:
            with self.env["mail.mail"]._keep_sessions(**options) as work:
                yield work
        finally:
            if not cr.closed:  # a server that stops closes it
                cr.execute("RESET lock_timeout")

    @api.model
    @contextlib.contextmanager
    def _hold(self, lines):
        """Hold lines against other workers, across commits, until the block ends.

        PostgreSQL lets go of the locks when the connection dies with its worker: that
        tells a dead worker from a slow one, which no time limit can.

        :param lines: ``invoice.send.run.line``
        :return: those that are held now; another worker has the others
        """
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "SELECT id FROM unnest(%s::int[]) AS id"
                    " WHERE pg_try_advisory_lock(%s, id)",
                    lines.ids,
                    LINE_LOCK_CLASS,
                )
            )
            held = [line_id for (line_id,) in cr.fetchall()]
            # the locks outlive their transaction, which would keep the database from
            # cleaning up as long as a mail leaves
            cr.commit()  # pylint: disable=invalid-commit
            try:
                yield lines.filtered(lambda line: line.id in held)
            finally:
                if not cr.closed:  # a server that stops closes it
                    self._let_go(cr, held)

    @api.model
    def _let_go(self, cr, ids):
        """Give lines back that :meth:`_hold` held.

        :param cr: the cursor that holds them
        :param list ids: of ``invoice.send.run.line``
        """
        cr.execute(
            SQL(
                "SELECT pg_advisory_unlock(%s, id) FROM unnest(%s::int[]) AS id",
                LINE_LOCK_CLASS,
                ids,
            )
        )

    # -- start -------------------------------------------------------------------------

    def _start(self):
        """Begin to work on the runs as soon as this transaction is committed.

        One document is sent at once, several by the cron. Where nothing can be
        committed (a test's transaction) the work is done here.
        """
        if not self._can_commit():
            self._process()
            return
        if len(self.line_ids) > 1 or len(self.delivery_ids) > AT_ONCE_RECIPIENTS:
            self._trigger_cron()
            return
        self._trigger_cron(timedelta(seconds=RESCUE_SECONDS))
        dbname, uid, ids = self.env.cr.dbname, self.env.uid, self.ids

        @self.env.cr.postcommit.add
        def work():
            with Registry(dbname).cursor() as cr:
                # su: the records of a sending have no writer but the sending itself
                env = api.Environment(cr, uid, {}, su=True)
                env["invoice.send.run"].browse(ids)._process()

    @api.model
    def _get_cron(self):
        """:return: the scheduled action that does the work"""
        # sudo: users may start their own sending, not read scheduled actions
        return self.env.ref("account.ir_cron_account_move_send").sudo()

    @api.model
    def _trigger_cron(self, delay=timedelta()):
        self._get_cron()._trigger(fields.Datetime.now() + delay)

    def _start_by_cron(self):
        """Let the cron work on the runs, now or at the time that was chosen; the user
        is told at the end."""
        self.is_result_due = True
        now = fields.Datetime.now()
        times = [run.start_datetime or now for run in self]
        self._trigger_cron(max(min(times) - now, timedelta()))

    def _process(self):
        """Work on what is due of these runs, document by document: a user waits.

        What the time does not suffice for is left to the cron: Odoo ends a request
        after two minutes, as it does a worker.
        """
        with self._begin_pass(seconds=PASS_SECONDS) as work:
            self.line_ids.sorted("id")._process_all(work)
        self._end_pass(work)

    # -- a pass of the cron ------------------------------------------------------------

    @api.model
    def _process_due(self):
        """Work on what is due, oldest first, as long as a pass of the cron may take.

        After all mails the PDFs that none of them waited for are made.
        """
        with self._begin_pass(seconds=PASS_SECONDS, heeds_pauses=True) as work:
            self._process_until_over(work)
        self._end_pass(work)

    @api.model
    def _process_until_over(self, work):
        """Work on mails, and on PDFs as long as no mail is due.

        :param tools.sending_pass.SendingPass work: begins nothing once it is over
        """
        Line = self.env["invoice.send.run.line"]
        left, left_pdfs = Line, Line
        while not work.is_over():
            if due := self._find_due(left, limit=DUE_LIMIT):
                # still due afterwards: another worker has it, or somebody who holds it
                done = due - due._process_all(work)
                left |= done.filtered(lambda line: line._get_outcome() == "waiting")
            elif pdfs := Line._find_due_pdfs(left_pdfs):
                left_pdfs |= pdfs
                pdfs._make_due_pdfs_safely()
            else:
                return
            self._commit()  # begin a transaction that sees what others wrote

    @api.model
    def _end_pass(self, work):
        """Tell users how far their runs came, and see to it that the rest is done.

        :param tools.sending_pass.SendingPass work: what the worker kept
        """
        # whoever waited for the mail alone leaves PDFs to the cron: right after (D5)
        has_pdfs = any(self.line_ids.mapped("is_pdf_due"))
        self._trigger_next(work.is_over() or has_pdfs)
        self._commit()
        self.env["invoice.send.run.line"]._mend_summaries()
        for run in self.browse(work.told):
            run._tell_progress_of(work, 0)
        self._tell_results_safely()

    @api.model
    def _tell_results_safely(self):
        """Tell how runs ended; what goes wrong with that stops nothing."""
        try:
            with self._isolate():
                self._tell_results()
        except Exception:
            _logger.exception("Results were not told")

    def _tell_progress_of(self, work, interval):
        """Tell the user how far a run came; what goes wrong with that stops no mail.

        :param tools.sending_pass.SendingPass work: knows when that was done last
        :param float interval: seconds between two times, at least; 0: in any case
        """
        if not work.is_time_to_tell(self.id, interval):
            return
        try:
            with self._isolate(), work.telling(self.id):
                self._tell_progress()
                self._commit()
        except Exception:
            _logger.warning("Progress of %s was not told", self, exc_info=True)

    @api.model
    def _trigger_next(self, is_over):
        """Let the cron come back when something is due again.

        Its own interval is a day: whatever waits has to ask for it.

        :param bool is_over: a pass ended for want of time, or what it left is for the
            cron: it goes on at once. What is due otherwise has another worker, or
            somebody who holds it.
        """
        later = Domain("is_pdf_due", "=", True) | Domain("is_summary_due", "=", True)
        is_due = self._find_due() or self.env["invoice.send.run.line"].search(
            later, limit=1
        )
        if is_due and is_over:
            # not once: the trigger that began this very pass is deleted after it
            self._trigger_cron()
        elif is_due:
            soon = fields.Datetime.now() + timedelta(seconds=RESCUE_SECONDS)
            self._trigger_cron_once(soon)
        elif first := self._find_next_datetime():
            # what became due in this very second was not found due
            next_second = fields.Datetime.now() + timedelta(seconds=1)
            self._trigger_cron_once(max(first, next_second))

    @api.model
    def _find_next_datetime(self):
        """:return: when the first of what waits for its time is due, if anything does

        :rtype: datetime | bool
        """
        waiting = {
            "invoice.delivery": Domain("state", "=", "outgoing"),
            "invoice.send.run.line": Domain("state", "=", "waiting")
            & Domain("delivery_ids", "=", False),
        }
        times = []
        for model, domain in waiting.items():
            [(first,)] = self.env[model]._read_group(
                domain, [], ["next_attempt_datetime:min"]
            )
            times.append(first)
        return min(filter(None, times), default=False)

    @api.model
    def _trigger_cron_once(self, at):
        """Let the cron run at a time, unless it does before that anyway.

        :param datetime at: a moment to come
        """
        cron, now = self._get_cron(), fields.Datetime.now()
        soon = Domain("call_at", ">", now) & Domain("call_at", "<=", at)
        # sudo: as for the cron
        triggers = self.env["ir.cron.trigger"].sudo()
        if not triggers.search(Domain("cron_id", "=", cron.id) & soon, limit=1):
            cron._trigger(at)

    @api.model
    def _note_progress(self, done, remaining):
        """Commit, and tell Odoo's scheduler how far its job came.

        Told before the first document, since Odoo parks a job whose worker died three
        times before any progress; and that nothing remains at the end, since it would
        begin another pass at once, in a worker that it ends after two minutes.

        :param int done: steps
        :param int remaining: steps
        :return: seconds that the job has left
        :rtype: float
        """
        if not self._can_commit():
            return float("inf")
        return self.env["ir.cron"]._commit_progress(done, remaining=remaining)

    @api.model
    def _find_due(self, others=None, limit=None):
        """:return: the lines with something due

        :param others: lines that were tried already
        :param int limit: of these so many at most, and as many recipients
        """
        due = Domain("next_attempt_datetime", "=", False) | Domain(
            "next_attempt_datetime", "<=", fields.Datetime.now()
        )
        ids = others.ids if others else []
        deliveries = self.env["invoice.delivery"].search(
            due & Domain("state", "=", "outgoing") & Domain("line_id", "not in", ids),
            # what was leaving in a crash, then who was tried least: one after the other
            # asks a server that is not reached
            order="attempt_datetime, attempt_count,"
            " next_attempt_datetime nulls first, id",
            limit=limit,
        )
        # documents that go by other ways than mail have no recipient
        unmailed = Domain("state", "=", "waiting") & Domain("delivery_ids", "=", False)
        lines = self.env["invoice.send.run.line"].search(
            due & unmailed & Domain("id", "not in", ids), order="id", limit=limit
        )
        # what was begun before comes last: it may be what its worker died of
        return (deliveries.line_id | lines).sorted(
            lambda line: line.attempt_count if line.state == "waiting" else 0
        )
