from unittest.mock import patch

from psycopg2 import OperationalError

from odoo import Command
from odoo.exceptions import RedirectWarning, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.account_move_confirm import CONFIRM_AT_ONCE
from .common import InvoiceSendCase

CONFIRM_LOGGER = "odoo.addons.invoice_send_client.models.account_move_confirm"


@tagged("-at_install", "post_install")
class TestConfirmAndSend(InvoiceSendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_2_data = cls.setup_other_company()
        cls.billing = new_test_user(
            cls.env,
            "billing",
            groups="base.group_user,account.group_account_invoice",
            company_id=cls.company.id,
        )
        cls.reader = new_test_user(
            cls.env,
            "reader",
            groups="base.group_user,account.group_account_readonly",
            company_id=cls.company.id,
        )

    def make_drafts(self, count, move_type="out_invoice", **values):
        drafts = self.env["account.move"].create(
            [
                {
                    "move_type": move_type,
                    "partner_id": self.partner_a.id,
                    "invoice_date": "2026-11-20",
                    "invoice_line_ids": [
                        Command.create({"name": "Work", "price_unit": 100.0})
                    ],
                    **values,
                }
                for _number in range(count)
            ]
        )
        return drafts.with_user(self.billing)

    def press(self, moves):
        """:return: what the browser learns from the first request"""
        action = moves.action_confirm_and_send()
        self.assertEqual(action["tag"], "invoice_send_client.confirm_and_send")
        return action["params"]

    def test_import_offers_what_is_a_draft_for_a_customer(self):
        drafts = self.make_drafts(2)
        posted = self.make_drafts(1)
        posted.action_post()
        bill = self.make_drafts(1, "in_invoice")
        imported = drafts | posted | bill
        self.assertEqual(imported.get_confirm_offer(), {"draft_count": 2})
        self.assertEqual(bill.get_confirm_offer(), {"draft_count": 0})

    def test_import_offers_nothing_to_who_may_not_confirm(self):
        drafts = self.make_drafts(2).with_user(self.reader)
        self.assertEqual(drafts.get_confirm_offer(), {"draft_count": 0})

    def test_offer_confirms_nothing(self):
        drafts = self.make_drafts(2)
        drafts.get_confirm_offer()
        self.assertEqual(set(drafts.mapped("state")), {"draft"})

    def test_invoices_credit_notes_and_receipts_are_confirmed(self):
        drafts = self.env["account.move"].with_user(self.billing)
        for move_type in ("out_invoice", "out_refund", "out_receipt"):
            drafts |= self.make_drafts(1, move_type)
        params = self.press(drafts)
        self.assertEqual(set(drafts.mapped("state")), {"posted"})
        self.assertEqual(params["ready_count"], 3)
        self.assertEqual(params["problems"], [])

    def test_nothing_leaves_by_confirming(self):
        drafts = self.make_drafts(2)
        with self.mail_server() as taken:
            self.press(drafts)
            drafts.sudo()._cron_account_move_send()
        self.assertFalse(taken)
        self.assertFalse(drafts.invoice_delivery_ids)

    def test_numbers_follow_the_dates(self):
        late = self.make_drafts(1, invoice_date="2026-11-22")
        early = self.make_drafts(1, invoice_date="2026-11-03")
        middle = self.make_drafts(2, invoice_date="2026-11-10")
        params = self.press(late | middle | early)
        self.assertEqual(params["move_ids"], (early | middle | late).ids)
        names = (early | middle | late).mapped("name")
        self.assertEqual(names, sorted(names))

    def test_reasons_name_the_document_and_the_rest_goes_on(self):
        good = self.make_drafts(2)
        empty = self.make_drafts(1, invoice_line_ids=[])
        nobody = self.make_drafts(1, partner_id=False)
        params = self.press(empty | nobody | good)
        self.assertEqual(set(good.mapped("state")), {"posted"})
        self.assertEqual(set((empty | nobody).mapped("state")), {"draft"})
        self.assertEqual(params["ready_count"], 2)
        reasons = {p["document"]: p["reason"] for p in params["problems"]}
        self.assertEqual(len(reasons), 2)
        self.assertIn("'Customer' field is required", reasons[nobody.display_name])
        [document] = set(reasons) - {nobody.display_name}
        self.assertIn("Alfa SRL", document)

    def test_negative_total_stays_a_draft_with_its_reason(self):
        line = Command.create({"name": "Back", "price_unit": -5.0})
        draft = self.make_drafts(1, invoice_line_ids=[line])
        params = self.press(draft)
        self.assertEqual(draft.state, "draft")
        self.assertEqual(params["ready_count"], 0)
        self.assertIn("negative total", params["problems"][0]["reason"])

    def fail(self, error):
        """Let the first document fail in a way that no check foresees."""
        Move = type(self.env["account.move"])
        post, failing = Move._post, []

        def _post(moves, soft=True):
            failing[:] = failing or moves.ids
            if moves.ids == failing:
                raise error
            return post(moves, soft)

        return patch.object(Move, "_post", _post)

    @mute_logger(CONFIRM_LOGGER)
    def test_whatever_one_document_raises_holds_up_no_other(self):
        for error, words in (
            (RedirectWarning("Set an account first", 1, "Go"), "Set an account first"),
            (OperationalError("could not serialize"), "Somebody else"),
            (ZeroDivisionError("division by zero"), "server's log"),
        ):
            with self.subTest(error=error), self.fail(error):
                drafts = self.make_drafts(2)
                params = self.press(drafts)
                self.assertEqual(drafts.mapped("state"), ["draft", "posted"])
                [problem] = params["problems"]
                self.assertIn(words, problem["reason"])
                self.assertNotIn("division", problem["reason"])

    def test_posted_and_cancelled_ones_are_left_as_they_are(self):
        posted, cancelled = self.make_drafts(1), self.make_drafts(1)
        posted.action_post()
        cancelled.button_cancel()
        params = self.press(posted | cancelled)
        self.assertEqual(cancelled.state, "cancel")
        self.assertEqual(params["ready_count"], 1)
        self.assertEqual(params["move_ids"], (posted | cancelled).ids)
        self.assertEqual(params["problems"], [])

    def test_vendor_bills_are_never_confirmed_here(self):
        bill, draft = self.make_drafts(1, "in_invoice"), self.make_drafts(1)
        params = self.press(bill | draft)
        self.assertEqual(params["move_ids"], draft.ids)
        self.assertEqual(bill.state, "draft")
        with self.assertRaisesRegex(UserError, "for customers"):
            bill.action_confirm_and_send()

    def test_who_may_not_confirm_reads_it_as_the_reason(self):
        draft = self.make_drafts(1)
        params = self.press(draft.with_user(self.reader))
        self.assertEqual(draft.state, "draft")
        self.assertIn("access rights to post", params["problems"][0]["reason"])

    def test_document_deleted_in_between_is_left_out(self):
        drafts = self.make_drafts(2)
        drafts[0].sudo().unlink()
        self.assertEqual(self.press(drafts)["move_ids"], drafts[1].ids)

    def test_two_companies_are_confirmed_in_one_go(self):
        other = self.company_2_data["company"]
        self.billing.company_ids |= other
        self.billing.invalidate_recordset()
        first = self.make_drafts(1)
        second = self.make_drafts(
            1,
            company_id=other.id,
            journal_id=self.company_2_data["default_journal_sale"].id,
            invoice_line_ids=[
                Command.create(
                    {
                        "name": "Work",
                        "price_unit": 10.0,
                        "account_id": self.company_2_data["default_account_revenue"].id,
                        "tax_ids": [],
                    }
                )
            ],
        )
        both = (first | second).with_context(
            allowed_company_ids=(self.company | other).ids
        )
        params = self.press(both)
        self.assertEqual(params["problems"], [])
        self.assertEqual(both.mapped("state"), ["posted", "posted"])

    def test_many_documents_are_confirmed_some_a_request(self):
        drafts = self.make_drafts(CONFIRM_AT_ONCE + 3)
        params = self.press(drafts)
        self.assertEqual(params["move_ids"], drafts[:CONFIRM_AT_ONCE].ids)
        self.assertEqual(params["waiting_ids"], drafts[CONFIRM_AT_ONCE:].ids)
        waiting = drafts.browse(params["waiting_ids"])
        self.assertEqual(set(waiting.mapped("state")), {"draft"})
        params = self.press(waiting)
        self.assertEqual(params["waiting_ids"], [])
        self.assertEqual(set(drafts.mapped("state")), {"posted"})

    def test_queries_of_a_document_do_not_grow_with_their_number(self):
        self.press(self.make_drafts(2))  # warm
        counts = {}
        for number in (1, 10):
            drafts = self.make_drafts(number)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.press(drafts)
            counts[number] = (self.cr.sql_log_count - before) / number
        self.assertLess(counts[10], counts[1])

    def test_one_document_opens_the_window_of_one_document(self):
        draft = self.make_drafts(1)
        self.press(draft)
        action = draft.action_open_send_window()
        self.assertEqual(action["res_model"], "account.move.send.wizard")

    def get_offers(self):
        """:return: kinds of views by the name of what their action menu offers"""
        bindings = self.env["ir.actions.actions"].get_bindings("account.move")
        return {
            action["name"]: action["binding_view_types"]
            for action in bindings["action"]
        }

    def test_cards_offer_to_send_and_the_list_to_send_again(self):
        offers = self.get_offers()
        self.assertEqual(offers["Send to client"], "kanban")
        self.assertEqual(offers["Send to client again"], "list")
        invoice = self.make_drafts(1)
        self.press(invoice)
        action = (
            self.env.ref("invoice_send_client.action_send_cards")
            .with_user(self.billing)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .run()
        )
        self.assertEqual(action["res_model"], "account.move.send.wizard")

    def test_list_offers_it_in_the_action_menu(self):
        self.assertEqual(self.get_offers()["Confirm and send"], "list,kanban")
        drafts = self.make_drafts(2)
        run = self.env.ref("invoice_send_client.action_confirm_and_send")
        action = (
            run.with_user(self.billing)
            .with_context(active_model="account.move", active_ids=drafts.ids)
            .run()
        )
        self.assertEqual(action["params"]["ready_count"], 2)
