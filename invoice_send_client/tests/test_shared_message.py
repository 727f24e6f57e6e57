from odoo.tests import tagged

from .test_client_page import BROWSER, ClientPageCase


@tagged("-at_install", "post_install")
class TestSharedMessage(ClientPageCase):
    """One message to all: one link, followed at somebody who got it (B10, B19)."""

    def setUp(self):
        super().setUp()
        self.company.invoice_copy_mode = "shared"

    def send_to_all(self, answers=None, **values):
        """Send one message, and let its link be followed.

        :return: the deliveries, as they stand in the window
        """
        self.invoice = self.make_invoice()
        values = {"email_to": "ana@alfa.example; ion@alfa.example", **values}
        self.mails = self.send(self.invoice, answers, **values)
        deliveries = self.invoice.invoice_delivery_ids.sudo().sorted("id")
        for delivery in deliveries.filtered("sent_datetime"):
            self.make_older(delivery)
        self.url = deliveries[0]._get_landing_url().partition("example.com")[2]
        return deliveries

    def read_mail(self, number=0):
        """:return: the text of a mail that left"""
        return self.mails[number][1].get_body(("html",)).get_content()

    def test_look_says_nothing_of_whom_the_server_refused(self):
        refused, sent = self.send_to_all({"ana@alfa.example": (550, b"No such user")})
        self.assertIn(self.url, self.read_mail())
        self.beacon(self.open_page(), visible_ms=9000)
        self.assertEqual((refused.state, sent.state), ("error", "view"))
        self.assertTrue(self.invoice.invoice_delivery_problem)
        self.assertEqual(self.invoice.invoice_delivery_state, "view")

    def test_answer_counts_while_the_first_recipient_is_put_off_or_withdrawn(self):
        for is_withdrawn in (False, True):
            with self.subTest(is_withdrawn=is_withdrawn):
                waiting, sent = self.send_to_all({"ana@alfa.example": (451, b"Later")})
                if is_withdrawn:
                    waiting.run_id.action_cancel_waiting()
                nonce = self.open_page()
                response = self.post("/accept", nonce=nonce, name="Ion")
                self.assertEqual(response.status_code, 200, response.text)
                self.assertEqual(sent.state, "accept")
                state = "cancel" if is_withdrawn else "outgoing"
                self.assertEqual(waiting.state, state)

    def test_mail_of_who_was_put_off_brings_the_link_that_the_others_have(self):
        waiting, sent = self.send_to_all({"ana@alfa.example": (451, b"Later")})
        waiting.next_attempt_datetime = False
        with self.mail_server() as self.mails:
            self.env["invoice.send.run"].sudo()._process_due()
        self.assertEqual(waiting.state, "sent")
        self.assertIn(self.url, self.read_mail())
        self.beacon(self.open_page(), visible_ms=9000)
        self.assertEqual((waiting.state, sent.state), ("sent", "view"))

    def test_link_is_followed_at_another_one_after_a_bounce(self):
        first, second = self.send_to_all()
        first._set_bounced("550 No such user")
        self.beacon(self.open_page(), visible_ms=9000)
        self.assertEqual((first.state, second.state), ("bounce", "view"))
        self.assertEqual(first._get_landing_url(), second._get_landing_url())

    def test_colleague_who_stands_first_keeps_no_client_from_answering(self):
        colleague = self.env.user.partner_id
        colleague.email = "boss@seller.example"
        deliveries = self.send_to_all(email_to="boss@seller.example; ana@alfa.example")
        self.assertEqual(deliveries.mapped("is_internal"), [True, False])
        self.post("/accept", nonce=self.open_page(), name="Ana")
        self.assertEqual(deliveries[1].state, "accept")
        self.assertEqual(self.invoice.invoice_delivery_state, "accept")

    def test_hidden_copy_has_a_link_of_its_own_that_counts_for_nobody(self):
        deliveries = self.send_to_all(email_bcc="boss@seller.example")
        self.assertEqual(
            [to for to, _mail in self.mails],
            [["ana@alfa.example", "ion@alfa.example"], ["boss@seller.example"]],
        )
        hidden = deliveries[2]
        self.assertIn(hidden._get_landing_url(), self.read_mail(1))
        self.assertNotIn(self.url, self.read_mail(1))
        self.url = self.get_url(hidden)
        self.beacon(self.open_page(), visible_ms=9000)
        self.assertEqual(hidden.state, "view")
        self.assertEqual(deliveries[:2].mapped("state"), ["sent", "sent"])
        self.assertFalse(self.invoice.invoice_view_datetime)

    def test_link_is_revoked_and_renewed_for_all_whoever_s_row_is_pressed(self):
        first, second = self.send_to_all()
        second.action_revoke_link()
        self.assertEqual(self.get().status_code, 404)
        self.assertFalse(first.is_link_open)
        self.assertIn("action_renew_link", second._get_panel_actions())
        second.action_renew_link()
        self.assertEqual(first._get_landing_url(), second._get_landing_url())
        url = second._get_landing_url().partition("example.com")[2]
        self.assertEqual(self.url_open(url, headers=BROWSER).status_code, 200)

    def test_mail_that_is_sent_again_after_the_link_was_revoked_brings_a_new_one(self):
        first, second = self.send_to_all({"ion@alfa.example": (550, b"No")})
        first.action_revoke_link()
        with self.mail_server() as self.mails:
            second.action_retry()
        self.assertEqual(second.state, "sent")
        self.assertIn(first._get_landing_url(), self.read_mail())

    def test_new_link_is_mailed_to_all_who_have_the_old_one(self):
        answers = {"c@alfa.example": (550, b"No")}
        self.send_to_all(answers, email_cc="c@alfa.example")
        self.company.invoice_link_expiry_days = 10
        self.invoice.sudo().invoice_delivery_ids.sent_datetime = "2020-01-01"
        self.assertEqual(self.post("/renew").status_code, 404)
        mails = self.env["mail.mail"].sudo().search([], order="id desc", limit=1)
        self.assertEqual(mails.email_to, "ana@alfa.example, ion@alfa.example")
