from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import fields
from odoo.exceptions import LockError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools.verdict import Verdict
from .common import InvoiceSendCase

LOGGER = "odoo.addons.invoice_send_client.models.invoice_send_run_line_work"
MAIL_LOGGER = "odoo.addons.mail.models.mail_mail"


@tagged("-at_install", "post_install")
class TestIsolation(InvoiceSendCase):
    """What goes wrong with one document stays with it, and ends."""

    makes_pdfs = True

    def fail(self, method, error, model="invoice.send.run.line"):
        return patch.object(type(self.env[model]), method, side_effect=error)

    def send_once(self, invoice=None, answers=None):
        """:return: the line and its only delivery, after one press of Send"""
        invoice = invoice or self.make_invoice()
        self.send(invoice, answers)
        delivery = invoice.sudo().invoice_delivery_ids
        return delivery.line_id, delivery

    def run_cron(self):
        with self.mail_server() as taken:
            self.env["invoice.send.run"].sudo()._process_due()
        return taken

    def test_locked_document_is_put_off_and_sent_once_the_lock_is_gone(self):
        for error in (LockNotAvailable(), SerializationFailure(), LockError("held")):
            with self.subTest(error=error):
                with self.fail("_make_documents_and_letter", error):
                    line, delivery = self.send_once()
                self.assertEqual((delivery.state, line.state), ("outgoing", "waiting"))
                self.assertIn(line.move_id.name, delivery.failure_reason)
                self.assertGreater(
                    delivery.next_attempt_datetime, fields.Datetime.now()
                )
                self.assertFalse(self.run_cron())
                delivery.next_attempt_datetime = False
                self.assertEqual(len(self.run_cron()), 1)
                self.assertEqual((delivery.state, line.state), ("sent", "written"))

    def test_second_try_of_a_document_is_no_wish_of_its_user(self):
        with self.fail("_make_documents_and_letter", LockNotAvailable()):
            line, delivery = self.send_once()
        self.assertTrue(delivery.failure_reason)
        past = fields.Datetime.now() - timedelta(minutes=1)
        line.next_attempt_datetime = delivery.next_attempt_datetime = past
        with self.fail("_deliver_prepared", None):
            self.run_cron()
        self.assertEqual((line.state, delivery.state), ("written", "outgoing"))
        self.assertFalse(delivery._is_asked_for())

    def test_what_goes_wrong_is_told_in_the_language_of_who_sent(self):
        self.env["res.lang"]._activate_lang("ro_RO")
        line, delivery = self.send_once()
        line.run_id.user_id.lang = "ro_RO"
        line.write({"state": "waiting", "pdf_attempt_count": 3})
        delivery.write({"state": "outgoing", "mail_message_id": False})
        with self.fail("_make_documents_and_letter", LockNotAvailable()):
            self.run_cron()
        self.assertIn("era modificat de altcineva", delivery.failure_reason)
        line.is_pdf_due = True
        line._make_due_pdfs_safely()
        [told, *_earlier] = line.move_id.message_ids
        self.assertIn("Serverul s-a oprit", told.body)

    def test_document_that_stays_locked_is_parked_with_its_reason(self):
        with self.fail("_make_documents_and_letter", LockNotAvailable()):
            line, delivery = self.send_once()
            for _attempt in range(3):
                delivery.next_attempt_datetime = False
                self.run_cron()
            self.assertEqual(delivery.state, "outgoing")
            delivery.next_attempt_datetime = False
            self.run_cron()
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "render"))
        self.assertIn("somebody else", delivery.failure_reason)
        self.assertEqual((line.state, line.attempt_count), ("failed", 5))
        self.assertTrue(delivery.is_unseen)

    def test_pauses_of_a_locked_document_grow_as_the_company_says(self):
        self.company.invoice_retry_minutes = "2, 7"
        now = fields.Datetime.now()
        with self.fail("_make_documents_and_letter", LockNotAvailable()):
            _line, delivery = self.send_once()
            for minutes in (2, 7):
                pause = delivery.next_attempt_datetime - now
                self.assertAlmostEqual(pause.total_seconds(), minutes * 60, delta=30)
                delivery.next_attempt_datetime = False
                self.run_cron()
        self.assertEqual(delivery.state, "error")

    def test_document_whose_worker_always_dies_is_parked(self):
        # a worker that dies leaves the count of its start, and nothing else
        with self.fail("_make_documents_and_letter", LockNotAvailable()):
            line, delivery = self.send_once()
        delivery.write({"next_attempt_datetime": False, "failure_reason": False})
        line.attempt_count = 5
        self.assertFalse(self.run_cron())
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "render"))
        self.assertIn("5 times", delivery.failure_reason)
        with self.mail_server() as taken:
            delivery.action_retry()
        self.assertEqual(
            (len(taken), delivery.state, line.attempt_count), (1, "sent", 1)
        )

    @mute_logger(LOGGER)
    def test_unforeseen_error_is_counted_and_holds_up_no_other_document(self):
        with self.fail("_prepare", ValueError("surprise")):
            line, delivery = self.send_once()
        self.assertEqual((delivery.state, line.attempt_count), ("outgoing", 1))
        self.assertIn("surprise", delivery.failure_reason)
        delivery.next_attempt_datetime = False
        self.assertEqual(len(self.run_cron()), 1)

    def test_mail_that_can_not_be_made_fails_alone_and_is_not_unknown(self):
        invoice = self.make_invoice()
        with self.fail("_create_mail", ValueError("strange recipient")):
            _line, delivery = self.send_once(invoice)
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "render"))
        self.assertIn("strange recipient", delivery.failure_reason)
        self.assertFalse(delivery.attempt_datetime)

    @mute_logger(MAIL_LOGGER)
    def test_lost_transaction_before_the_mail_left_is_tried_again(self):
        error = SerializationFailure("could not serialize access")
        with self.fail("_prepare_outgoing_list", error, "mail.mail"):
            _line, delivery = self.send_once()
        self.assertEqual(delivery.state, "outgoing")
        self.assertIn("serialize", delivery.failure_reason)
        delivery.next_attempt_datetime = False
        self.assertEqual(len(self.run_cron()), 1)
        self.assertEqual(delivery.state, "sent")

    @mute_logger(MAIL_LOGGER)
    def test_lost_transaction_after_the_server_took_the_mail_is_still_sent(self):
        error = SerializationFailure("could not serialize access")
        invoice = self.make_invoice()
        with self.fail("_postprocess_sent_message", error, "mail.mail"):
            taken = self.send(invoice)
        self.assertEqual(len(taken), 1)
        self.assertEqual(invoice.invoice_delivery_state, "sent")
        self.assertFalse(self.run_cron())

    def test_document_of_a_shared_mail_waits_for_the_one_that_is_locked(self):
        self.partner_a.invoice_sending_method = "email"
        invoices = self.make_invoice() | self.make_invoice()
        window = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"one_mail_per_customer": True})
        )
        window.action_send_and_print()
        first, second = window.run_id.sudo().delivery_ids.sorted("id")
        make = type(first.line_id)._make_documents_and_letter

        def make_first_only(line):
            if line == second.line_id:
                raise LockNotAvailable
            return make(line)

        model = type(self.env["invoice.send.run.line"])
        with patch.object(model, "_make_documents_and_letter", make_first_only):
            self.assertFalse(self.run_cron())
        self.assertEqual(first.next_attempt_datetime, second.next_attempt_datetime)
        self.assertFalse(first.failure_reason)
        (first | second).next_attempt_datetime = False
        self.assertEqual(len(self.run_cron()), 1)
        self.assertEqual({first.state, second.state}, {"sent"})

    def test_neutralized_copy_sends_nothing_and_says_so(self):
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("database.is_neutralized", True)
        invoice = self.make_invoice()
        self.assertFalse(self.send(invoice))
        [delivery] = invoice.invoice_delivery_ids
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "server"))
        self.assertIn("neutralized copy", delivery.failure_reason)

    def test_pdf_whose_worker_always_dies_is_given_up_and_told(self):
        invoice = self.make_invoice()
        line, _delivery = self.send_once(invoice)
        line.pdf_attempt_count = 3
        self.run_cron()
        self.assertFalse(line.is_pdf_due)
        self.assertFalse(invoice.invoice_pdf_report_id)
        self.assertIn("could not be made", str(invoice.message_ids[0].body))

    def test_put_off_recipient_brings_the_cron_back(self):
        cron = self.env.ref("account.ir_cron_account_move_send").sudo()
        triggers = self.env["ir.cron.trigger"].sudo()
        triggers.search([("cron_id", "=", cron.id)]).unlink()
        before = fields.Datetime.now()
        _line, delivery = self.send_once(answers={"ana@alfa.example": (451, b"Later")})
        delivery.line_id.is_pdf_due = False
        self.env["invoice.send.run"].sudo()._trigger_next(False)
        times = triggers.search([("cron_id", "=", cron.id)]).mapped("call_at")
        self.assertTrue(
            any(before + timedelta(seconds=50) < time for time in times), times
        )
        self.assertLessEqual(min(times), delivery.next_attempt_datetime)

    @mute_logger("odoo.addons.invoice_send_client.models.invoice_send_run_line_mail")
    def test_mail_that_can_not_be_kept_is_sent_all_the_same(self):
        with self.fail("_keep", ValueError("strange bytes"), "invoice.mail"):
            line, delivery = self.send_once()
        self.assertEqual((delivery.state, line.state), ("sent", "written"))

    def test_document_begun_before_comes_after_the_fresh_ones_and_stands_back(self):
        with self.fail("_make_documents_and_letter", LockNotAvailable()):
            line, delivery = self.send_once()
            fresh, _delivery = self.send_once()
        (line.delivery_ids | fresh.delivery_ids).next_attempt_datetime = False
        fresh.attempt_count = 0
        due = self.env["invoice.send.run"].sudo()._find_due()
        self.assertEqual((due & (line | fresh)).ids, [fresh.id, line.id])
        line._start_preparing()
        self.assertGreater(delivery.next_attempt_datetime, fields.Datetime.now())
        line._step_up()
        self.assertFalse(delivery.next_attempt_datetime)

    def test_trouble_after_the_mail_left_never_makes_it_leave_again(self):
        line, delivery = self.send_once(answers={"ana@alfa.example": (451, b"Later")})
        delivery._start_attempt()  # and nobody knows what became of it
        for _time in range(2):
            line._note_trouble(ValueError("surprise"))
            self.assertTrue(delivery.attempt_datetime)
        self.assertFalse(self.run_cron())
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "unknown"))

    def test_verdict_is_written_while_the_document_is_locked(self):
        invoice = self.make_invoice()
        with self.fail("_write_summaries", LockNotAvailable()):
            line, delivery = self.send_once(invoice)
        self.assertEqual(delivery.state, "sent")
        self.assertEqual(invoice.invoice_delivery_state, "outgoing")
        self.assertTrue(line.is_summary_due)
        self.run_cron()
        self.assertEqual(invoice.invoice_delivery_state, "sent")
        self.assertFalse(line.is_summary_due)

    def test_recipient_withdrawn_while_another_mail_leaves_gets_none(self):
        invoice = self.make_invoice()
        Line = type(self.env["invoice.send.run.line"])
        settle = Line._settle

        def settle_and_cancel(lines, recipients, attempt):
            settle(lines, recipients, attempt)
            lines.run_id.action_cancel_waiting()

        with patch.object(Line, "_settle", settle_and_cancel):
            taken = self.send(invoice, email_to="a@x.example, b@x.example")
        self.assertEqual(len(taken), 1)
        states = invoice.invoice_delivery_ids.sorted("id").mapped("state")
        self.assertEqual(states, ["sent", "cancel"])

    def test_verdict_on_what_left_during_a_reset_to_draft_is_kept(self):
        for said, state in (
            (Verdict(), "sent"),
            (Verdict("deferred", "451 Later", retry=True), "cancel"),
        ):
            with self.subTest(said=said):
                invoice = self.make_invoice()
                _line, delivery = self.send_once(
                    invoice, answers={"ana@alfa.example": (451, b"Later")}
                )
                delivery._start_attempt()
                invoice.button_draft()
                self.assertFalse(invoice.invoice_delivery_state)
                delivery._end_attempt(said)
                self.assertEqual(delivery.state, state)
                self.assertFalse(invoice.invoice_delivery_state)
