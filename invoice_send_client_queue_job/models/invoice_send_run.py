import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.invoice_send_client.const import PASS_SECONDS
from odoo.addons.queue_job.job import ENQUEUED, PENDING
from odoo.addons.queue_job.jobrunner.runner import PG_ADVISORY_LOCK_ID

from ..const import ABSENT_SECONDS, KEY_PREFIX, STALLED_SECONDS

_logger = logging.getLogger(__name__)


class InvoiceSendRun(models.Model):
    """Who works on runs: the job queue, and the scheduled action where it doesn't.

    The scheduled action stays the one that knows what is due and when; it wakes up as
    often as something waits. Instead of sending it writes a job for each document.
    """

    _inherit = "invoice.send.run"

    @api.model
    def _process_due(self):
        # EXTENDS 'invoice_send_client'
        if not self._can_commit() or self._is_queue_stalled():
            return super()._process_due()
        with self._begin_pass(seconds=PASS_SECONDS) as work:
            self._enqueue_due(work)
        return self._end_pass(work)

    @api.model
    def _enqueue_due(self, work):
        """Write a job for each document that is due, mails before PDFs.

        :param tools.sending_pass.SendingPass work: begins nothing once it is over
        """
        Line, due = self.env["invoice.send.run.line"], self._find_due()
        leads = dict.fromkeys((line.lead_line_id or line).id for line in due)
        Line.browse(leads)._enqueue_mails(work)
        Line.search([("is_pdf_due", "=", True)], order="id")._enqueue_pdfs(work)

    # -- does anybody work on jobs? ----------------------------------------------------

    @api.model
    def _is_queue_stalled(self):
        """Tell whether documents wait for jobs that nobody works on.

        Nothing may wait for ever where the job runner is not started with Odoo, or
        can't reach it.
        """
        seconds = STALLED_SECONDS if self._is_runner_there() else ABSENT_SECONDS
        since = fields.Datetime.now() - timedelta(seconds=seconds)
        # sudo: users start sendings without any right to jobs
        jobs = self.env["queue.job"].sudo()
        ours = Domain("identity_key", "=like", f"{KEY_PREFIX}%")
        waiting = Domain("state", "in", (PENDING, ENQUEUED))
        waiting &= Domain("date_created", "<=", since)
        if not jobs.search_count(ours & waiting, limit=1):
            return False
        if jobs.search_count(ours & Domain("date_started", ">", since), limit=1):
            return False
        _logger.warning(
            "No job of invoices was begun for %s seconds: the scheduled action sends "
            "them itself. Is the job runner configured (see the addon's README)?",
            seconds,
        )
        return True

    @api.model
    def _is_runner_there(self):
        """:return: whether a job runner serves this database: it holds a lock on it"""
        # locks are no model
        self.env.cr.execute(
            SQL(
                """SELECT 1 FROM pg_locks JOIN pg_database
                       ON pg_database.oid = pg_locks.database
                    WHERE datname = current_database() AND locktype = 'advisory'
                      AND classid = %s AND objid = %s AND objsubid = 1 AND granted""",
                PG_ADVISORY_LOCK_ID >> 32,
                PG_ADVISORY_LOCK_ID & 0xFFFFFFFF,
            )
        )
        return bool(self.env.cr.fetchone())

    # -- the end of a run --------------------------------------------------------------

    def _has_ended(self):
        """:return: whether nothing of this run waits any more

        Asked after each document, hence not by counting all of the run.
        """
        outgoing = [("run_id", "=", self.id), ("state", "=", "outgoing")]
        if self.env["invoice.delivery"].search_count(outgoing, limit=1):
            return False
        unmailed = [("run_id", "=", self.id), ("state", "=", "waiting")]
        unmailed.append(("delivery_ids", "=", False))
        return not self.env["invoice.send.run.line"].search_count(unmailed, limit=1)

    def _tell_end(self):
        """Tell the user how the run ended, once: its last jobs may end together."""
        with self._isolate():
            if self.try_lock_for_update(allow_referencing=True):
                self._tell_results_safely()
