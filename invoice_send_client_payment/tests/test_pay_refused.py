from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.invoice_send_client.controllers import client_page
from odoo.addons.invoice_send_client.tools.rate_limit import Rate
from odoo.addons.payment import utils as payment_utils

from .common import BROWSER, PayCase


@tagged("-at_install", "post_install")
class TestPayRefused(PayCase):
    """Who can't pay, what can't be paid, and where the payment's token leads."""

    def assert_refused(self, answer, words):
        """Nothing was begun, and the client reads why."""
        self.assertIn(words, answer["error"]["data"]["message"])
        self.assertEqual(answer["error"]["data"]["name"], "odoo.exceptions.UserError")
        self.assertFalse(self.get_transactions())

    # -- the link ----------------------------------------------------------------------

    def assert_is_dead(self, token):
        response = self.get("/pay")
        self.assertEqual(response.status_code, 404)
        self.assertIn('id="invoice_delivery_dead"', response.text)
        self.assertNotIn(self.invoice.name, response.text)
        self.assert_refused(self.begin(access_token=token), "no longer opens")

    def test_revoked_link_pays_nothing(self):
        token = self.read_form()["access-token"]
        self.delivery.is_link_alive = False
        self.assert_is_dead(token)

    def test_expired_link_pays_nothing(self):
        token = self.read_form()["access-token"]
        self.company.invoice_link_expiry_days = 5
        long_ago = fields.Datetime.now() - timedelta(days=9)
        self.delivery.write(
            dict.fromkeys(("link_datetime", "look_datetime", "sent_datetime"), long_ago)
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE invoice_delivery SET create_date = %s WHERE id = %s",
            (long_ago, self.delivery.id),
        )
        self.env.invalidate_all()
        self.assert_is_dead(token)

    def test_link_of_what_was_reset_to_draft_pays_nothing(self):
        token = self.read_form()["access-token"]
        self.invoice.button_draft()
        self.assert_is_dead(token)

    def test_forged_link_pays_nothing(self):
        token = self.read_form()["access-token"]
        self.url = "/invoice/d/" + "x" * 49
        self.assert_is_dead(token)

    # -- the payment's token -----------------------------------------------------------

    def test_token_of_another_link_or_of_odoo_begins_no_payment(self):
        other = self.make_delivery(self.invoice, state="sent")
        others = self.make_delivery(self.make_invoice(), state="sent")
        native = payment_utils.generate_access_token(
            self.partner_a.id, 100.0, self.invoice.currency_id.id, env=self.env
        )
        tokens = [
            other._get_payment_token(),
            others._get_payment_token(),
            native,
            self.invoice._portal_ensure_token(),
            "é",
            "\ud800",
            "",
            None,
            7,
        ]
        for token in tokens:
            with self.subTest(token=token):
                self.assert_refused(self.begin(access_token=token), "has changed")

    def test_payment_s_token_opens_nothing_of_odoo_s(self):
        token = self.read_form()["access-token"]
        values = {
            "amount": self.invoice.amount_residual,
            "currency_id": self.invoice.currency_id.id,
            "partner_id": self.partner_a.id,
            "access_token": token,
        }
        query = "&".join(f"{key}={value}" for key, value in values.items())
        for address in (
            f"/payment/pay?{query}",
            f"/payment/pay?invoice_id={self.invoice.id}&{query}",
            f"/my/invoices/{self.invoice.id}?access_token={token}",
        ):
            with self.subTest(address=address):
                response = self.url_open(
                    address, headers=BROWSER, allow_redirects=False
                )
                self.assertNotEqual(response.status_code, 200)
        form = {
            "provider_id": self.provider.id,
            "payment_method_id": self.payment_method.id,
            "token_id": None,
            "flow": "redirect",
            "tokenization_requested": False,
            "landing_route": "/my",
            **values,
        }
        self.assertIn("error", self.call("/payment/transaction", form))
        path = f"/invoice/transaction/{self.invoice.id}"
        form.pop("currency_id")
        form.pop("partner_id")
        self.assertIn("error", self.call(path, form))
        self.assertFalse(self.get_transactions())

    # -- what is to be paid ------------------------------------------------------------

    def test_document_that_was_paid_meanwhile_is_not_paid_again(self):
        token = self.read_form()["access-token"]
        self.register_payment(self.invoice.amount_residual)
        self.assert_refused(self.begin(access_token=token), "has changed")
        response = self.get("/pay", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith(self.url))
        self.assertNotIn("/pay", self.get().text)

    def test_amount_that_changed_meanwhile_is_shown_before_it_is_paid(self):
        token = self.read_form()["access-token"]
        self.register_payment(30)
        self.assert_refused(self.begin(access_token=token), "has changed")
        self.assertEqual(
            float(self.read_form()["amount"]), self.invoice.amount_residual
        )

    def test_payment_that_arrived_but_is_not_booked_is_not_made_again(self):
        # one that waits for its provider stops the next by Odoo's own rule
        token = self.read_form()["access-token"]
        transaction = self.pay("done")
        self.assertNotIn(f"{self.url}/pay", self.get().text)
        self.assertEqual(self.get("/pay", allow_redirects=False).status_code, 303)
        self.assertIn("error", self.begin(access_token=token))
        self.assertEqual(self.get_transactions(), transaction)

    def test_document_to_be_accepted_first_is_not_paid_before(self):
        token = self.read_form()["access-token"]
        self.company.invoice_accept_before_download = True
        self.env.flush_all()
        self.assertNotIn(f"{self.url}/pay", self.get().text)
        self.assertEqual(self.get("/pay", allow_redirects=False).status_code, 303)
        self.assert_refused(self.begin(access_token=token), "has changed")

    def test_credit_note_shows_no_pay_button(self):
        refund = self.init_invoice(
            "out_refund", partner=self.partner_a, amounts=[100.0], post=True
        )
        self.url = self.get_url(self.make_delivery(refund, state="sent"))
        self.assertNotIn(f"{self.url}/pay", self.get().text)

    def test_nothing_is_paid_where_the_company_has_it_off(self):
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("account_payment.enable_portal_payment", "False")
        self.assertNotIn(f"{self.url}/pay", self.get().text)
        self.assertEqual(self.get("/pay", allow_redirects=False).status_code, 303)

    def test_provider_without_a_way_of_paying_shows_no_pay_button(self):
        self.payment_method.active = False
        self.env.flush_all()
        self.assertNotIn(f"{self.url}/pay", self.get().text)

    # -- how ---------------------------------------------------------------------------

    def test_what_the_page_does_not_offer_is_refused(self):
        unpublished = self.make_provider(self.company, is_published=False)
        disabled = self.make_provider(self.company, state="disabled")
        method = self.payment_method.copy({"code": "isc_other", "provider_ids": [(5,)]})
        for values in (
            {"provider_id": unpublished.id},
            {"provider_id": disabled.id},
            {"provider_id": None},
            {"provider_id": "1"},
            {"payment_method_id": method.id},
            {"payment_method_id": None},
            {"flow": "token", "token_id": 1},
            {"flow": "offline"},
            {"flow": None},
        ):
            with self.subTest(**values):
                self.assert_refused(self.begin(**values), "not offered")

    def test_provider_of_another_company_is_neither_shown_nor_taken(self):
        other = self.setup_other_company(name="Other SRL")["company"]
        theirs = self.make_provider(other)
        self.assertNotIn(f'data-provider-id="{theirs.id}"', self.get("/pay").text)
        self.assert_refused(self.begin(provider_id=theirs.id), "not offered")

    def test_document_of_another_company_is_paid_to_that_company(self):
        other = self.setup_other_company(name="Other SRL")["company"]
        theirs = self.make_provider(other)
        self.invoice = self.init_invoice(
            "out_invoice",
            partner=self.partner_a,
            amounts=[100.0],
            post=True,
            company=other,
        )
        self.delivery = self.make_delivery(self.invoice, state="sent")
        self.url = self.get_url(self.delivery)
        self.assert_refused(self.begin(), "not offered")
        self.begin(provider_id=theirs.id)
        self.assertEqual(self.get_transactions().company_id, other)

    def test_flood_is_held_back(self):
        token = self.read_form()["access-token"]
        rates = {"answer": Rate(1, 60), "look": Rate(1, 60)}
        client_page.LIMITER = client_page.Limiter()
        with patch.dict(client_page.RATES, rates):
            self.begin(access_token="x")
            self.assert_refused(self.begin(access_token=token), "too many requests")
            self.get("/pay")
            self.assertEqual(self.get("/pay").status_code, 429)
