from contextlib import contextmanager
from unittest.mock import Mock, patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..const import PASS_SECONDS, TOGETHER
from ..tools.sending_pass import SendingPass
from .common import InvoiceSendCase

MODELS = "odoo.addons.invoice_send_client.models"
LOGGER = f"{MODELS}.invoice_send_run_line_together"
SUMMARY_LOGGER = f"{MODELS}.invoice_send_run_line_summary"

#: What the letters of two sendings have alike, whichever way they were posted.
MESSAGE_FIELDS = ("subject", "body", "author_id", "email_from", "message_type")
MESSAGE_FIELDS += ("subtype_id", "partner_ids", "mail_server_id", "reply_to")
MESSAGE_FIELDS += ("record_alias_domain_id", "record_company_id", "is_internal")
MESSAGE_FIELDS += ("email_add_signature", "model", "incoming_email_to")


@tagged("-at_install", "post_install")
class TestSendingTogether(InvoiceSendCase):
    """Documents that are prepared together leave as each would alone."""

    def make_invoices(self, count):
        self.partner_a.invoice_sending_method = "email"
        invoices = self.make_invoice()
        for _more in range(count - 1):
            invoices |= self.make_invoice()
        return invoices

    def press(self, invoices, **values):
        """:return: the run that waits for the cron"""
        window = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create(values)
        )
        window.action_send_and_print()
        return window.run_id.sudo()

    def work(self, answers=None):
        """:return: the mails that left in one pass of the cron"""
        with self.mail_server(answers) as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        return taken

    def get_envelopes(self, invoices):
        messages = invoices.invoice_send_line_ids.mail_message_id.sudo()
        return messages.notification_ids.sorted("id")

    def find_mails(self, invoices):
        deliveries = invoices.sudo().invoice_delivery_ids
        domain = [("invoice_delivery_ids", "in", deliveries.ids)]
        return self.env["mail.mail"].sudo().search(domain)

    # -- what leaves -------------------------------------------------------------------

    def test_letters_of_many_are_those_that_each_would_get_alone(self):
        alone, *others = self.make_invoices(3)
        for invoice in (alone, *others):
            invoice.message_post(body="Agreed by phone", message_type="comment")
        together = alone.browse([invoice.id for invoice in others])
        self.press(together)
        self.assertEqual(len(self.work()), 2)
        self.send(alone)
        [lonely] = alone.invoice_send_line_ids.mail_message_id
        for invoice in together:
            [message] = invoice.invoice_send_line_ids.mail_message_id
            for name in MESSAGE_FIELDS:
                wanted, found = lonely[name], message[name]
                if isinstance(wanted, str):
                    wanted = wanted.replace(alone.name, invoice.name)
                self.assertEqual(found, wanted, name)
            self.assertEqual(message.parent_id.res_id, invoice.id)
            self.assertIn(self.env.user.partner_id, invoice.message_partner_ids)

    def test_each_mail_of_many_is_an_attempt_of_its_own(self):
        invoices = self.make_invoices(3)
        run = self.press(invoices)
        steps = []
        Line, Delivery = type(run.line_ids), type(run.delivery_ids)
        start, settle = Delivery._start_attempt, Line._settle

        def note_start(deliveries):
            steps.append(("start", deliveries.ids))
            return start(deliveries)

        def note_end(lines, deliveries, attempt):
            steps.append(("end", deliveries.ids))
            return settle(lines, deliveries, attempt)

        with (
            patch.object(Delivery, "_start_attempt", note_start),
            patch.object(Line, "_settle", note_end),
        ):
            self.work()
        wanted = [
            (step, [delivery.id])
            for delivery in run.delivery_ids.sorted("id")
            for step in ("start", "end")
        ]
        self.assertEqual(steps, wanted)

    def test_customer_with_two_addresses_does_not_part_those_sent_together(self):
        self.partner_a.email = "ana@alfa.example; ion@alfa.example"
        invoices = self.make_invoices(2)
        self.press(invoices)
        with self.assertNoLogs(LOGGER, "INFO"):
            taken = self.work()
        self.assertEqual(len(taken), 4)
        self.assertEqual(len(self.get_envelopes(invoices)), 2)

    def test_files_of_many_belong_to_their_messages(self):
        invoices = self.make_invoices(2)
        self.press(invoices, set_document_mode="attachment")
        taken = self.work()
        for invoice in invoices:
            [message] = invoice.invoice_send_line_ids.mail_message_id.sudo()
            [file] = message.attachment_ids
            self.assertEqual((file.res_model, file.res_id), (message._name, message.id))
        self.assertEqual(
            sorted(
                part.get_filename()
                for _to, mail in taken
                for part in mail.iter_attachments()
            ),
            sorted(invoices.invoice_pdf_report_id.mapped("name")),
        )

    # -- what goes wrong ---------------------------------------------------------------

    @mute_logger(LOGGER)
    def test_letter_that_does_not_render_takes_no_other_along(self):
        first, poisoned, last = self.make_invoices(3)
        run = self.press(first | poisoned | last)
        template = run.line_ids[:1].mail_template_id.sudo()
        template.body_html = (
            f'<p t-if="object.id == {poisoned.id}" t-out="1 // 0"/><p>Hello</p>'
        )
        self.assertEqual(len(self.work()), 2)
        states = (first | poisoned | last).mapped("invoice_delivery_state")
        self.assertEqual(states, ["sent", "error", "sent"])
        self.assertEqual(poisoned.invoice_delivery_ids.failure_type, "render")

    def test_refused_recipient_shows_its_own_envelope_and_no_other(self):
        invoices = self.make_invoices(2)
        run = self.press(invoices)
        refused = run.line_ids[0]
        run.delivery_ids.filtered(
            lambda delivery: delivery.line_id == refused
        ).email = "no@alfa.example"
        self.work({"no@alfa.example": (550, b"No such user")})
        self.assertEqual(
            set(invoices.mapped("invoice_delivery_state")), {"sent", "error"}
        )
        envelopes = self.get_envelopes(invoices)
        states = {
            envelope.mail_message_id.res_id: envelope.notification_status
            for envelope in envelopes
        }
        sent = invoices - refused.move_id
        wanted = {refused.move_id.id: "exception", sent.id: "sent"}
        self.assertEqual(states, wanted)

    def test_address_corrected_after_the_mail_was_prepared_is_the_one_used(self):
        invoices = self.make_invoices(2)
        run = self.press(invoices)
        last = run.delivery_ids.sorted("id")[-1]
        Line = type(run.line_ids)
        settle = Line._settle

        def settle_and_correct(lines, deliveries, attempt):
            settle(lines, deliveries, attempt)
            if deliveries != last:
                last.email = last.line_id.email_to = "right@alfa.example"

        with patch.object(Line, "_settle", settle_and_correct):
            taken = self.work()
        recipients = [recipient for to, _mail in taken for recipient in to]
        self.assertEqual(recipients, ["ana@alfa.example", "right@alfa.example"])

    def test_recipient_withdrawn_while_other_mails_leave_gets_none(self):
        invoices = self.make_invoices(3)
        run = self.press(invoices)
        Line = type(run.line_ids)
        settle = Line._settle

        def settle_and_cancel(lines, deliveries, attempt):
            settle(lines, deliveries, attempt)
            run.action_cancel_waiting()

        with patch.object(Line, "_settle", settle_and_cancel):
            taken = self.work()
        self.assertEqual(len(taken), 1)
        states = run.delivery_ids.sorted("id").mapped("state")
        self.assertEqual(states, ["sent", "cancel", "cancel"])
        self.assertEqual(len(self.get_envelopes(invoices)), 1)
        self.assertFalse(self.find_mails(invoices))

    def test_mails_that_a_pass_did_not_come_to_leave_nothing_behind(self):
        invoices = self.make_invoices(3)
        self.press(invoices)
        # asked for the pass, the lines, the first mail twice; then it is over
        answers = iter([False] * 4 + [True] * 20)
        with patch.object(SendingPass, "is_over", lambda _work: next(answers)):
            self.assertEqual(len(self.work()), 1)
        self.assertEqual(len(self.get_envelopes(invoices)), 1)
        self.assertFalse(self.find_mails(invoices))
        self.assertEqual(len(self.work()), 2)
        self.assertEqual(set(invoices.mapped("invoice_delivery_state")), {"sent"})

    def test_documents_that_would_outlast_a_pass_are_begun_together_by_the_next(self):
        invoices = self.make_invoices(4)
        lines = self.press(invoices).line_ids.sorted("id")
        Line, Run = type(lines), type(self.env["invoice.send.run"])

        @contextmanager
        def take_long(work, _count):
            yield
            work.slowest = PASS_SECONDS

        with (
            patch.object(Line, "_process_safely") as alone,
            patch.object(Run, "_trigger_cron") as called,
            patch.object(SendingPass, "timing", take_long),
            patch(f"{LOGGER}.TOGETHER", 2),
        ):
            self.assertEqual(len(self.work()), 2)
            called.assert_called_once_with()
            self.assertEqual(lines.mapped("attempt_count"), [1, 1, 0, 0])
            self.assertEqual(len(self.work()), 2)
        alone.assert_not_called()
        self.assertEqual(set(invoices.mapped("invoice_delivery_state")), {"sent"})

    def test_pass_knows_the_slowest_of_those_that_were_worked_on_together(self):
        work, clock = SendingPass(seconds=10), Mock()
        clock.monotonic.side_effect = [0, 8, 10, 12]
        with patch(f"{SendingPass.__module__}.time", clock):
            with work.timing(4):
                pass
            with work.timing(4):
                pass
        self.assertEqual(work.slowest, 2)

    def test_pass_that_has_begun_nothing_begins_whatever_there_is(self):
        work = SendingPass(seconds=10)
        self.assertFalse(work.would_break(40))
        work.slowest = 1
        self.assertFalse(work.would_break(9))
        self.assertFalse(work.would_break(1))
        self.assertTrue(work.would_break(11))
        self.assertTrue(work.is_over())
        self.assertFalse(SendingPass(slowest=1).would_break(1000))

    def test_what_takes_long_to_count_is_told_less_often_but_always_at_the_end(self):
        work, clock, moment = SendingPass(seconds=10), Mock(), [100]
        clock.monotonic.side_effect = lambda: moment[0]
        with patch(f"{SendingPass.__module__}.time", clock):
            self.assertTrue(work.is_time_to_tell(1, 1))
            with work.telling(1):
                moment[0] += 2
            moment[0] += 90
            self.assertFalse(work.is_time_to_tell(1, 1))
            self.assertTrue(work.is_time_to_tell(2, 1))
            moment[0] += 11
            self.assertTrue(work.is_time_to_tell(1, 1))
            with work.telling(1):
                moment[0] += 2
                work.told.clear()  # by a job in another thread
            self.assertFalse(work.is_time_to_tell(1, 1))
            self.assertTrue(work.is_time_to_tell(1, 0))

    @mute_logger(SUMMARY_LOGGER)
    def test_envelopes_that_could_not_be_written_are_written_later(self):
        invoices = self.make_invoices(2)
        self.press(invoices)
        Mail = type(self.env["mail.mail"])
        with patch.object(Mail, "_close_sent", side_effect=ValueError("no")):
            self.assertEqual(len(self.work()), 2)
        self.assertEqual(set(invoices.mapped("invoice_delivery_state")), {"sent"})
        envelopes = self.get_envelopes(invoices)
        self.assertEqual(set(envelopes.mapped("notification_status")), {"ready"})
        self.assertFalse(self.work())
        self.assertEqual(set(envelopes.mapped("notification_status")), {"sent"})
        self.assertFalse(self.find_mails(invoices))

    # -- what it costs -----------------------------------------------------------------

    def count_queries(self, count):
        """:return: queries of a pass that sends so many documents"""
        invoices = self.make_invoices(count)
        self.press(invoices)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.assertEqual(len(self.work()), count)
        return self.env.cr.sql_log_count - before

    def test_queries_of_many_are_few_more_than_their_mails_need(self):
        self.count_queries(2)  # what is asked once for all
        few, many = self.count_queries(5), self.count_queries(15)
        # re-read, attempt, verdict, event, kept mail and its recipients, hits, report
        # 11 a mail were measured; savepoints of the tests' own transaction beside
        self.assertLessEqual((many - few) / 10, 20)

    def test_lines_are_divided_by_what_may_be_prepared_together(self):
        run = self.press(self.make_invoices(3))
        first, second, third = run.line_ids.sorted("id")
        second.attempt_count = 1
        divided = run.line_ids.sorted("id")._divide()
        self.assertEqual(divided, [first | third, second])
        second.attempt_count = 0
        self.assertEqual(run.line_ids.sorted("id")._divide(), [first | second | third])
        self.assertGreater(TOGETHER, 3)


