from datetime import timedelta

from odoo import SUPERUSER_ID, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from odoo.addons.invoice_send_client.const import PASS_SECONDS, TELL_SECONDS
from odoo.addons.invoice_send_client.models.invoice_send_server import MINUTE
from odoo.addons.invoice_send_client.tools.sending_pass import Hold, now
from odoo.addons.queue_job.job import ENQUEUED, PENDING, STARTED

from .. import const
from ..tools import told


class InvoiceSendRunLine(models.Model):
    """One job a document, or for all documents that go in one mail: by their first.

    A job is an errand, the document says what became of it: what is put off, parked or
    "may have arrived" is so by the rules of the sending, and its job is done. So a job
    may come twice, late or never: it does what is due of its document and no more, and
    the scheduled action writes another one as long as something is due.
    """

    _inherit = "invoice.send.run.line"

    # -- into the queue ----------------------------------------------------------------

    def _enqueue_mails(self, work):
        """Write the jobs of documents that are due, in this order.

        :param tools.sending_pass.SendingPass work: begins nothing once it is over
        """
        for lines in self._split_unqueued("mail", work):
            for line in lines:
                words = self.env._("Send %s", line.move_id.display_name)
                line._delay("mail", const.MAIL_PRIORITY, words)._send_by_job()

    def _enqueue_pdfs(self, work=None):
        """Write the jobs of PDFs that no mail waited for: see :meth:`_enqueue_mails`"""
        for lines in self._split_unqueued("pdf", work):
            for line in lines:
                words = self.env._("PDF of %s", line.move_id.display_name)
                line._delay("pdf", const.PDF_PRIORITY, words)._make_pdf_by_job()

    def _split_unqueued(self, kind, work):
        """Give these lines in portions, each committed; without those that have a job.

        :param str kind: of job
        :param tools.sending_pass.SendingPass work: see :meth:`_enqueue_mails`
        """
        for ids in split_every(const.JOBS_A_COMMIT, self.ids):
            if work and work.is_over():
                return
            lines = self.browse(ids)
            keys = {line._get_job_key(kind): line for line in lines}
            # sudo: jobs are readable by their administrators alone
            jobs = self.env["queue.job"].sudo()
            queued = jobs.search(
                Domain("identity_key", "in", list(keys))
                & Domain("state", "in", (PENDING, ENQUEUED, STARTED))
            )
            has_job = self.browse().concat(
                *map(keys.get, queued.mapped("identity_key"))
            )
            yield lines - has_job
            self.env["invoice.send.run"]._commit()

    def _get_job_key(self, kind):
        """:return: what no two jobs that wait have alike"""
        return f"{const.KEY_PREFIX}{kind}-{self.id}"

    def _delay(self, kind, priority, description):
        """:return: what writes a job when the job's method is called on it

        It belongs to OdooBot, as the scheduled action does: who pressed Send needs no
        right to jobs, and the sending itself acts as that user.
        """
        # the job's company, told as the queue reads it: whose administrators see it
        company = self.move_id.company_id
        line = self.with_user(SUPERUSER_ID).with_context(company_id=company.id)
        return line.with_delay(
            priority=priority,
            # who counts attempts is the document; a job found dead is begun again
            max_retries=0,
            description=description,
            identity_key=self._get_job_key(kind),
        )

    # -- the jobs ----------------------------------------------------------------------

    def _send_by_job(self):
        """Send a document, or all that go in one mail with it, as far as it is due."""
        if not self.exists():
            return
        options = {"seconds": PASS_SECONDS, "heeds_pauses": True, "is_alone": False}
        # no session outlives its job: mail servers count connections, idle ones too
        with self.env["invoice.send.run"]._begin_pass(**options) as work:
            work.told = told.of_database(self.env.cr.dbname)
            self._process_safely(work)
            self._end_job(work)

    def _attempt(self, recipients, work, bodies):
        # EXTENDS 'invoice_send_client'
        way = self._get_configuration(recipients, work)
        if not way:
            super()._attempt(recipients, work, bodies)
            return
        Server = self.env["invoice.send.server"]
        with Server._take_turn(work, way.server_id) as has_turn:
            # withdrawn or corrected while the others had theirs?
            ready = recipients._read_due()
            if has_turn and ready:
                super()._attempt(ready, work, bodies)
            elif ready:
                ready._set_held(Hold(now() + MINUTE), way.server_id)
                self.env["invoice.send.run"]._commit_step()

    def _end_job(self, work):
        """See to it that the rest is done, and tell the user how far the run came.

        :param tools.sending_pass.SendingPass work: what the job kept
        """
        Run = self.env["invoice.send.run"]
        Run._commit()  # begin a transaction that sees what others wrote
        with Run._isolate():
            group = self._get_group()
            group.filtered("is_pdf_due")._enqueue_pdfs()
            group._trigger_next_attempt()
            Run._commit()
        has_ended = self.run_id._has_ended()
        self.run_id._tell_progress_of(work, 0 if has_ended else TELL_SECONDS)
        if has_ended:
            self.run_id._tell_end()

    def _trigger_next_attempt(self):
        """Let the scheduled action come when what was put off is due again."""
        waiting = self.delivery_ids.filtered(lambda d: d.state == "outgoing")
        unmailed = self.filtered(
            lambda line: line.state == "waiting" and not line.delivery_ids
        )
        times = waiting.mapped("next_attempt_datetime")
        times = list(filter(None, times + unmailed.mapped("next_attempt_datetime")))
        if times:
            soon = fields.Datetime.now() + timedelta(seconds=1)
            self.env["invoice.send.run"]._trigger_cron_once(max(min(times), soon))

    def _make_pdf_by_job(self):
        """Make the PDF that a mail with a link did not wait for."""
        if self.exists().is_pdf_due:
            self._make_due_pdfs_safely()
