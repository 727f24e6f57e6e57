from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_company_client import CompanyClientCase

SECRET = "Our secret account 401 is closed"
LOGGER = "odoo.addons.invoice_send_client.models.invoice_delivery_company"


@tagged("-at_install", "post_install")
class TestCompanyClientLife(CompanyClientCase):
    # -- who receives ------------------------------------------------------------------

    def get_problem(self):
        company = self.buyer.with_user(self.selling_user)
        return company._get_invoice_network_problem(self.company)

    def test_company_that_switched_it_on_has_no_problem(self):
        self.assertIs(self.get_problem(), False)

    def test_company_that_did_not_switch_it_on_receives_nothing(self):
        self.buyer.invoice_receive_from_companies = False
        self.assertIn("Buyer EOOD has not switched on", self.get_problem())
        move = self.make_document()
        with self.assertRaisesRegex(UserError, "has not switched on"):
            self.bring(move)
        self.assertFalse(self.find_bills(move))

    def test_steps_aside_for_an_app_that_does_the_same(self):
        Module = type(self.env["ir.module.module"])
        installed = {**self.env["ir.module.module"]._installed()}
        installed["account_inter_company_rules"] = 1
        with patch.object(Module, "_installed", lambda _self: installed):
            self.assertIn("Inter Company Invoices Rules", self.get_problem())

    def test_company_sends_nothing_to_itself(self):
        problem = self.buyer._get_invoice_network_problem(self.buyer)
        self.assertIn("to itself", problem)

    def test_chosen_user_must_have_the_company(self):
        with self.assertRaisesRegex(ValidationError, "no access to this company"):
            self.buyer.invoice_receive_user_id = self.selling_user

    def test_chosen_user_must_be_allowed_to_make_bills(self):
        self.buying_user.group_ids = self.env.ref("base.group_user")
        with self.assertRaisesRegex(ValidationError, "may not create vendor bills"):
            self.buyer.invoice_receive_user_id = self.buying_user

    def test_who_is_told_must_have_the_company(self):
        with self.assertRaisesRegex(ValidationError, "Ana Pop can't be told"):
            self.buyer.invoice_receive_told_ids = self.selling_user

    def test_settings_ask_for_the_user(self):
        Settings = self.env["res.config.settings"].with_company(self.buyer)
        with self.assertRaisesRegex(ValidationError, "choose the user"):
            Settings.create(
                {
                    "invoice_receive_from_companies": True,
                    "invoice_receive_user_id": False,
                }
            )

    def test_whoever_switches_it_on_makes_the_bills_or_the_first_who_may(self):
        users = self.env["res.users"]
        off = {
            "invoice_receive_from_companies": False,
            "invoice_receive_user_id": False,
        }
        for chosen, expected in ((users, None), (self.buying_user, self.buying_user)):
            with self.subTest(chosen=chosen.name):
                self.buyer.write(off)
                on = {"invoice_receive_from_companies": True}
                if chosen:
                    on["invoice_receive_user_id"] = chosen.id
                self.buyer.write(on)
                user = self.buyer.invoice_receive_user_id
                self.assertEqual(user, expected or user)
                self.assertTrue(user)
                self.assertFalse(self.buyer._get_invoice_receive_user_problem(user))

    # -- refused in words --------------------------------------------------------------

    def check_refused(self, words):
        move = self.make_document()
        with self.assertRaisesRegex(UserError, words) as caught:
            self.bring(move)
        self.assertFalse(self.find_bills(move))
        return str(caught.exception)

    def test_user_who_lost_the_rights_is_told_to_the_sender(self):
        self.buying_user.group_ids = self.env.ref("base.group_user")
        text = self.check_refused("Buyer EOOD can't take INV")
        self.assertNotIn("Boris", text)

    def test_company_without_purchase_journal_is_told_to_the_sender(self):
        journals = self.env["account.journal"].with_company(self.buyer)
        journals.search(
            [("company_id", "=", self.buyer.id), ("type", "=", "purchase")]
        ).active = False
        self.check_refused("it has no purchase journal")

    def test_contact_that_the_buyer_does_not_see_is_told_to_the_sender(self):
        other = self.setup_other_company(name="Third")["company"]
        partner = self.company.partner_id
        # written below the ORM: Odoo itself keeps companies' contacts visible
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET company_id=%s, partner_share=true WHERE id=%s",
            (other.id, partner.id),
        )
        self.env.invalidate_all()
        self.check_refused("does not see the contact Seller SRL")

    @mute_logger(LOGGER)
    def test_words_of_the_buyer_s_rules_do_not_reach_the_sender(self):
        def refuse(_self, _values, _files):
            raise UserError(SECRET)

        Move = type(self.env["account.move"])
        with patch.object(Move, "_receive_document", refuse):
            text = self.check_refused("its accounting refuses the bill")
        self.assertNotIn("secret", text)

    # -- sent again --------------------------------------------------------------------

    def change(self, move, price=150.0):
        """Reset a document, change it and confirm it again."""
        move.button_draft()
        move.invoice_line_ids.price_unit = price
        move.action_post()
        self.env.flush_all()
        self.env.invalidate_all()  # Odoo takes the old PDF away below its cache

    def get_chatter(self, move):
        return " ".join(move.sudo().message_ids.mapped("body"))

    def test_second_sending_makes_no_second_bill_and_keeps_the_buyer_s_work(self):
        move = self.make_document()
        bill = self.bring(move)
        account = self.buyer_data["default_account_assets"]
        bill.invoice_line_ids.account_id = account.id
        self.assertEqual(self.bring(move), bill)
        self.assertEqual(bill.invoice_line_ids.account_id.id, account.id)
        self.assertIn("sent it again, unchanged", self.get_chatter(bill))
        files = self.env["ir.attachment"].search_count(
            [("res_model", "=", "account.move"), ("res_id", "=", bill.id)]
        )
        self.assertEqual(files, 1)

    def test_second_sending_of_a_changed_document_changes_the_draft(self):
        move = self.make_document()
        bill = self.bring(move)
        old = bill.message_main_attachment_id
        self.change(move)
        self.assertEqual(self.bring(move), bill)
        self.assertEqual(bill.amount_untaxed, 450.0)
        self.assertEqual(len(bill.invoice_line_ids), 1)
        self.assertFalse(bill.invoice_received_notice)
        self.assertFalse(bill.invoice_received_difference)
        self.assertIn("lines and prices were replaced", self.get_chatter(bill))
        self.assertNotEqual(bill.message_main_attachment_id, old)

    def test_posted_bill_is_never_changed(self):
        move = self.make_document()
        bill = self.bring(move)
        bill.action_post()
        pdf = bill.message_main_attachment_id
        self.change(move)
        self.assertEqual(self.bring(move), bill)
        self.assertEqual((bill.state, bill.amount_untaxed), ("posted", 300.0))
        self.assertEqual(bill.invoice_received_notice, "changed")
        self.assertIn("was left as it is", bill.invoice_received_notice_text)
        self.assertEqual(bill.activity_ids.user_id, self.buying_user)
        self.assertEqual(bill.message_main_attachment_id, pdf)
        self.assertEqual(len(bill.attachment_ids), 2)

    def test_notice_that_is_out_of_date_is_no_work_any_more(self):
        move = self.make_document()
        bill = self.bring(move)
        bill.action_post()
        move.button_draft()
        self.assertTrue(bill.activity_ids)
        move.action_post()
        self.bring(move)
        self.assertFalse(bill.activity_ids)

    def test_posted_bill_of_an_unchanged_document_has_no_notice(self):
        move = self.make_document()
        bill = self.bring(move)
        bill.action_post()
        move.button_draft()
        self.assertEqual(bill.invoice_received_notice, "withdrawn")
        move.action_post()
        self.bring(move)
        self.assertFalse(bill.invoice_received_notice)

    def test_draft_that_was_deleted_comes_anew(self):
        move = self.make_document()
        self.bring(move).unlink()
        self.assertEqual(len(self.bring(move)), 1)

    def test_bill_that_was_cancelled_comes_anew_and_not_a_third_time(self):
        move = self.make_document()
        old = self.bring(move)
        old.button_cancel()
        self.bring(move)
        self.bring(move)
        self.assertEqual(len(self.find_bills(move) - old), 1)

    # -- withdrawn ---------------------------------------------------------------------

    def test_reset_to_draft_is_told_on_the_draft(self):
        move = self.make_document()
        bill = self.bring(move)
        move.with_user(self.selling_user).button_draft()
        self.assertEqual(bill.invoice_received_notice, "withdrawn")
        self.assertEqual(bill.state, "draft")
        self.assertIn("took INV", self.get_chatter(bill))
        self.assertFalse(bill.activity_ids)

    def test_cancelled_document_is_work_on_the_posted_bill(self):
        move = self.make_document()
        bill = self.bring(move)
        bill.action_post()
        move.with_user(self.selling_user).button_draft()
        move.with_user(self.selling_user).button_cancel()
        self.assertEqual(bill.invoice_received_notice, "cancelled")
        self.assertEqual(bill.state, "posted")
        self.assertTrue(bill.activity_ids)

    def test_look_in_the_vendor_s_portal_is_none_of_the_receiver_s(self):
        move = self.make_document()
        bill = self.bring(move)
        bill.action_post()
        user = new_test_user(
            self.env,
            login="isc_vendor",
            groups="base.group_portal",
            company_id=self.buyer.id,
            company_ids=[(6, 0, self.buyer.ids)],
        )
        user.partner_id.parent_id = self.company.partner_id
        portal = bill.with_user(user).with_context(allowed_company_ids=self.buyer.ids)
        self.assertTrue(portal.has_access("read"))
        portal.note_received_look()
        self.env.invalidate_all()
        self.assertFalse(move.sudo().invoice_delivery_ids.view_datetime)

    def test_words_of_another_company_are_text_in_the_work_that_they_make(self):
        self.company.name = '<a href="https://evil.example">Pay here</a>'
        move = self.make_document()
        bill = self.bring(move)
        bill.action_post()
        move.with_user(self.selling_user).button_draft()
        self.assertIn("Pay here", bill.activity_ids.note)
        self.assertNotIn("<a", bill.activity_ids.note)

    def test_reset_works_though_nobody_is_left_to_be_told(self):
        move = self.make_document()
        bill = self.bring(move)
        bill.action_post()
        self.buying_user.active = False
        move.with_user(self.selling_user).button_draft()
        self.assertEqual(bill.sudo().invoice_received_notice, "withdrawn")

    def test_amounts_of_a_withdrawn_document_are_not_shown_to_the_buyer(self):
        move = self.make_document()
        bill = self.bring(move)
        move.button_draft()
        move.invoice_line_ids.price_unit = 777.0
        self.assertEqual(bill.invoice_received_total, bill.amount_total)
        self.assertNotIn("777", bill.invoice_received_text)

    # -- told --------------------------------------------------------------------------

    def test_chosen_users_are_told(self):
        told = self.buying_user.copy(
            {"login": "told", "email": "told@buyer.example", "name": "Told"}
        )
        self.buyer.invoice_receive_told_ids = told
        bill = self.bring(self.make_document())
        message = bill.sudo().message_ids.filtered("notification_ids")
        self.assertEqual(
            message.notification_ids.res_partner_id,
            (told | self.buying_user).partner_id,
        )
        self.assertEqual(message.author_id, self.company.partner_id)
        self.assertIn("Received from Seller SRL", message.body)

    # -- answer and look ---------------------------------------------------------------

    def find_delivery(self, move):
        return move.sudo().invoice_delivery_ids[:1]

    def test_accept_goes_back_to_the_sender(self):
        move = self.make_document()
        bill = self.bring(move)
        self.assertTrue(bill.invoice_received_can_answer)
        bill.action_accept_received()
        delivery = self.find_delivery(move)
        self.assertEqual(delivery.state, "accept")
        self.assertEqual(delivery.answer_name, "Boris Kolev")
        self.assertRegex(delivery.answer_version, r"^[0-9a-f]{64}$")
        self.assertEqual(move.invoice_delivery_state, "accept")
        self.assertIn("Accepted by Boris Kolev, Buyer EOOD", self.get_chatter(move))
        self.assertEqual(bill.invoice_received_answer, "accept")
        self.assertIn("Accepted by Boris Kolev", bill.invoice_received_answer_text)

    def test_return_goes_back_to_the_sender_as_work(self):
        move = self.make_document()
        bill = self.bring(move)
        action = bill.action_return_received()
        Wizard = self.env[action["res_model"]].with_user(self.buying_user)
        Wizard = Wizard.with_context(**action["context"])
        with self.assertRaisesRegex(UserError, "Write why"):
            Wizard.create({"reason": "  "}).action_confirm()
        Wizard.create({"reason": "Wrong price"}).action_confirm()
        self.assertEqual(move.invoice_delivery_state, "return")
        self.assertEqual(self.find_delivery(move).return_reason, "Wrong price")
        self.assertIn("Wrong price", move.activity_ids.note)
        self.assertIn("Wrong price", bill.invoice_received_answer_text)

    def test_nothing_is_answered_to_a_withdrawn_document(self):
        move = self.make_document()
        bill = self.bring(move)
        move.button_draft()
        bill.invalidate_recordset()
        self.assertFalse(bill.invoice_received_can_answer)
        with self.assertRaisesRegex(UserError, "nothing to answer"):
            bill.action_accept_received()

    def test_opening_the_bill_is_a_look(self):
        move = self.make_document()
        bill = self.bring(move)
        bill.note_received_look()
        bill.note_received_look()
        self.assertEqual(move.invoice_delivery_state, "view")
        self.assertTrue(move.invoice_view_datetime)
        panel = move.get_invoice_delivery_panel()
        looks = [event for event in panel["events"] if event["type"] == "view"]
        self.assertEqual(len(looks), 1)
        self.assertIn("Viewed by Boris Kolev, Buyer EOOD", looks[0]["text"])
        move.invalidate_recordset()
        self.assertEqual(move.write_uid, self.env.ref("base.user_root"))

    def test_name_of_who_looked_is_erased_and_kept_no_longer_than_visits(self):
        def look():
            move = self.make_document()
            self.bring(move).note_received_look()
            delivery = move.sudo().invoice_delivery_ids
            self.assertIn("view", delivery.event_ids.mapped("event_type"))
            return delivery

        erased, kept = look(), look()
        erased._erase_tracking()
        self.assertNotIn("view", erased.event_ids.mapped("event_type"))
        self.assertEqual(erased.state, "view")
        self.company.invoice_event_retention_days = 30
        Event = self.env["invoice.delivery.event"].sudo()
        Event._gc_old_visits()
        self.assertIn("view", kept.event_ids.mapped("event_type"))
        old = fields.Datetime.now() - timedelta(days=31)
        kept.event_ids.event_datetime = old
        Event._gc_old_visits()
        self.assertNotIn("view", kept.event_ids.mapped("event_type"))

    def test_look_of_who_acts_in_the_seller_s_company_does_not_count(self):
        move = self.make_document()
        bill = self.bring(move)
        self.buying_user.company_ids = self.buyer | self.company
        both = (self.buyer | self.company).ids
        bill.with_context(allowed_company_ids=both).note_received_look()
        self.assertFalse(move.invoice_view_datetime)
        bill.with_context(allowed_company_ids=self.buyer.ids).note_received_look()
        self.assertTrue(move.invoice_view_datetime)

    def test_look_is_not_recorded_where_nobody_is_tracked(self):
        self.company.invoice_track_clients = False
        move = self.make_document()
        bill = self.bring(move)
        bill.note_received_look()
        self.assertFalse(move.invoice_view_datetime)
        bill.action_accept_received()
        self.assertEqual(move.invoice_delivery_state, "accept")

    # -- access ------------------------------------------------------------------------

    def test_seller_s_user_can_t_read_the_bill(self):
        bill = self.bring(self.make_document())
        as_seller = bill.with_user(self.selling_user)
        as_seller = as_seller.with_context(allowed_company_ids=self.company.ids)
        as_seller.invalidate_recordset()
        for deed in (
            lambda: as_seller.read(["ref"]),
            as_seller.note_received_look,
            as_seller.action_accept_received,
        ):
            with self.assertRaises(AccessError):
                deed()

    def test_buyer_s_user_can_t_read_the_seller_s_document(self):
        move = self.make_document()
        bill = self.bring(move)
        as_buyer = move.with_user(self.buying_user)
        as_buyer = as_buyer.with_context(allowed_company_ids=self.buyer.ids)
        as_buyer.invalidate_recordset()
        with self.assertRaises(AccessError):
            as_buyer.read(["name"])
        delivery = self.find_delivery(move).sudo(False).with_env(as_buyer.env)
        with self.assertRaises(AccessError):
            delivery.read(["state"])
        for name in ("invoice_received_from_id", "invoice_received_delivery_id"):
            with self.assertRaises(AccessError):
                bill.read([name])

    def test_reader_of_bills_can_t_answer(self):
        move = self.make_document()
        bill = self.bring(move)
        self.buying_user.group_ids = self.env.ref("account.group_account_readonly")
        with self.assertRaises(AccessError):
            bill.action_accept_received()
        self.assertFalse(move.sudo().invoice_delivery_ids.accept_datetime)

    def test_copy_of_a_bill_is_no_received_one(self):
        bill = self.bring(self.make_document())
        self.assertFalse(bill.copy().invoice_received_datetime)

    # -- cost --------------------------------------------------------------------------

    def count_queries(self, count):
        moves = [self.make_document() for _number in range(count)]
        deliveries = [self.make_network_delivery(move) for move in moves]
        for move in moves:
            move._ensure_invoice_pdf()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        for delivery in deliveries:
            delivery.with_user(self.selling_user).sudo()._bring_to_company()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_ten_documents_cost_no_more_than_ten_times_one(self):
        self.count_queries(1)
        one, ten = self.count_queries(1), self.count_queries(10)
        self.assertLessEqual(ten, 10 * one)
        self.assertLess(one, 130)

    def test_list_of_received_documents_costs_the_same_for_one_and_for_ten(self):
        names = ["invoice_received_answer", "invoice_received_text"]

        def read(bills):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            bills.read(names)
            return self.env.cr.sql_log_count - before

        bills = self.env["account.move"].browse()
        for _number in range(10):
            bills |= self.bring(self.make_document()).with_env(bills.env)
        bills = bills.with_env(self.find_bills(bills[0]).env)
        read(bills)
        self.assertEqual(read(bills[0]), read(bills))


