"""What the tests of the payment share: an invoice, its client's link, providers."""

import json
import re

from odoo.addons.invoice_send_client.tests.test_client_page import (
    BROWSER,
    ClientPageCase,
)

FORM = re.compile(r'id="o_payment_form"[^>]*')
ATTRIBUTE = re.compile(r'data-([\w-]+)="([^"]*)"')


class PayCase(ClientPageCase):
    """An invoice of 100 that was mailed, and a provider of its company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parameters = cls.env["ir.config_parameter"].sudo()
        parameters.set_param("account_payment.enable_portal_payment", "True")
        # what is installed beside ours is in no test's way
        cls.env["payment.provider"].sudo().search([]).state = "disabled"
        cls.payment_method = cls.env["payment.method"].create(
            {"name": "Test", "code": "isc_test", "image": cls.get_picture()}
        )
        cls.provider = cls.make_provider(cls.company)
        cls.let_book(cls.provider)

    @classmethod
    def let_book(cls, provider):
        """Give what a provider of a real kind brings along: where money is booked."""
        journal = cls.company_data["default_journal_bank"]
        cls._create_dummy_payment_method_for_provider(provider, journal)
        line = journal.inbound_payment_method_line_ids
        line = line.filtered(lambda way: way.payment_provider_id == provider)
        account = cls.inbound_payment_method_line.payment_account_id
        line.payment_account_id = account

    @classmethod
    def get_picture(cls):
        """:return: one pixel, in base64"""
        return (
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQ"
            "GAhKmMIQAAAABJRU5ErkJggg=="
        )

    @classmethod
    def make_provider(cls, company, **values):
        """:return: a provider without any provider's code"""
        return (
            cls.env["payment.provider"]
            .sudo()
            .create(
                {
                    "name": "Test",
                    "company_id": company.id,
                    "state": "test",
                    "is_published": True,
                    "payment_method_ids": [(6, 0, cls.payment_method.ids)],
                    **values,
                }
            )
        )

    def setUp(self):
        super().setUp()
        self.payment_method.active = True
        self.env.flush_all()

    def read_form(self, response=None):
        """:return: what the form of the payment tells its script"""
        response = response or self.get("/pay", allow_redirects=False)
        self.assertEqual(response.status_code, 200, response.text)
        return dict(ATTRIBUTE.findall(FORM.search(response.text)[0]))

    def begin(self, url=None, **values):
        """Send the form of the payment as its script does.

        :param str url: of another client's page
        :return: the answer's JSON
        """
        if "access_token" not in values:
            values["access_token"] = self.read_form()["access-token"]
        params = {
            "provider_id": self.provider.id,
            "payment_method_id": self.payment_method.id,
            "token_id": None,
            "amount": 100.0,
            "flow": "redirect",
            "tokenization_requested": False,
            "landing_route": "/my",
            "is_validation": False,
            "csrf_token": "",
            **values,
        }
        return self.call(f"{url or self.url}/pay/transaction", params)

    def call(self, url, params):
        """:return: the JSON that a JSON-RPC call gets"""
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        headers = {**BROWSER, "Content-Type": "application/json"}
        response = self.url_open(url, data=body, headers=headers)
        self.env.invalidate_all()
        return response.json()

    def let_capture(self):
        """Let the provider be of a kind that holds money before it takes it."""
        can = {
            "support_express_checkout": False,
            "support_manual_capture": "full_only",
            "support_tokenization": False,
            "support_refund": "none",
        }
        self.patch(
            type(self.provider),
            "_compute_feature_support_fields",
            lambda providers: providers.update(can),
        )

    def get_transactions(self):
        """:return: the payments of the invoice"""
        return self.invoice.sudo().transaction_ids

    def pay(self, state, delivery=None, **values):
        """Let a payment of the invoice have come to a state.

        :return: the transaction
        """
        delivery = delivery or self.delivery
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.payment_method.id,
                    "reference": f"{self.invoice.name}-{len(self.get_transactions())}",
                    "amount": self.invoice.amount_residual,
                    "currency_id": self.invoice.currency_id.id,
                    "partner_id": self.partner_a.id,
                    "operation": "online_redirect",
                    "invoice_ids": [(6, 0, self.invoice.ids)],
                    "invoice_delivery_id": delivery.id,
                    **values,
                }
            )
        )
        transaction._update_state(("draft",), state, None)
        return transaction

    def register_payment(self, amount):
        """Let money have come another way."""
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        ).create({"amount": amount})._create_payments()
