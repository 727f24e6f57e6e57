from datetime import timedelta

from odoo import SUPERUSER_ID, fields
from odoo.tests import tagged

from odoo.addons.invoice_send_client.tests.common import InvoiceSendCase


@tagged("-at_install", "post_install")
class TestJobs(InvoiceSendCase):
    """What is due becomes jobs, and what jobs do is what the sending would do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.env["ir.mail_server"].search([])
        cls.company.invoice_mail_server_id = cls.server
        cls.partner_a.invoice_sending_method = "email"
        cls.Run = cls.env["invoice.send.run"].sudo()

    def press_send_for(self, count):
        """:return: the lines of as many documents, waiting for the scheduled action"""
        invoices = self.env["account.move"].union(
            *(self.make_invoice() for _number in range(count))
        )
        window = self.env["account.move.send.batch.wizard"].with_context(
            active_model="account.move", active_ids=invoices.ids
        )
        window = window.create({})
        window.action_send_and_print()
        return window.run_id.sudo().line_ids.sorted("id")

    def enqueue(self):
        """:return: the jobs that wait after a pass of the scheduled action"""
        with self.env["mail.mail"]._keep_sessions() as work:
            self.Run._enqueue_due(work)
        return self.find_jobs()

    def find_jobs(self):
        """:return: our jobs, oldest first"""
        ours = [("identity_key", "=like", "invoice_send_client-%")]
        return self.env["queue.job"].sudo().search(ours, order="id")

    def work(self, lines):
        """:return: the mails that left, the jobs of these lines done"""
        with self.mail_server() as taken:
            for line in lines.with_user(SUPERUSER_ID):
                line._send_by_job()
        return taken

    def test_each_document_has_one_job_however_often_the_action_comes(self):
        lines = self.press_send_for(3)
        jobs = self.enqueue()
        self.assertEqual([job.records for job in jobs], list(lines))
        self.assertEqual(self.enqueue(), jobs)
        self.assertEqual(set(jobs.mapped("channel")), {"root.invoice_send"})
        self.assertEqual(jobs.user_id.id, SUPERUSER_ID)
        self.assertEqual(jobs.company_id, self.company)
        self.assertEqual(set(jobs.mapped("max_retries")), {0})
        self.assertIn(lines[0].move_id.name, jobs[0].name)

    def test_documents_of_one_mail_have_one_job(self):
        lines = self.press_send_for(3)
        lines[1:].lead_line_id = lines[1]
        jobs = self.enqueue()
        self.assertEqual([job.records for job in jobs], [lines[0], lines[1]])
        self.assertEqual(len(self.work(lines[1])), 1)
        self.assertEqual(set(lines[1:].delivery_ids.mapped("state")), {"sent"})

    def test_document_that_waits_for_its_time_has_no_job(self):
        lines = self.press_send_for(2)
        later = fields.Datetime.now() + timedelta(hours=1)
        lines[0].delivery_ids.next_attempt_datetime = later
        self.assertEqual([job.records for job in self.enqueue()], [lines[1]])

    def test_job_of_what_was_withdrawn_sends_nothing(self):
        lines = self.press_send_for(2)
        self.enqueue()
        lines.run_id.action_cancel_waiting()
        self.assertFalse(self.work(lines))
        self.assertEqual(set(lines.delivery_ids.mapped("state")), {"cancel"})

    def test_job_of_what_is_gone_ends_well(self):
        lines = self.press_send_for(2)
        self.enqueue()
        gone = self.env["invoice.send.run.line"].sudo().browse(lines[0].id)
        lines.delivery_ids.unlink()
        lines.unlink()
        self.assertFalse(self.work(gone))
        gone._make_pdf_by_job()

    def test_job_ends_well_whatever_became_of_its_document(self):
        line = self.press_send_for(2)[0]
        email = line.delivery_ids.email
        with self.mail_server({email: (550, b"No such user")}):
            line.with_user(SUPERUSER_ID)._send_by_job()
        self.assertEqual(line.delivery_ids.failure_type, "refused")

    def test_put_off_document_calls_the_action_when_it_is_due(self):
        line = self.press_send_for(2)[0]
        cron = self.Run._get_cron()
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        with self.mail_server({line.delivery_ids.email: (451, b"Later")}):
            line.with_user(SUPERUSER_ID)._send_by_job()
        due = line.delivery_ids.next_attempt_datetime
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertIn(due, triggers.mapped("call_at"))

    def test_user_is_told_when_the_last_job_of_the_run_is_done(self):
        lines = self.press_send_for(2)
        self.work(lines[0])
        self.assertTrue(lines.run_id.is_result_due)
        self.work(lines[1])
        self.assertFalse(lines.run_id.is_result_due)

    def test_queue_is_stalled_only_where_no_job_is_begun(self):
        self.press_send_for(2)
        jobs = self.enqueue()
        self.assertFalse(self.Run._is_queue_stalled())
        long_ago = fields.Datetime.now() - timedelta(minutes=10)
        jobs[0].with_context(_job_edit_sentinel=jobs.EDIT_SENTINEL).write(
            {"date_created": long_ago}
        )
        with self.assertLogs("odoo.addons.invoice_send_client_queue_job"):
            self.assertTrue(self.Run._is_queue_stalled())
        jobs[1].date_started = fields.Datetime.now()
        self.assertFalse(self.Run._is_queue_stalled())

    def test_job_leads_to_the_run(self):
        lines = self.press_send_for(2)
        action = self.enqueue()[0].open_related_action()
        self.assertEqual(action["res_model"], "invoice.send.run")
        self.assertEqual(action["res_id"], lines.run_id.id)

    def test_throttled_documents_get_places_behind_those_of_other_jobs(self):
        self.server.invoice_mails_per_minute = 2
        lines = self.press_send_for(6)
        self.assertEqual(len(self.work(lines)), 2)
        times = lines.delivery_ids.mapped("next_attempt_datetime")
        times = sorted(filter(None, times))
        self.assertEqual(len(times), 4)
        self.assertLess((times[1] - times[0]).total_seconds(), 2)
        self.assertAlmostEqual((times[2] - times[1]).total_seconds(), 60, delta=2)

    def test_one_outage_that_two_workers_meet_is_one_failure(self):
        Server = self.env["invoice.send.server"].sudo()
        MailMail = self.env["mail.mail"]
        with (
            MailMail._keep_sessions(is_alone=False) as first,
            MailMail._keep_sessions(is_alone=False) as second,
        ):
            for work in (first, second):
                Server._look_up(work, self.server.id)
            for work in (first, second):
                Server._note_unreached(work, self.server.id, "refused", (1, 5))
        trouble = Server._find(self.server.id)
        self.assertEqual(trouble.failure_count, 1)
        known = second.servers[self.server.id]
        self.assertEqual(known.paused_until, trouble.paused_until)
        self.assertTrue(known.failed_in_pass)
