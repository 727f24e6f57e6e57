"""Sending inside the system: who gets it, beside e-mail or alone, and what fails."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import InvoiceSendCase


@tagged("post_install", "-at_install")
class TestNetwork(InvoiceSendCase):
    """A customer with portal users."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_a.invoice_sending_method = False
        cls.ana = cls.make_portal_user("ana.portal", cls.partner_a)

    @classmethod
    def make_portal_user(cls, login, customer):
        """:return: a portal user below a customer"""
        user = new_test_user(
            cls.env,
            login,
            groups="base.group_portal",
            name=login.title(),
            email=f"{login}@alfa.example",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        user.partner_id.parent_id = customer
        return user

    def get_deliveries(self, move, method="network"):
        """:return: the document's deliveries by one method"""
        return move.invoice_delivery_ids.filtered(lambda d: d.sending_method == method)

    # -- what is ticked ----------------------------------------------------------------

    def test_both_are_ticked_for_a_customer_with_a_portal_user(self):
        move = self.make_invoice()
        methods = self.env["account.move.send"]._get_default_sending_methods(move)
        self.assertEqual(methods, {"email", "network"})

    def test_network_is_not_ticked_where_nobody_could_get_it(self):
        self.ana.active = False
        move = self.make_invoice()
        Send = self.env["account.move.send"]
        self.assertEqual(Send._get_default_sending_methods(move), {"email"})
        self.assertIn("no access to the portal", Send._get_network_problem(move))

    def test_company_and_customer_choose_otherwise(self):
        move = self.make_invoice()
        Send = self.env["account.move.send"]
        self.company.invoice_network_by_default = False
        self.assertEqual(Send._get_default_sending_methods(move), {"email"})
        self.partner_a.invoice_sending_method = "network"
        self.assertEqual(Send._get_default_sending_methods(move), {"network"})
        self.company.invoice_network_by_default = True
        self.partner_a.invoice_sending_method = "email"
        self.assertEqual(Send._get_default_sending_methods(move), {"email"})

    def test_user_of_another_company_gets_nothing(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.ana.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        move = self.make_invoice()
        self.assertFalse(
            self.env["account.move.send"]._get_network_recipients(move)[move.id]
        )

    def test_vendor_bill_goes_to_nobody(self):
        bill = self.init_invoice("in_invoice", partner=self.partner_a, amounts=[10])
        Send = self.env["account.move.send"]
        self.assertEqual(Send._get_network_recipients(bill), {bill.id: []})

    # -- what becomes of it ------------------------------------------------------------

    def test_both_ways_are_two_deliveries_and_one_mail(self):
        move = self.make_invoice()
        taken = self.send(move, sending_methods=["email", "network"])
        self.assertEqual([to for to, _message in taken], [["ana@alfa.example"]])
        network = self.get_deliveries(move)
        self.assertEqual(network.portal_user_id, self.ana)
        self.assertEqual(network.state, "sent")
        self.assertEqual(self.get_deliveries(move, "email").state, "sent")
        self.assertEqual(move.invoice_delivery_state, "sent")
        run = network.run_id
        self.assertEqual((run.sent_count, run.failed_count), (1, 0))

    def test_network_alone_writes_no_letter_and_counts_as_sent(self):
        move = self.make_invoice()
        before = move.message_ids
        taken = self.send(move, sending_methods=["network"])
        self.assertFalse(taken)
        self.assertEqual(self.get_deliveries(move).state, "sent")
        self.assertFalse(self.get_deliveries(move, "email"))
        self.assertEqual(move.invoice_delivery_state, "sent")
        self.assertTrue(move.invoice_sent_datetime)
        notes = (move.message_ids - before).mapped("body")
        self.assertTrue(any("portal of Ana.Portal" in note for note in notes), notes)

    def test_each_portal_user_of_the_customer_has_a_delivery(self):
        ion = self.make_portal_user("ion.portal", self.partner_a)
        self.make_portal_user("stranger", self.partner_b)
        move = self.make_invoice()
        self.send(move, sending_methods=["network"])
        self.assertEqual(self.get_deliveries(move).portal_user_id, self.ana + ion)

    def test_mail_that_is_refused_leaves_the_network_sent(self):
        move = self.make_invoice()
        self.send(
            move,
            {"ana@alfa.example": (550, b"No such user")},
            sending_methods=["email", "network"],
        )
        self.assertEqual(self.get_deliveries(move).state, "sent")
        self.assertEqual(self.get_deliveries(move, "email").state, "error")
        self.assertEqual(move.invoice_delivery_state, "sent")
        self.assertTrue(move.invoice_delivery_problem)

    def test_network_does_not_wait_for_a_mail_server_that_is_not_reached(self):
        move = self.make_invoice()
        self.send(
            move,
            {"ana@alfa.example": ConnectionRefusedError("no")},
            sending_methods=["email", "network"],
        )
        self.assertEqual(self.get_deliveries(move).state, "sent")

    def test_refusal_of_the_clients_side_is_told_in_words(self):
        move = self.make_invoice()
        Delivery = type(self.env["invoice.delivery"])
        words = "Ana may not read it."
        with patch.object(Delivery, "_bring_to_portal", side_effect=UserError(words)):
            self.send(move, sending_methods=["email", "network"])
        network = self.get_deliveries(move)
        self.assertEqual((network.state, network.failure_type), ("error", "network"))
        self.assertEqual(network.failure_reason, words)
        self.assertEqual(self.get_deliveries(move, "email").state, "sent")
        self.assertIn("Ana.Portal", network._get_problem_text())
        network.action_retry()
        self.assertEqual(network.state, "sent")

    def test_window_unticks_the_way_by_which_all_got_it(self):
        move = self.make_invoice()
        wizard = self.make_wizard(move, sending_methods=["email", "network"])
        answers = {"ana@alfa.example": (550, b"No such user")}
        with self.mail_server(answers):
            wizard.action_send_and_print()
        self.assertTrue(wizard.send_problems)
        self.assertEqual(wizard.sending_methods, ["email"])
        self.assertFalse(wizard.reached_addresses)
        with self.mail_server() as taken:
            wizard.action_send_and_print()
        self.assertEqual(len(taken), 1)
        self.assertEqual(len(self.get_deliveries(move)), 1)

    def test_window_keeps_the_network_ticked_that_failed(self):
        move = self.make_invoice()
        wizard = self.make_wizard(move, sending_methods=["email", "network"])
        Delivery = type(self.env["invoice.delivery"])
        with (
            patch.object(Delivery, "_bring_to_portal", side_effect=UserError("No.")),
            self.mail_server(),
        ):
            wizard.action_send_and_print()
        self.assertEqual(wizard.sending_methods, ["network"])
        with self.mail_server() as taken:
            wizard.action_send_and_print()
        self.assertFalse(taken)
        self.assertEqual(
            sorted(self.get_deliveries(move).mapped("state")), ["error", "sent"]
        )

    def test_address_of_a_portal_user_is_not_taken_for_a_mailed_one(self):
        """A bounce of his mail leaves the document in the portal."""
        self.partner_a.email = self.ana.email
        move = self.make_invoice()
        self.send(move, sending_methods=["email", "network"])
        mailed = self.get_deliveries(move, "email")
        self.assertEqual(mailed.email, self.get_deliveries(move).email)
        self.assertEqual(mailed.mail_message_id.partner_ids, mailed.partner_id)
        self.assertFalse(self.get_deliveries(move).mail_message_id)

    def test_what_nobody_foresaw_fails_alone_and_is_told(self):
        move = self.make_invoice()
        Delivery = type(self.env["invoice.delivery"])
        with (
            patch.object(Delivery, "_bring_to_portal", side_effect=ZeroDivisionError),
            self.assertLogs("odoo.addons.invoice_send_client", "ERROR"),
        ):
            self.send(move, sending_methods=["email", "network"])
        self.assertIn("administrator", self.get_deliveries(move).failure_reason)
        self.assertEqual(self.get_deliveries(move, "email").state, "sent")

    def test_window_refuses_network_without_anybody_to_get_it(self):
        self.ana.active = False
        move = self.make_invoice()
        wizard = self.make_wizard(move, sending_methods=["network"])
        with self.assertRaisesRegex(UserError, "no access to the portal"):
            wizard.action_send_and_print()

    def test_second_sending_takes_the_place_of_what_waits(self):
        move = self.make_invoice()
        self.send(
            move, sending_methods=["network"], scheduled_datetime="2999-01-01 00:00:00"
        )
        self.get_deliveries(move).sudo().failure_reason = "Locked by somebody."
        self.send(move, sending_methods=["network"])
        self.assertEqual(
            sorted(self.get_deliveries(move).mapped("state")), ["cancel", "sent"]
        )

    def test_reset_to_draft_withdraws_what_waits(self):
        move = self.make_invoice()
        self.send(
            move, sending_methods=["network"], scheduled_datetime="2999-01-01 00:00:00"
        )
        move.button_draft()
        self.assertEqual(self.get_deliveries(move).state, "cancel")

    def test_many_documents_go_both_ways(self):
        moves = self.make_invoice() + self.make_invoice() + self.make_invoice()
        wizard = (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({})
        )
        for line in wizard.line_ids:
            self.assertEqual(line.sending_methods, ["email", "network"])
        with self.mail_server() as taken:
            wizard.action_send_and_print()
            self.env["invoice.send.run"]._process_due()
        self.assertEqual(len(taken), 3)
        self.assertEqual(moves.invoice_delivery_ids.mapped("state"), ["sent"] * 6)

    def test_opening_many_asks_no_query_for_each(self):
        moves = self.env["account.move"].union(
            *[self.make_invoice() for _number in range(10)]
        )
        Send = self.env["account.move.send"]
        counts = []
        for some in (moves, moves[:1], moves):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            Send._get_network_recipients(some)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts[1:])

    def test_sending_without_a_window_brings_it_as_well(self):
        move = self.make_invoice()
        with self.mail_server() as taken:
            self.env["account.move.send"]._generate_and_send_invoices(
                move, sending_methods=["network"]
            )
        self.assertFalse(taken)
        self.assertEqual(self.get_deliveries(move).state, "sent")

    def test_panel_shows_the_method_and_no_link(self):
        move = self.make_invoice()
        self.send(move, sending_methods=["network"])
        values = self.get_deliveries(move)._get_panel_values()
        self.assertEqual(values["method"], "Client network")
        self.assertEqual(values["url"], "")
        self.assertEqual(values["actions"], ["action_resend"])