@tagged("-at_install", "post_install")
class TestCompanyClientSend(CompanyClientCase):
    """The whole way, by a real press of Send."""

    def press_send(self, move, **values):
        """:return: the mails that left; Send is pressed by the seller's own user"""
        Wizard = self.env["account.move.send.wizard"].with_user(self.selling_user)
        Wizard = Wizard.with_context(
            active_model="account.move",
            active_ids=move.ids,
            allowed_company_ids=self.company.ids,
        )
        with self.mail_server() as taken:
            Wizard.create(values).action_send_and_print()
        self.env.invalidate_all()
        return taken

    def get_delivery(self, move):
        deliveries = move.sudo().invoice_delivery_ids
        return deliveries.filtered(lambda d: d.sending_method == "network")[:1]

    def test_company_gets_the_bill_and_the_mail_where_both_are_ticked(self):
        self.client.email = "office@buyer.example"
        move = self.make_document()
        taken = self.press_send(move, sending_methods=["email", "network"])
        self.assertEqual([to for to, _mail in taken], [["office@buyer.example"]])
        self.assertEqual(self.get_delivery(move).state, "sent")
        self.assertEqual(self.find_bills(move).amount_untaxed, 300.0)

    def test_network_is_ticked_for_a_company_and_it_has_the_bill_at_once(self):
        self.client.email = False
        move = self.make_document()
        Send = self.env["account.move.send"].with_user(self.selling_user)
        methods = Send._get_default_sending_methods(move.with_user(self.selling_user))
        self.assertIn("network", methods)
        self.press_send(move, sending_methods=["network"])
        self.assertEqual(move.invoice_delivery_state, "sent")
        self.assertEqual(self.find_bills(move).create_uid, self.buying_user)
        panel = move.get_invoice_delivery_panel()
        texts = [event["text"] for event in panel["events"]]
        self.assertIn("Brought to Buyer EOOD", texts)

    def test_company_that_can_t_take_it_is_told_to_the_sender(self):
        move = self.make_document()
        self.buying_user.group_ids = self.env.ref("base.group_user")
        self.press_send(move, sending_methods=["network"])
        delivery = self.get_delivery(move)
        self.assertEqual((delivery.state, delivery.failure_type), ("error", "network"))
        self.assertIn("Buyer EOOD can't take", delivery.failure_reason)
        self.assertFalse(self.find_bills(move))
        self.buying_user.group_ids = self.env.ref("account.group_account_invoice")
        delivery.with_user(self.selling_user).action_retry()
        self.assertEqual(delivery.state, "sent")
        self.assertEqual(len(self.find_bills(move)), 1)

    def test_company_without_the_switch_gets_nothing_and_the_window_says_so(self):
        self.buyer.invoice_receive_from_companies = False
        move = self.make_document()
        Send = self.env["account.move.send"].with_user(self.selling_user)
        as_seller = move.with_user(self.selling_user)
        self.assertFalse(Send._is_applicable_to_move("network", as_seller))
        problem = Send._get_network_problem(as_seller)
        self.assertIn("Buyer EOOD has not switched on", problem)

    def test_look_and_answer_of_the_bill_are_those_of_its_last_sending(self):
        move = self.make_document()
        self.press_send(move, sending_methods=["network"])
        self.press_send(move, sending_methods=["network"])
        bill = self.find_bills(move)
        bill.action_accept_received()
        last = max(move.sudo().invoice_delivery_ids, key=lambda d: d.id)
        self.assertEqual(last.state, "accept")
        self.assertEqual(len(move.sudo().invoice_delivery_ids), 2)
