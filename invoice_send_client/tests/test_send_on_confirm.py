from datetime import timedelta
from unittest.mock import patch

from psycopg2 import OperationalError

from odoo import Command, fields
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.account_move_other_ways import OtherWay
from .common import InvoiceSendCase

LINE_LOGGER = "odoo.addons.invoice_send_client.models.invoice_send_run_line_work"
REQUEST_LOGGER = "odoo.addons.invoice_send_client.models.invoice_send_request"


@tagged("-at_install", "post_install")
class TestSendOnConfirm(InvoiceSendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_2_data = cls.setup_other_company()
        cls.other_company = cls.company_2_data["company"]
        cls.ana, cls.ion = (
            new_test_user(
                cls.env,
                name,
                groups="base.group_user,account.group_account_invoice",
                company_id=cls.company.id,
                company_ids=[Command.set((cls.company | cls.other_company).ids)],
            )
            for name in ("ana", "ion")
        )
        cls.company.invoice_send_on_confirm = True
        (cls.partner_a | cls.partner_b).invoice_sending_method = False
        cls.requests = cls.env["invoice.send.request"].sudo()

    def make_draft(self, user=None, **values):
        values.setdefault("move_type", "out_invoice")
        lines = [
            Command.create({"name": "Work", "price_unit": 100.0, "tax_ids": []}),
        ]
        draft = self.env["account.move"].create(
            {
                "partner_id": self.partner_a.id,
                "invoice_date": "2026-11-20",
                "invoice_line_ids": lines,
                **values,
            }
        )
        return draft.with_user(user or self.ana)

    def run_cron(self, answers=None):
        """:return: the mails that left"""
        with self.mail_server(answers) as taken:
            self.env["account.move"].sudo()._cron_account_move_send()
        return taken

    def confirm(self, *drafts, answers=None):
        """Confirm in one press and let the cron work.

        :return: the mails that left
        """
        drafts[0].union(*drafts).action_post()
        return self.run_cron(answers)

    def notes(self, move):
        return " ".join(move.sudo().message_ids.mapped("body"))

    def test_nothing_is_sent_by_itself_unless_somebody_wants_it(self):
        company = self.env["res.company"].create({"name": "New SRL"})
        self.assertFalse(company.invoice_send_on_confirm)
        self.company.invoice_send_on_confirm = False
        invoice = self.make_draft()
        self.assertFalse(self.confirm(invoice))
        self.assertFalse(invoice.invoice_delivery_ids)
        self.assertFalse(self.requests.search([]))

    def test_confirmed_invoice_leaves_with_the_companys_defaults(self):
        invoice = self.make_draft()
        [(to, message)] = self.confirm(invoice)
        self.assertEqual(to, ["ana@alfa.example"])
        self.assertIn(invoice.name, message["Subject"])
        self.assertEqual(message["From"].addresses[0].display_name, self.ana.name)
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.invoice_delivery_state, "sent")
        self.assertEqual(invoice.invoice_delivery_ids.run_id.user_id, self.ana)
        self.assertEqual(invoice.invoice_delivery_ids.document_mode, "link")
        self.assertFalse(self.requests.search([]))

    def test_file_too_big_for_the_server_that_odoo_will_choose_leaves_as_a_link(self):
        first = self.env["ir.mail_server"].search([], limit=1)
        first.write({"from_filter": "other.example", "max_email_size": 20})
        first.copy({"from_filter": "seller.example", "max_email_size": 0.2})
        self.company.invoice_document_mode = "attachment"
        invoice = self.make_draft()
        self.confirm(invoice)
        self.assertEqual(invoice.invoice_delivery_ids.document_mode, "link")

    def test_posting_sends_nothing_itself(self):
        invoice = self.make_draft()
        with self.mail_server() as taken:
            invoice.action_post()
        self.assertFalse(taken)
        self.assertEqual(self.requests.search([]).move_id, invoice)

    def test_credit_notes_and_receipts_leave_too_and_vendor_bills_never(self):
        for move_type, count in (
            ("out_refund", 1),
            ("out_receipt", 1),
            ("in_invoice", 0),
            ("in_refund", 0),
            ("entry", 0),
        ):
            with self.subTest(move_type=move_type):
                values = {"move_type": move_type}
                if move_type == "entry":
                    values["invoice_line_ids"] = []
                    account = self.company_data["default_account_revenue"].id
                    values["line_ids"] = [
                        Command.create({"account_id": account, "debit": 1.0}),
                        Command.create({"account_id": account, "credit": 1.0}),
                    ]
                self.assertEqual(len(self.confirm(self.make_draft(**values))), count)

    def test_customer_decides_against_the_company(self):
        for by_company, choice, count in (
            (True, "no", 0),
            (False, "yes", 1),
            (False, "no", 0),
            (True, False, 1),
        ):
            with self.subTest(by_company=by_company, choice=choice):
                self.company.invoice_send_on_confirm = by_company
                self.partner_a.invoice_send_on_confirm = choice
                self.assertEqual(len(self.confirm(self.make_draft())), count)

    def test_choice_of_the_customers_company_counts_for_its_contacts(self):
        contact = self.env["res.partner"].create(
            {"name": "Ion", "parent_id": self.partner_a.id, "email": "ion@alfa.example"}
        )
        contact.invoice_send_on_confirm = "yes"
        self.partner_a.invoice_send_on_confirm = "no"
        self.assertFalse(self.confirm(self.make_draft(partner_id=contact.id)))

    def test_choice_is_made_for_each_seller(self):
        self.partner_a.invoice_send_on_confirm = "no"
        elsewhere = self.partner_a.with_company(self.other_company)
        self.assertFalse(elsewhere.invoice_send_on_confirm)

    def test_customers_form_and_settings_show_it(self):
        with Form(self.partner_a) as form:
            form.invoice_send_on_confirm = "yes"
        self.assertEqual(self.partner_a.invoice_send_on_confirm, "yes")
        settings = self.env["res.config.settings"].create(
            {"invoice_send_on_confirm": False}
        )
        settings.execute()
        self.assertFalse(self.company.invoice_send_on_confirm)

    def test_one_press_is_one_run(self):
        invoices = [self.make_draft() for _number in range(3)]
        self.assertEqual(len(self.confirm(*invoices)), 3)
        [run] = self.env["account.move"].union(*invoices).invoice_delivery_ids.run_id
        self.assertEqual(run.sent_count, 3)

    def test_two_users_have_a_run_each(self):
        mine, his = self.make_draft(), self.make_draft(self.ion)
        mine.action_post()
        his.action_post()
        self.run_cron()
        self.assertEqual(mine.invoice_delivery_ids.run_id.user_id, self.ana)
        self.assertEqual(his.invoice_delivery_ids.run_id.user_id, self.ion)

    def test_two_companies_have_a_run_each_by_their_own_settings(self):
        data, companies = self.company_2_data, self.company | self.other_company
        line = Command.create(
            {
                "name": "Work",
                "price_unit": 10.0,
                "account_id": data["default_account_revenue"].id,
                "tax_ids": [],
            }
        )
        mine, theirs = (
            self.make_draft(),
            self.make_draft(
                company_id=self.other_company.id,
                journal_id=data["default_journal_sale"].id,
                invoice_line_ids=[line],
            ),
        )
        self.other_company.write(
            {"invoice_send_on_confirm": True, "email": "other@seller.example"}
        )
        both = (mine | theirs).with_context(allowed_company_ids=companies.ids)
        mails = self.confirm(both)
        senders = {mail["From"].addresses[0].addr_spec for _to, mail in mails}
        self.assertEqual(senders, {"office@seller.example", "other@seller.example"})
        runs = both.sudo().invoice_delivery_ids.run_id
        self.assertEqual(runs.company_id, companies)
        self.assertEqual(len(runs), 2)

    def test_customer_without_address_is_told_in_the_chatter(self):
        self.partner_b.email = False
        good, bad = self.make_draft(), self.make_draft(partner_id=self.partner_b.id)
        self.assertEqual(len(self.confirm(good, bad)), 1)
        self.assertEqual(bad.state, "posted")
        self.assertIn("No e-mail address", self.notes(bad))
        self.assertFalse(bad.invoice_delivery_ids)
        self.assertFalse(bad.sending_data)
        self.assertEqual(good.invoice_delivery_ids.run_id.skipped_count, 1)
        self.assertNotIn("automatically", self.notes(good))

    def test_wrong_address_alone_writes_no_run(self):
        self.partner_a.email = "nobody at all"
        invoice = self.make_draft()
        self.assertFalse(self.confirm(invoice))
        self.assertIn("automatically", self.notes(invoice))
        self.assertFalse(self.requests.search([]))

    def test_address_that_bounced_before_waits_for_a_person(self):
        self.make_delivery(self.make_draft(), state="bounce")
        invoice = self.make_draft()
        self.assertFalse(self.confirm(invoice))
        self.assertIn("came back before", self.notes(invoice))

    def test_customer_who_gets_invoices_by_hand_gets_none_by_itself(self):
        self.partner_a.invoice_sending_method = "manual"
        invoice = self.make_draft()
        self.assertFalse(self.confirm(invoice))
        self.assertIn("by hand", self.notes(invoice))

    @mute_logger(LINE_LOGGER)
    def test_broken_letter_ends_in_its_own_error_and_the_posting_stays(self):
        Send, broken = type(self.env["account.move.send"]), self.make_draft()
        write = Send._get_default_mail_body

        def _get_default_mail_body(send, move, *args):
            if move.id == broken.id:
                raise ValueError("broken letter")
            return write(send, move, *args)

        good = self.make_draft()
        with patch.object(Send, "_get_default_mail_body", _get_default_mail_body):
            mails = self.confirm(broken, good)
        self.assertEqual(len(mails), 1)
        [delivery] = broken.invoice_delivery_ids
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "render"))
        self.assertIn("broken letter", delivery.failure_reason)
        self.assertEqual((broken | good).mapped("state"), ["posted", "posted"])
        self.assertEqual(good.invoice_delivery_state, "sent")

    def test_refusal_of_the_mail_server_is_told_on_the_delivery(self):
        invoice = self.make_draft()
        self.confirm(invoice, answers={"ana@alfa.example": (550, b"No such user")})
        [delivery] = invoice.invoice_delivery_ids
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "refused"))

    @mute_logger(REQUEST_LOGGER)
    def test_app_that_fails_for_one_document_holds_up_no_other(self):
        Send, failing = type(self.env["account.move.send"]), self.make_draft()
        prepare = Send._get_default_extra_edis

        def _get_default_extra_edis(send, move):
            if move.id == failing.id:
                raise ValueError("no certificate")
            return prepare(send, move)

        good = self.make_draft()
        with patch.object(Send, "_get_default_extra_edis", _get_default_extra_edis):
            mails = self.confirm(failing, good)
        self.assertEqual(len(mails), 1)
        self.assertEqual(good.invoice_delivery_state, "sent")
        self.assertIn("no certificate", self.notes(failing))
        self.assertFalse(self.requests.search([]))

    @mute_logger(REQUEST_LOGGER)
    def test_document_being_changed_is_tried_again_by_the_next_pass(self):
        invoice = self.make_draft()
        with patch.object(
            type(self.requests), "_judge", side_effect=OperationalError("serialize")
        ):
            self.assertFalse(self.confirm(invoice))
        self.assertTrue(self.requests.search([]))
        self.assertEqual(len(self.run_cron()), 1)

    def test_document_that_an_app_holds_back_waits(self):
        invoice = self.make_draft()
        Move = type(self.env["account.move"])
        with patch.object(Move, "_is_ready_to_be_sent", return_value=False):
            self.assertFalse(self.confirm(invoice))
        self.assertTrue(self.requests.search([]))
        self.assertEqual(len(self.run_cron()), 1)

    def test_reset_before_it_left_stays_here(self):
        for undo in ("button_draft", "button_cancel"):
            with self.subTest(undo=undo):
                invoice = self.make_draft()
                invoice.action_post()
                getattr(invoice, undo)()
                self.assertFalse(self.requests.search([]))
                self.assertFalse(self.run_cron())

    def test_new_version_of_a_sent_document_waits_for_a_person(self):
        invoice = self.make_draft()
        self.assertEqual(len(self.confirm(invoice)), 1)
        invoice.button_draft()
        self.assertFalse(self.confirm(invoice))
        self.assertIn("it was sent before", self.notes(invoice))
        self.assertEqual(len(invoice.invoice_delivery_ids), 1)

    def test_new_version_of_what_could_not_be_sent_leaves(self):
        self.partner_a.email = False
        invoice = self.make_draft()
        self.assertFalse(self.confirm(invoice))
        invoice.button_draft()
        self.partner_a.email = "ana@alfa.example"
        self.assertEqual(len(self.confirm(invoice)), 1)

    def test_mended_version_of_what_was_refused_leaves(self):
        invoice = self.make_draft()
        self.confirm(invoice, answers={"ana@alfa.example": (550, b"No such user")})
        self.assertTrue(invoice._ensure_invoice_pdf())
        self.assertTrue(invoice.is_move_sent)  # says Odoo
        invoice.button_draft()
        self.partner_a.email = "new@alfa.example"
        self.assertEqual(
            [to for to, _m in self.confirm(invoice)], [[self.partner_a.email]]
        )
        self.assertNotIn("it was sent before", self.notes(invoice))

    @mute_logger(LINE_LOGGER)
    def test_mended_version_of_what_could_not_be_written_leaves(self):
        invoice = self.make_draft()
        Send = type(self.env["account.move.send"])
        with patch.object(Send, "_get_default_mail_body", side_effect=ValueError("no")):
            self.assertFalse(self.confirm(invoice))
        self.assertEqual(invoice.invoice_delivery_state, "error")
        invoice.button_draft()
        self.assertEqual(len(self.confirm(invoice)), 1)
        self.assertNotIn("it was sent before", self.notes(invoice))

    def test_mended_version_of_what_still_waited_leaves_once(self):
        invoice = self.make_draft()
        refused = ConnectionRefusedError("out of order")
        self.confirm(invoice, answers={"ana@alfa.example": refused})
        self.assertEqual(invoice.invoice_delivery_ids.state, "outgoing")
        invoice.button_draft()
        self.assertEqual(len(self.confirm(invoice)), 1)
        self.assertFalse(self.run_cron())

    def test_new_version_of_what_may_have_arrived_waits_for_a_person(self):
        for is_known in (False, True):
            with self.subTest(is_known=is_known):
                invoice = self.make_draft()
                refused = (451, b"Later")
                self.confirm(invoice, answers={"ana@alfa.example": refused})
                delivery = invoice.invoice_delivery_ids.sudo()
                delivery._start_attempt()
                if is_known:
                    delivery._close_broken_attempts()
                    self.assertEqual(delivery.failure_type, "unknown")
                invoice.button_draft()
                self.assertFalse(self.confirm(invoice))
                self.assertIn("it was sent before", self.notes(invoice))

    def test_new_version_of_what_went_by_another_way_waits_for_a_person(self):
        invoice = self.make_draft()
        self.company.invoice_send_on_confirm = False
        invoice.action_post()
        data = {invoice: {"sending_methods": ["peppol"]}}
        run = self.env["invoice.send.run"].sudo()._create_for_moves(data)
        run.line_ids.state = "written"
        self.company.invoice_send_on_confirm = True
        invoice.button_draft()
        self.assertFalse(self.confirm(invoice))
        self.assertIn("it was sent before", self.notes(invoice))

    def test_new_version_of_what_odoo_itself_posted_waits_for_a_person(self):
        invoice = self.make_draft()
        self.confirm(invoice, answers={"ana@alfa.example": (550, b"No such user")})
        self.assertTrue(invoice._ensure_invoice_pdf())
        way = OtherWay("post", "Post", "sent", "Sent")
        Move = type(self.env["account.move"])
        with patch.object(
            Move,
            "_get_invoice_other_ways",
            lambda moves: {move.id: [way] for move in moves},
        ):
            invoice.button_draft()
            self.assertFalse(self.confirm(invoice))
        self.assertIn("it was sent before", self.notes(invoice))

    def test_new_version_of_what_only_had_its_pdf_made_leaves(self):
        invoice = self.make_draft()
        self.company.invoice_send_on_confirm = False
        invoice.action_post()
        data = {invoice: {"sending_methods": ["manual"]}}
        run = self.env["invoice.send.run"].sudo()._create_for_moves(data)
        run.line_ids.state = "written"
        self.assertTrue(run.line_ids.goes_to_nobody)
        self.company.invoice_send_on_confirm = True
        invoice.button_draft()
        self.assertEqual(len(self.confirm(invoice)), 1)
        self.assertNotIn("it was sent before", self.notes(invoice))

    def test_what_another_app_tried_at_once_is_not_tried_again(self):
        invoice = self.make_draft()
        invoice.action_post()
        with self.mail_server({"ana@alfa.example": (550, b"No such user")}):
            invoice.sudo()._generate_and_send()
        self.assertEqual(invoice.invoice_delivery_ids.state, "error")
        self.assertFalse(self.run_cron())
        self.assertEqual(len(invoice.invoice_send_line_ids), 1)

    def test_what_became_of_many_documents_is_one_query(self):
        sent, fresh = self.make_draft(), self.make_draft()
        self.confirm(sent)
        self.env.flush_all()
        with self.assertQueryCount(1):
            past = (sent | fresh)._get_sending_past()
        self.assertEqual(past, {sent.id: "left"})

    def test_what_another_app_sends_at_once_is_sent_once(self):
        invoice = self.make_draft()
        with self.mail_server() as taken:
            invoice.action_post()
            invoice.sudo()._generate_and_send()  # as the point of sale does
        self.assertEqual(len(taken), 1)
        self.assertFalse(self.run_cron())
        self.assertNotIn("automatically", self.notes(invoice))

    def test_what_a_person_sent_meanwhile_is_sent_once(self):
        invoice = self.make_draft()
        invoice.action_post()
        self.assertEqual(len(self.send(invoice)), 1)
        self.assertFalse(self.run_cron())

    def test_what_was_sent_in_another_system_is_not_sent(self):
        invoice = self.make_draft(is_move_sent=True)
        self.assertFalse(self.confirm(invoice))

    def test_what_comes_with_a_file_or_an_app_is_not_sent(self):
        for key in ("install_mode", "import_file"):
            with self.subTest(key=key):
                invoice = self.make_draft().with_context(**{key: True})
                self.assertFalse(self.confirm(invoice))

    def test_confirm_and_send_sends_nothing_by_itself(self):
        invoices = self.make_draft() | self.make_draft()
        invoices.action_confirm_and_send()
        self.assertEqual(set(invoices.mapped("state")), {"posted"})
        self.assertFalse(self.requests.search([]))
        self.assertFalse(self.run_cron())

    def test_recurring_invoice_leaves_in_the_companys_name(self):
        self.company.invoice_sender_name = "Seller invoices"
        today = fields.Date.context_today(self.company)
        invoice = self.make_draft(
            invoice_date=today, auto_post="monthly", auto_post_until=False
        )
        root = self.env.ref("base.user_root")
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            self.env["account.move"].with_user(root)._autopost_draft_entries()
        self.assertEqual(invoice.state, "posted")
        [(_to, message)] = self.run_cron()
        self.assertEqual(message["From"], "Seller invoices <office@seller.example>")
        self.assertEqual(invoice.invoice_delivery_ids.run_id.user_id, root)

    def test_future_invoice_leaves_on_its_day(self):
        tomorrow = fields.Date.context_today(self.company) + timedelta(days=1)
        invoice = self.make_draft(invoice_date=tomorrow)
        invoice._post(soft=True)
        self.assertEqual(invoice.state, "draft")
        self.assertFalse(self.run_cron())

    def test_posting_gives_back_what_it_posted(self):
        invoice = self.make_draft()
        self.assertEqual(invoice._post(soft=False), invoice)

    def count_queries(self, count, wanted):
        self.company.invoice_send_on_confirm = wanted
        drafts = self.env["account.move"].union(
            *(self.make_draft() for _number in range(count))
        )
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        drafts.action_post()
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def test_posting_costs_the_same_few_queries_whatever_the_number(self):
        self.count_queries(1, True)  # warm
        for count in (1, 10):
            with self.subTest(count=count):
                more = self.count_queries(count, True) - self.count_queries(
                    count, False
                )
                self.assertLessEqual(more, 10)

    def test_run_costs_the_same_queries_whatever_the_number(self):
        counts = {}
        for number in (1, 10, 100):
            drafts = self.env["account.move"].union(
                *(self.make_draft() for _number in range(number))
            )
            drafts.action_post()
            self.env.flush_all()
            self.env.invalidate_all()
            Run = type(self.env["invoice.send.run"])
            with patch.object(Run, "_start", lambda run: None):
                before = self.cr.sql_log_count
                self.requests._write_runs()
                self.env.flush_all()
                counts[number] = self.cr.sql_log_count - before
            self.assertFalse(self.requests.search([]))
        self.assertLessEqual(counts[1], 74)
        self.assertLessEqual(counts[100], counts[10] + 5)
