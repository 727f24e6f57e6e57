"""What "Retry the failed" sends again, what not, and what it says of it (B4)."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import InvoiceSendCase

NO_SUCH_USER = (550, b"5.1.1 no such user")
ANA = "ana@alfa.example"
#: What runs of failures cost to be asked whether they can be retried: what failed in
#: them, and whether the user may write their documents.
CAN_RETRY_QUERIES = 2


@tagged("-at_install", "post_install")
class TestRetryFailed(InvoiceSendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_a.invoice_sending_method = "email"
        cls.Run = cls.env["invoice.send.run"]

    def fail_e_invoice(self):
        """Let no document be made: its e-invoice is refused."""

        def fail(_self, _invoice, invoice_data):
            invoice_data["error"] = {"error_title": "ANAF says no", "errors": ["BR-1"]}

        hook = "_hook_invoice_document_before_pdf_report_render"
        return patch.object(type(self.env["account.move.send"]), hook, fail)

    def send_unmailed(self, moves):
        """Send documents that have no recipient; each fails.

        :return: the run
        """
        window = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({})
        )
        window.line_ids.sending_methods = ["manual"]
        with self.fail_e_invoice(), self.mail_server():
            window.action_send_and_print()
            self.Run.sudo()._process_due()
        return window.run_id

    def send_refused(self, move, **values):
        """:return: the run of a mail that was refused"""
        self.send(move, {ANA: NO_SUCH_USER}, **values)
        return move.invoice_delivery_ids.sorted("id")[-1:].run_id

    def retry(self, run):
        """:return: the mails that left, and the action of the button"""
        with self.mail_server() as taken:
            action = run.action_retry_failed()
            self.Run.sudo()._process_due()
        return taken, action

    def get_actions(self, run):
        """:return: the buttons of a run in the tray"""
        told = self.Run.get_my_messages()["runs"]
        return next(values["actions"] for values in told if values["id"] == run.id)

    def assert_offered(self, run, is_offered):
        """Check where the button stands: on the run's page and in the tray."""
        run.invalidate_recordset()
        self.assertEqual(run.can_retry, is_offered)
        self.assertEqual("action_retry_failed" in self.get_actions(run), is_offered)

    # -- documents without a recipient -------------------------------------------------

    def test_documents_without_a_recipient_are_tried_again(self):
        moves = self.make_invoice() | self.make_invoice()
        run = self.send_unmailed(moves)
        self.assertFalse(run.delivery_ids)
        self.assertEqual(run.failed_count, 2)
        self.assertIn("BR-1", run.line_ids[0].failure_reason)
        self.assert_offered(run, True)
        self.retry(run)
        self.assertEqual(run.failed_count, 0)
        self.assertEqual(run.line_ids.mapped("state"), ["written", "written"])
        self.assertTrue(all(move.invoice_pdf_report_id for move in moves))
        self.assertFalse(run.line_ids[0].failure_reason)
        self.assert_offered(run, False)

    def test_documents_without_a_recipient_count_in_the_tray_until_looked_at(self):
        run = self.send_unmailed(self.make_invoice() | self.make_invoice())
        told = self.Run.get_my_messages()
        self.assertEqual((told["unseen_count"], told["unseen_ids"]), (2, []))
        self.assertEqual(sorted(told["unseen_line_ids"]), sorted(run.line_ids.ids))
        self.assertEqual(self.Run._get_tray_values()["unseen_count"], 2)
        first = told["unseen_line_ids"][:1]
        self.assertEqual(self.Run.mark_my_messages_seen([], line_ids=first), 1)
        self.assertEqual(self.Run.mark_my_messages_seen(run_id=run.id), 0)
        self.assertFalse(self.Run.get_my_messages()["unseen_line_ids"])

    def test_document_without_a_recipient_counts_no_more_once_it_is_reset(self):
        moves = self.make_invoice() | self.make_invoice()
        run = self.send_unmailed(moves)
        moves[0].button_draft()
        self.assertEqual(self.Run._get_tray_values()["unseen_count"], 1)
        self.retry(run)
        states = {line.move_id: line.state for line in run.line_ids}
        self.assertEqual(states, {moves[0]: "failed", moves[1]: "written"})
        self.assertEqual(self.Run._get_tray_values()["unseen_count"], 0)
        self.assert_offered(run, False)

    def test_document_that_was_sent_again_since_is_left_to_its_last_sending(self):
        moves = self.make_invoice() | self.make_invoice()
        run = self.send_unmailed(moves)
        for move in moves:
            self.send(move)
        self.assert_offered(run, False)
        with self.assertRaisesRegex(UserError, "sent again since"):
            run.action_retry_failed()

    # -- reset to draft ----------------------------------------------------------------

    def test_document_reset_to_draft_offers_no_retry_and_says_why(self):
        move = self.make_invoice()
        run = self.send_refused(move)
        self.assert_offered(run, True)
        move.button_draft()
        self.assertEqual(run.failed_count, 1)
        self.assert_offered(run, False)
        with self.assertRaisesRegex(UserError, "reset to draft"):
            run.action_retry_failed()

    def test_run_without_failures_says_so(self):
        move = self.make_invoice()
        self.send(move)
        run = move.invoice_delivery_ids.run_id
        self.assert_offered(run, False)
        with self.assertRaisesRegex(UserError, "Nothing failed"):
            run.action_retry_failed()

    # -- what a later sending has brought ----------------------------------------------

    def test_recipient_whom_a_later_sending_reached_is_left_out_and_told(self):
        move = self.make_invoice()
        answers = {ANA: NO_SUCH_USER, "ion@alfa.example": NO_SUCH_USER}
        self.send(move, answers, email_to=f"{ANA}; ion@alfa.example")
        old = move.invoice_delivery_ids.run_id
        self.send(move, email_to="Ana@ALFA.example")
        self.assert_offered(old, True)
        taken, action = self.retry(old)
        self.assertEqual([to for to, _message in taken], [["ion@alfa.example"]])
        message = action["params"]["message"]
        self.assertIn("left out: 1.", message)
        self.assertIn("later sending", message)
        left = old.delivery_ids.filtered(lambda d: d.email == ANA)
        self.assertEqual(left.state, "error")

    def test_where_a_later_sending_reached_all_nothing_is_offered(self):
        move = self.make_invoice()
        old = self.send_refused(move)
        self.send(move)
        self.assert_offered(old, False)
        with self.mail_server() as taken:
            with self.assertRaisesRegex(UserError, "later sending"):
                old.action_retry_failed()
        self.assertFalse(taken)

    def test_later_sending_that_failed_too_or_was_reset_takes_nobodys_place(self):
        move = self.make_invoice()
        old, later = self.send_refused(move), self.send_refused(move)
        self.assert_offered(old, True)
        self.assert_offered(later, True)
        self.assertIsNone(self.retry(old)[1])
        self.assertEqual(old.sent_count, 1)

    def test_question_what_can_be_retried_costs_two_queries_whatever_the_number(self):
        for count in (1, 10):
            runs = self.Run
            for _number in range(count):
                runs |= self.send_refused(self.make_invoice())
            self.env.flush_all()
            self.env.invalidate_all()
            runs.mapped("can_retry")  # the user's rights are known then
            self.env.invalidate_all()
            with self.subTest(count=count), self.assertQueryCount(CAN_RETRY_QUERIES):
                self.assertTrue(all(runs.mapped("can_retry")))

    def test_who_was_reached_later_costs_no_query_for_each_recipient(self):
        costs = []
        for count in (2, 12, 2, 12):
            emails = [f"c{number}@alfa.example" for number in range(count)]
            move = self.make_invoice()
            answers = dict.fromkeys(emails, NO_SUCH_USER)
            self.send(move, answers, email_to="; ".join(emails))
            failed = move.invoice_delivery_ids.browse(move.invoice_delivery_ids.ids)
            self.send(move, email_to="; ".join(emails))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(failed._find_overtaken(), failed)
            costs.append(self.env.cr.sql_log_count - before)
        self.assertEqual(costs[2], costs[3], costs)
