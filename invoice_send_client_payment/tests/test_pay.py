from odoo import SUPERUSER_ID, fields
from odoo.tests import tagged

from .common import PayCase


@tagged("-at_install", "post_install")
class TestPay(PayCase):
    """The way from the client's page to the payment and back."""

    def assert_tells_no_portal(self, text):
        self.assertNotIn("/my", text)
        self.assertNotIn("access_token=", text)
        self.env.invalidate_all()
        tokens = self.env["account.move"].search([]).mapped("access_token")
        for token in filter(None, tokens):
            self.assertNotIn(token, text)

    def test_pay_button_leads_to_a_page_of_the_same_link(self):
        self.assertIn(f'href="{self.url}/pay"', self.get().text)
        form = self.read_form()
        self.assertEqual(float(form["amount"]), self.invoice.amount_residual)
        self.assertEqual(form["transaction-route"], f"{self.url}/pay/transaction")
        self.assertNotIn("landing-route", form)

    def test_page_of_the_payment_tells_no_token_of_the_portal_and_makes_none(self):
        other = self.make_invoice()
        other._portal_ensure_token()
        response = self.get("/pay")
        self.assert_tells_no_portal(response.text)
        self.assertFalse(self.invoice.access_token)

    def test_answers_of_the_payment_tell_no_token_of_the_portal(self):
        self.invoice._portal_ensure_token()
        self.assert_tells_no_portal(str(self.begin()))
        self.assert_tells_no_portal(str(self.call("/payment/status/poll", {})))

    def test_page_of_the_payment_sets_no_cookie_and_names_no_address(self):
        response = self.get("/pay")
        self.assertNotIn("set-cookie", {name.lower() for name in response.headers})
        self.assertEqual(response.headers["Referrer-Policy"], "strict-origin")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertIn("noindex", response.headers["X-Robots-Tag"])

    def test_page_of_the_payment_speaks_the_language_that_was_chosen(self):
        self.env["res.lang"]._activate_lang("ro_RO")
        page = self.get("?lang=ro_RO").text
        self.assertIn(f'href="{self.url}/pay?lang=ro_RO"', page)
        response = self.get("/pay?lang=ro_RO")
        self.assertIn('<html lang="ro-RO"', response.text)
        self.assertIn(f'href="{self.url}?lang=ro_RO"', response.text)
        form = self.read_form(response)
        self.assertEqual(
            form["transaction-route"], f"{self.url}/pay/transaction?lang=ro_RO"
        )

    def test_payment_leads_back_to_the_client_s_page(self):
        answer = self.begin(landing_route="/my/invoices")
        transaction = self.get_transactions()
        self.assertEqual(answer["result"]["reference"], transaction.reference)
        self.assertEqual(transaction.landing_route, self.url)
        self.assertEqual(transaction.invoice_delivery_id, self.delivery)
        self.assertEqual(
            self.call("/payment/status/poll", {})["result"]["landing_route"], self.url
        )

    def test_payment_is_of_the_open_amount_whatever_the_form_tells(self):
        self.register_payment(30)
        self.begin(amount=1, currency_id=1, partner_id=1, is_validation=True)
        transaction = self.get_transactions()
        self.assertEqual(transaction.amount, self.invoice.amount_residual)
        self.assertEqual(transaction.currency_id, self.invoice.currency_id)
        self.assertEqual(transaction.partner_id, self.invoice.partner_id)
        self.assertEqual(transaction.operation, "online_redirect")

    def test_discount_for_early_payment_is_taken_off_and_booked(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "10 % for payment within 10 days",
                "early_discount": True,
                "discount_percentage": 10,
                "discount_days": 10,
                "line_ids": [(0, 0, {"value": "percent", "value_amount": 100})],
            }
        )
        invoice = self.invoice = self.init_invoice(
            "out_invoice",
            partner=self.partner_a,
            amounts=[100.0],
            invoice_date=fields.Date.today(),
        )
        invoice.invoice_payment_term_id = terms
        invoice.action_post()
        self.delivery = self.make_delivery(invoice, state="sent")
        self.url = self.get_url(self.delivery)
        response = self.get("/pay")
        self.assertLess(
            float(self.read_form(response)["amount"]), invoice.amount_residual
        )
        self.assertIn("Discount", response.text)
        self.begin()
        transaction = self.get_transactions()
        transaction._set_done()
        transaction._post_process()
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))

    def test_visitor_who_pays_never_becomes_the_last_editor(self):
        self.begin()
        self.get_transactions()._set_done()
        self.env.flush_all()
        self.call("/payment/status/poll", {})
        self.assertIn(self.invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(self.invoice.write_uid.id, SUPERUSER_ID)

    def test_payment_mails_nothing_to_the_client(self):
        self.invoice.message_subscribe(self.partner_a.ids)
        before = self.env["mail.mail"].sudo().search([])
        with self.mail_server() as taken:
            self.begin()
            transaction = self.get_transactions()
            transaction._set_done()
            transaction._post_process()
        self.assertFalse(taken)
        self.assertFalse(self.env["mail.mail"].sudo().search([]) - before)

    def test_saved_cards_are_neither_shown_nor_kept(self):
        self.provider.allow_tokenization = True
        self.payment_method.support_tokenization = True
        self.env["payment.token"].sudo().create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.payment_method.id,
                "payment_details": "4242",
                "partner_id": self.partner_a.id,
                "provider_ref": "saved",
            }
        )
        text = self.get("/pay").text
        self.assertNotIn("4242", text)
        self.assertNotIn("o_payment_tokenize_checkbox", text)
        self.begin(tokenization_requested=True)
        self.assertFalse(self.get_transactions().tokenize)
