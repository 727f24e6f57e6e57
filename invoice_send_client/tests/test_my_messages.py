from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..tools import advice
from .common import InvoiceSendCase

NO_SUCH_USER = (550, b"5.1.1 no such user")
BUS = "invoice_send_client.run"


@tagged("-at_install", "post_install")
class TestMyMessages(InvoiceSendCase):
    """What the sender is told of his runs (R26, B4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_a.invoice_sending_method = "email"
        cls.env.user.tz = "Europe/Bucharest"
        cls.Run = cls.env["invoice.send.run"]

    def make_invoices(self, count):
        """Make posted invoices of customers with addresses c0@, c1@ ..."""
        invoice = self.make_invoice()
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"Client {number}",
                    "email": f"c{number}@client.example",
                    "invoice_sending_method": "email",
                }
                for number in range(count)
            ]
        )
        copies = self.env["account.move"].union(
            *(invoice.copy({"partner_id": partner.id}) for partner in partners)
        )
        copies.invoice_date = invoice.invoice_date
        copies.action_post()
        return copies

    def press_send(self, count, refused=(), is_asked=True):
        """Send to so many customers, some of them refused.

        :param bool is_asked: the mail server gets the mails
        :return: the run
        """
        moves = self.make_invoices(count)
        window = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({})
        )
        answers = {f"c{number}@client.example": NO_SUCH_USER for number in refused}
        window.action_send_and_print()
        if is_asked:
            with self.mail_server(answers):
                self.Run.sudo()._process_due()
        return window.run_id

    def messages(self, run=None):
        """Return what the tray tells, of one run where it is given."""
        told = self.Run.get_my_messages()
        if run is None:
            return told
        [values] = [values for values in told["runs"] if values["id"] == run.id]
        return values

    # -- words -------------------------------------------------------------------------

    def test_summary_leads_with_what_did_not_go(self):
        run = self.press_send(3, refused=[1])
        self.assertRegex(run.summary, r" – 3 documents: 1 not sent, 2 sent$")
        self.assertEqual(run._get_progress_values()[0]["summary"], run.summary)

    def test_summary_of_one_document_names_it(self):
        invoice = self.make_invoice()
        self.send(invoice)
        run = invoice.invoice_delivery_ids.run_id
        self.assertIn(f"– {invoice.name}: 1 sent", run.summary)

    def test_summary_says_when_it_is_tried_next_in_the_users_time_zone(self):
        run = self.press_send(2, refused=[0])
        delivery = run.delivery_ids.sorted("id")[0].sudo()
        tomorrow = fields.Datetime.now().replace(hour=8, minute=19) + timedelta(days=1)
        delivery.write({"state": "outgoing", "next_attempt_datetime": tomorrow})
        self.assertRegex(run.summary, r"1 waiting \(next try .*10:19.*\), 1 sent$")

    def test_result_at_the_end_leads_with_what_did_not_go(self):
        run = self.press_send(3, refused=[0, 2])
        result = run._describe_result()
        self.assertEqual(result["message"], "2 not sent, 1 sent.")
        self.assertEqual(
            (result["title"], result["run_id"]), ("Documents not sent", run.id)
        )

    def test_user_who_withdrew_all_is_told_no_result(self):
        moves = self.make_invoices(2)
        window = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({})
        )
        window.action_send_and_print()
        window.run_id.action_cancel_waiting()
        with patch.object(type(self.env["res.partner"]), "_bus_send") as told:
            self.Run.sudo()._tell_results()
        told.assert_not_called()
        self.assertFalse(window.run_id.is_result_due)

    def test_progress_goes_to_the_sender_in_plain_values(self):
        run = self.press_send(3, refused=[1])
        run._tell_progress()
        self.env.cr.precommit.run()
        sent = self.env["bus.bus"].sudo().search([], order="id desc", limit=1)
        self.assertIn(str(run.user_id.partner_id.id), sent.channel)
        for word in (BUS, '"failed_count":1', '"sent_count":2', '"unseen_count":1'):
            self.assertIn(word, sent.message.replace(": ", ":"))

    # -- what to do --------------------------------------------------------------------

    def test_advice_follows_the_servers_code(self):
        cases = {
            ("error", "refused", "550 5.1.1 no such user"): "mailbox",
            ("error", "refused", "550 No such user here"): "mailbox",
            ("error", "refused", "550 5.1.2 bad domain"): "domain",
            ("error", "refused", "552 5.2.2 mailbox full"): "full",
            ("error", "refused", "552 5.3.4 message too big"): "size",
            ("error", "refused", "550 5.7.1 rejected by policy"): "policy",
            ("error", "refused", "554 no"): "refused",
            ("error", "deferred", "451 try later"): "deferred",
            ("error", "deferred", "452 4.2.2 over quota"): "full",
            ("error", "server", "Connection refused"): "server",
            ("error", "render", "x"): "render",
            ("error", "pdf", "x"): "pdf",
            ("error", "edi", "x"): "edi",
            ("error", "size", "x"): "size",
            ("error", "unknown", "x"): "unknown",
            ("error", "address", ""): "mailbox",
            ("bounce", False, ""): "bounce",
            ("bounce", False, "550 5.1.1 unknown"): "mailbox",
            ("outgoing", False, "451 later"): "waiting",
            ("outgoing", False, ""): "",
            ("sent", False, ""): "",
        }
        texts = self.env["invoice.delivery"]._get_advice_texts()
        for (state, failure_type, reason), cause in cases.items():
            with self.subTest(state=state, failure_type=failure_type, reason=reason):
                self.assertEqual(advice.get_cause(state, failure_type, reason), cause)
                self.assertEqual(bool(texts.get(cause)), bool(cause))

    def test_failed_recipient_says_what_to_do(self):
        invoice = self.make_invoice()
        self.send(invoice, {"ana@alfa.example": NO_SUCH_USER})
        delivery = invoice.invoice_delivery_ids
        self.assertIn("no such mailbox", delivery.advice)
        self.assertIn("550 5.1.1 no such user", delivery.problem)

    # -- the tray ----------------------------------------------------------------------

    def test_tray_tells_failures_with_reason_advice_and_buttons(self):
        run = self.press_send(3, refused=[1])
        told = self.messages(run)
        [failure] = told["failures"]
        self.assertEqual(failure["email"], "c1@client.example")
        self.assertIn("550 5.1.1 no such user", failure["problem"])
        self.assertIn("no such mailbox", failure["advice"])
        self.assertEqual(
            failure["actions"], ["action_correct_address", "action_resend"]
        )
        self.assertEqual(told["actions"], ["action_retry_failed"])
        self.assertEqual((told["state"], told["is_working"]), ("done", False))

    def test_failures_count_until_they_are_looked_at(self):
        run = self.press_send(4, refused=[0, 1, 2])
        told = self.messages()
        self.assertEqual(told["unseen_count"], 3)
        self.assertEqual(self.Run._get_tray_values()["unseen_count"], 3)
        first = told["unseen_ids"][:1]
        self.assertEqual(self.Run.mark_my_messages_seen(first), 2)
        self.assertEqual(self.Run.mark_my_messages_seen(run_id=run.id), 0)
        self.assertEqual(self.messages()["unseen_ids"], [])

    def test_nobody_looks_at_anothers_failures(self):
        run = self.press_send(2, refused=[0])
        other = new_test_user(
            self.env, "isc_other", groups="account.group_account_invoice"
        )
        other_run = self.Run.with_user(other)
        self.assertEqual(other_run.get_my_messages()["runs"], [])
        self.assertEqual(other_run.mark_my_messages_seen(run_id=run.id), 0)
        self.assertEqual(self.messages()["unseen_count"], 1)

    def test_old_run_with_failures_stays_until_they_are_looked_at(self):
        old = self.press_send(2, refused=[0])
        for _number in range(3):
            self.send(self.make_invoice())
        told = self.Run.get_my_messages(limit=2)
        self.assertEqual(len(told["runs"]), 3)
        self.assertEqual(told["runs"][-1]["id"], old.id)
        self.Run.mark_my_messages_seen(told["unseen_ids"])
        self.assertEqual(len(self.Run.get_my_messages(limit=2)["runs"]), 2)

    def test_own_run_that_is_asked_for_is_told_however_old(self):
        old = self.press_send(2)
        self.send(self.make_invoice())
        told = self.Run.get_my_messages(limit=1, run_ids=old.ids)
        self.assertEqual(told["runs"][-1]["id"], old.id)
        other = new_test_user(
            self.env, "isc_asks", groups="account.group_account_invoice"
        )
        told = self.Run.with_user(other).get_my_messages(run_ids=old.ids)
        self.assertEqual(told["runs"], [])

    def test_many_failures_are_limited_and_counted(self):
        run = self.press_send(8, refused=range(8))
        told = self.messages(run)
        self.assertEqual((len(told["failures"]), told["more_count"]), (5, 3))
        self.assertEqual(len(self.messages()["unseen_ids"]), 8)

    def test_document_that_waits_for_its_time_does_not_work(self):
        invoice = self.make_invoice()
        later = fields.Datetime.now() + timedelta(hours=1)
        with self.mail_server():
            self.make_wizard(invoice, scheduled_datetime=later).action_send_and_print()
        run = invoice.invoice_delivery_ids.run_id
        told = self.messages(run)
        self.assertEqual((told["state"], told["is_working"]), ("running", False))
        self.assertEqual(told["actions"], ["action_send_now", "action_cancel_waiting"])
        self.assertEqual(self.Run._get_tray_values()["runs"], [])
        run.action_send_now()
        [working] = self.Run._get_tray_values()["runs"]
        self.assertEqual((working["id"], working["is_working"]), (run.id, True))

    def test_queries_do_not_grow_with_the_run(self):
        counts = []
        for size in (1, 10, 100):
            run = self.press_send(size, is_asked=False)
            deliveries = run.sudo().delivery_ids
            refused = deliveries[: size // 2]
            refused._set_error("refused", "550 5.1.1 no such user")
            (deliveries - refused)._set_sent()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.messages(run)
            told = self.env.cr.sql_log_count
            self.Run._get_tray_values()
            tray = self.env.cr.sql_log_count
            run._tell_progress()
            end = self.env.cr.sql_log_count
            counts.append((told - before, tray - told, end - tray))
        for column in zip(*counts[1:], strict=False):
            self.assertLessEqual(column[1], column[0], counts)
        self.assertLess(counts[-1][1], 12, counts)
        self.assertLess(counts[-1][2], 20, counts)

    # -- the page of a run -------------------------------------------------------------

    def test_page_of_a_run_parts_recipients_by_what_became_of_them(self):
        run = self.press_send(4, refused=[2])
        run.delivery_ids.sorted("id")[3].sudo().state = "cancel"
        self.assertEqual(run.failed_delivery_ids.email, "c2@client.example")
        self.assertEqual(run.cancelled_delivery_ids.email, "c3@client.example")
        self.assertEqual(len(run.sent_delivery_ids), 2)
        self.assertFalse(run.waiting_delivery_ids)
        self.assertEqual((run.document_count, run.progress), (4, 100))

    # -- export ------------------------------------------------------------------------

    def test_export_has_a_row_for_each_recipient_the_failed_ones_first(self):
        run = self.press_send(3, refused=[1])
        run.sudo()._note_skipped([("Draft", "=not posted")])
        columns, rows = run._get_export_columns(), run._get_export_rows()
        self.assertEqual({len(row) for row in rows}, {len(columns)})
        self.assertEqual(len(rows), 4)
        failed = dict(zip(columns, rows[0], strict=False))
        self.assertEqual(failed["Recipient"], "c1@client.example")
        self.assertEqual(failed["State"], "Not sent")
        self.assertIn("550", failed["The server's words"])
        self.assertIn("no such mailbox", failed["What to do"])
        left = dict(zip(columns, rows[-1], strict=True))
        self.assertEqual(left["Document"], "Draft")
        self.assertEqual(left["The server's words"], "=not posted")

    # -- who may see it ----------------------------------------------------------------

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_sender_without_accounting_sees_his_own_runs_and_no_others(self):
        foreign = self.press_send(2, refused=[0])
        sender = self.make_sender()
        own = self.press_send(2, refused=[0])
        own.sudo().user_id = sender
        his = self.Run.with_user(sender)
        self.assertEqual(his.search([]), own)
        told = his.get_my_messages()
        self.assertEqual([run["id"] for run in told["runs"]], own.ids)
        self.assertEqual(told["unseen_count"], 1)
        [failure] = told["runs"][0]["failures"]
        self.assertEqual((failure["actions"], told["runs"][0]["actions"]), ([], []))
        self.assertTrue(his._get_tray_values()["is_shown"])
        self.assertEqual(len(own.with_user(sender)._get_export_rows()), 2)
        for records in (foreign, foreign.delivery_ids, foreign.line_ids):
            with self.assertRaises(AccessError):
                records.with_user(sender).check_access("read")
        with self.assertRaises(AccessError):
            own.with_user(sender).action_retry_failed()

    def make_sender(self):
        """:return: a user who sends, as salesmen do, and may write no document"""
        return new_test_user(
            self.env, "isc_sender", groups="base.group_user", company_id=self.company.id
        )

    def send_later(self, user):
        """:return: what a user sends tomorrow, as he sees it"""
        invoice = self.make_invoice()
        later = fields.Datetime.now() + timedelta(days=1)
        self.send(invoice, scheduled_datetime=later)
        run = invoice.invoice_delivery_ids.run_id
        run.sudo().user_id = user
        self.env.invalidate_all()
        return run.with_user(user)

    def test_sender_withdraws_what_waits_of_his_own_without_writing_documents(self):
        run = self.send_later(self.make_sender())
        self.assertTrue(run.can_act)
        [told] = run.get_my_messages()["runs"]
        self.assertEqual(told["actions"], ["action_send_now", "action_cancel_waiting"])
        run.action_cancel_waiting()
        self.assertEqual(run.delivery_ids.state, "cancel")

    def test_sender_lets_what_waits_of_his_own_leave_now(self):
        run = self.send_later(self.make_sender())
        run.action_send_now()
        with self.mail_server() as taken:
            self.Run.sudo()._process_due()
        self.assertEqual(len(taken), 1)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_sender_without_documents_is_offered_no_other_button(self):
        run = self.press_send(2, refused=[0])
        self.assertTrue(run.can_retry)
        sender = self.make_sender()
        run.sudo().user_id = sender
        self.env.invalidate_all()
        own = run.with_user(sender)
        self.assertFalse(own.can_retry)
        with self.assertRaises(AccessError):
            own.action_retry_failed()

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_run_with_one_document_that_one_may_not_write_is_not_offered(self):
        run = self.press_send(2, is_asked=False)
        biller = new_test_user(
            self.env,
            "isc_biller_of_some",
            groups="account.group_account_invoice",
            company_id=self.company.id,
        )
        his = run.with_user(biller)
        self.assertTrue(his.can_act)
        self.env["ir.rule"].create(
            {
                "name": "All but one",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "domain_force": [("id", "!=", run.line_ids.move_id[:1].id)],
                "perm_read": False,
            }
        )
        self.env.invalidate_all()
        self.assertFalse(his.can_act)
        with self.assertRaises(AccessError):
            his.action_cancel_waiting()

    # -- several companies -------------------------------------------------------------

    def open_other_company(self):
        """:return: the model of a page on which another company alone is switched on"""
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += other
        self.env.invalidate_all()
        return self.Run.with_context(allowed_company_ids=other.ids)

    def test_failures_of_all_companies_are_counted_and_listed_alike(self):
        run = self.press_send(2, refused=[0])
        elsewhere = self.open_other_company()
        told = elsewhere.get_my_messages()
        self.assertEqual([values["id"] for values in told["runs"]], run.ids)
        self.assertEqual(told["runs"][0]["company_id"], self.company.id)
        self.assertEqual(told["unseen_ids"], run.failed_delivery_ids.ids)
        self.assertEqual(told["unseen_count"], 1)
        self.assertEqual(elsewhere._get_tray_values()["unseen_count"], 1)
        self.assertEqual(elsewhere.mark_my_messages_seen([]), 1)
        self.assertEqual(elsewhere.sudo()._count_unseen(self.env.user), 1)

    def test_failures_of_a_company_that_one_left_count_no_more(self):
        run = self.press_send(2, refused=[0])
        Run = run.sudo()
        self.assertEqual(Run._count_unseen(self.env.user), 1)
        elsewhere = self.open_other_company()
        other = elsewhere.env.company
        self.env.user.write(
            {"company_id": other.id, "company_ids": [(6, 0, other.ids)]}
        )
        self.env.invalidate_all()
        self.assertEqual(Run._count_unseen(self.env.user), 0)
        self.assertEqual(elsewhere.get_my_messages()["unseen_count"], 0)

    def test_user_who_never_sends_has_no_tray(self):
        plain = new_test_user(self.env, "isc_plain_tray", groups="base.group_user")
        told = self.Run.with_user(plain)._get_tray_values()
        self.assertFalse(told["is_shown"])