@tagged("-at_install", "post_install")
class TestPdfsTogether(InvoiceSendCase):
    """PDFs that no mail waited for are made together, and each fails alone."""

    makes_pdfs = True

    def make_due(self):
        invoices = self.make_invoice() | self.make_invoice() | self.make_invoice()
        for invoice in invoices:
            self.send(invoice, document_mode="link")
        lines = invoices.sudo().invoice_send_line_ids
        self.assertEqual(lines.mapped("is_pdf_due"), [True] * 3)
        return invoices, lines

    def work(self):
        with self.mail_server():
            self.env["invoice.send.run"].sudo()._process_due()

    def test_pdfs_are_made_together(self):
        invoices, lines = self.make_due()
        self.work()
        self.assertEqual(len(invoices.invoice_pdf_report_id), 3)
        self.assertFalse(any(lines.mapped("is_pdf_due")))

    def test_pdf_that_can_not_be_made_is_told_and_leaves_the_others(self):
        invoices, lines = self.make_due()
        poisoned = invoices[1]
        Report = type(self.env["ir.actions.report"])
        render = Report._render_qweb_html

        def fail_for_one(report, report_ref, docids, data=None):
            if poisoned.id in docids:
                raise ValueError("poison")
            return render(report, report_ref, docids, data=data)

        with patch.object(Report, "_render_qweb_html", fail_for_one):
            self.work()
        self.assertEqual(len(invoices.invoice_pdf_report_id), 2)
        self.assertFalse(poisoned.invoice_pdf_report_id)
        self.assertFalse(any(lines.mapped("is_pdf_due")))
        self.assertIn("poison", "".join(poisoned.message_ids.mapped("body")))
        self.assertEqual(set(invoices.mapped("invoice_delivery_state")), {"sent"})
