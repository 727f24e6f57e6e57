"""What other apps send without a window, and nobody can get: never called sent (B1)."""

from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from .common import InvoiceSendCase


@tagged("post_install", "-at_install")
class TestSentToNobody(InvoiceSendCase):
    """Point of sale, shop and recurring invoices: nothing may stop them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.partner_a | cls.partner_b).invoice_sending_method = False

    def send_as_a_till(self, move, **settings):
        """Send as the point of sale does.

        :return: the mails that the server took
        """
        with self.mail_server() as taken:
            move.sudo()._generate_and_send(**settings)
        return taken

    def send_as_a_shop(self, moves, **settings):
        """Send as the shop and recurring invoices do.

        :return: the mails that the server took
        """
        with self.mail_server() as taken:
            self.env["account.move.send"]._generate_and_send_invoices(
                moves, allow_raising=False, allow_fallback_pdf=True, **settings
            )
        return taken

    def check_failed(self, move, failure_type):
        """:return: the document's one delivery, which failed"""
        [delivery] = move.invoice_delivery_ids
        self.assertEqual(
            (delivery.state, delivery.failure_type), ("error", failure_type)
        )
        self.assertTrue(delivery.is_unseen)
        self.assertTrue(move.invoice_delivery_problem)
        self.assertEqual(move.invoice_delivery_state, "error")
        self.assertFalse(move.invoice_sent_datetime)
        self.assertFalse(move.is_being_sent)
        run = delivery.run_id
        self.assertEqual((run.failed_count, run.sent_count), (1, 0))
        self.assertEqual(run.line_ids._get_outcome(), "failed")
        return delivery

    def test_what_is_no_address_gets_the_red_mark_and_is_never_called_sent(self):
        self.partner_a.email = "nobody at all"
        for send in (self.send_as_a_till, self.send_as_a_shop):
            with self.subTest(send=send.__name__):
                move = self.make_invoice()
                self.assertFalse(send(move))
                delivery = self.check_failed(move, "address")
                self.assertEqual(delivery.email, "nobody at all")
                self.assertIn("nobody at all. Mend it", delivery.failure_reason)
                self.assertTrue(move.invoice_pdf_report_id)

    def test_corrected_address_sends_the_letter_as_it_was_written(self):
        self.partner_a.email = "nobody at all"
        move = self.make_invoice()
        self.send_as_a_till(move)
        letters = move.message_ids
        dialog = self.env["invoice.delivery.correct.address"].create(
            {"delivery_id": move.invoice_delivery_ids.id, "email": "ana@alfa.example"}
        )
        self.assertTrue(dialog.save_on_partner)
        with self.mail_server() as taken:
            dialog.action_confirm()
        self.assertEqual([to for to, _mail in taken], [["ana@alfa.example"]])
        self.assertEqual(move.invoice_delivery_ids.state, "sent")
        self.assertFalse(move.invoice_delivery_problem)
        self.assertEqual(self.partner_a.email, "ana@alfa.example")
        self.assertEqual(move.message_ids, letters)

    def test_second_try_at_what_is_no_address_reaches_nobody(self):
        self.partner_a.email = "nobody at all"
        move = self.make_invoice()
        self.send_as_a_till(move)
        with self.mail_server() as taken:
            move.invoice_delivery_ids.action_retry()
        self.assertFalse(taken)
        self.check_failed(move, "address")

    def test_mail_that_waits_for_the_e_invoice_fails_without_a_letter(self):
        self.partner_a.email = "nobody at all"
        move = self.make_invoice()
        Line = type(self.env["invoice.send.run.line"])
        with patch.object(Line, "_is_about_edi", lambda line: True):
            self.send_as_a_till(move)
        line = self.check_failed(move, "address").line_id
        self.assertEqual(line.state, "failed")
        self.assertTrue(line.has_gone_other_ways)
        self.assertFalse(line.mail_message_id)

    def test_portal_user_who_is_archived_by_now_is_nobody(self):
        self.partner_a.invoice_sending_method = "network"
        user = new_test_user(self.env, "ana.portal", groups="base.group_portal")
        user.partner_id.parent_id = self.partner_a
        user.active = False
        move = self.make_invoice()
        self.assertFalse(self.send_as_a_shop(move))
        delivery = self.check_failed(move, "network")
        self.assertEqual(delivery.sending_method, "network")
        self.assertIn("no access to the portal", delivery.failure_reason)

    def test_portal_user_who_came_later_gets_it_at_the_second_try(self):
        self.partner_a.invoice_sending_method = "network"
        move = self.make_invoice()
        self.send_as_a_shop(move)
        delivery = self.check_failed(move, "network")
        delivery.action_retry()
        self.check_failed(move, "network")
        self.make_portal_user()
        delivery.action_retry()
        self.assertEqual((delivery.state, delivery.recipient_name), ("sent", "Ana"))

    def make_portal_user(self):
        user = new_test_user(
            self.env,
            "ana.portal",
            name="Ana",
            groups="base.group_portal",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        user.partner_id.parent_id = self.partner_a
        return user

    def test_wrong_address_is_told_though_the_portal_user_gets_it(self):
        self.make_portal_user()
        self.partner_a.email = "nobody at all"
        move = self.make_invoice()
        self.send_as_a_shop(move, sending_methods=["email", "network"])
        found = move.invoice_delivery_ids
        states = dict(
            zip(found.mapped("sending_method"), found.mapped("state"), strict=True)
        )
        self.assertEqual(states, {"email": "error", "network": "sent"})
        self.assertTrue(move.invoice_delivery_problem)

    def test_good_document_beside_it_leaves(self):
        self.partner_b.email = "nobody at all"
        good = self.make_invoice()
        bad = self.init_invoice(
            "out_invoice", partner=self.partner_b, amounts=[10.0], post=True
        )
        taken = self.send_as_a_shop(good | bad, sending_methods=["email"])
        self.assertEqual([to for to, _mail in taken], [["ana@alfa.example"]])
        self.assertEqual(good.invoice_delivery_state, "sent")
        self.assertFalse(good.invoice_delivery_problem)
        self.assertEqual(bad.invoice_delivery_ids.state, "error")
        run = bad.invoice_delivery_ids.run_id
        self.assertEqual((run.sent_count, run.failed_count), (1, 1))
