import re
from unittest.mock import patch

from odoo.tests import tagged

from ..models import invoice_delivery
from .common import PayCase

STATE = re.compile(r'id="payment"[^>]*data-state="(\w+)"')


@tagged("-at_install", "post_install")
class TestPayStatus(PayCase):
    """What the client's page says of the payment."""

    def read_state(self, url=None):
        """:return: the word on the client's page, ``""`` for none"""
        text = self.url_open(url or self.url).text
        found = STATE.search(text)
        return found[1] if found else ""

    def test_page_says_what_became_of_the_payment(self):
        self.assertEqual(self.read_state(), "")
        self.let_capture()
        for state, word in (
            ("draft", ""),
            ("pending", "pending"),
            ("authorized", "pending"),
            ("done", "paid"),
            ("cancel", "failed"),
            ("error", "failed"),
        ):
            transaction = self.pay(state)
            with self.subTest(state=state):
                self.assertEqual(self.read_state(), word)
            transaction.unlink()

    def test_the_last_try_counts(self):
        self.pay("error")
        self.pay("draft")
        self.assertEqual(self.read_state(), "failed")
        self.pay("pending")
        self.assertEqual(self.read_state(), "pending")

    def test_failed_payment_can_be_tried_again(self):
        self.pay("error")
        self.assertIn(f"{self.url}/pay", self.get().text)

    def test_failure_is_told_to_the_one_who_tried(self):
        other = self.make_delivery(self.invoice, email="ion@x.example", state="sent")
        self.pay("error")
        self.assertEqual(self.read_state(self.get_url(other)), "")
        self.pay("done")
        self.assertEqual(self.read_state(self.get_url(other)), "paid")

    def test_paid_document_is_paid_and_has_no_pay_button(self):
        self.pay("done")._post_process()
        self.assertIn(self.invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(self.read_state(), "paid")
        self.assertNotIn(f"{self.url}/pay", self.get().text)

    def test_part_that_is_open_after_a_payment_can_be_paid(self):
        self.pay("done", amount=30)._post_process()
        self.assertEqual(self.read_state(), "")
        self.assertEqual(
            float(self.read_form()["amount"]), self.invoice.amount_residual
        )

    def test_bank_transfer_shows_what_the_seller_says_of_it(self):
        self.provider.pending_msg = "<p>IBAN RO49AAAA1B31</p>"
        self.pay("pending")
        self.assertNotIn("RO49AAAA1B31", self.get().text)
        # the kind of payment_custom, which need not be installed
        with patch.object(invoice_delivery, "TRANSFER_PROVIDERS", ("none",)):
            self.assertEqual(self.read_state(), "transfer")
            self.assertIn("RO49AAAA1B31", self.get().text)

    def test_document_paid_another_way_says_nothing(self):
        self.register_payment(self.invoice.amount_residual)
        self.assertEqual(self.read_state(), "")
