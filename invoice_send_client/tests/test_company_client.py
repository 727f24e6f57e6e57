from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import InvoiceSendCase


class CompanyClientCase(InvoiceSendCase):
    """A seller and a buyer of one database, of different countries and currencies."""

    makes_pdfs = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.country_id = cls.env.ref("base.ro")
        data = cls.setup_other_company(
            name="Buyer EOOD",
            currency_id=cls.env.ref("base.EUR").id,
        )
        cls.buyer = data["company"]
        # written, not given: that would need the chart of accounts of the country
        cls.buyer.partner_id.country_id = cls.env.ref("base.bg")
        cls.buyer_data = data
        groups = "account.group_account_manager,base.group_partner_manager"
        cls.buying_user = new_test_user(
            cls.env,
            "buyer",
            groups=groups,
            company_id=cls.buyer.id,
            company_ids=[Command.set(cls.buyer.ids)],
            email="buyer@buyer.example",
            name="Boris Kolev",
        )
        cls.selling_user = new_test_user(
            cls.env,
            "seller",
            groups=groups,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            email="seller@seller.example",
            name="Ana Pop",
        )
        cls.buyer.write(
            {
                "invoice_receive_from_companies": True,
                "invoice_receive_user_id": cls.buying_user.id,
            }
        )
        cls.client = cls.buyer.partner_id

    def make_document(self, lines=None, move_type="out_invoice", **values):
        """:return: a posted document of the seller for the buyer

        :param list lines: values of its lines
        """
        lines = lines or [{"name": "Work", "quantity": 3, "price_unit": 100.0}]
        move = self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": self.client.id,
                "invoice_date": "2026-11-02",
                "invoice_date_due": "2026-12-15",
                "invoice_payment_term_id": False,
                "invoice_line_ids": [Command.create(line) for line in lines],
                **values,
            }
        )
        move.action_post()
        return move

    def make_network_delivery(self, move):
        return self.make_delivery(
            move,
            sending_method="network",
            email=self.client.email,
            partner_id=self.client.id,
            receiving_company_id=self.buyer.id,
        )

    def bring(self, move):
        """Send a document to the buyer's company.

        :return: the bill, as the buyer sees it
        """
        delivery = self.make_network_delivery(move)
        sender = delivery.with_user(self.selling_user).sudo()
        sender._bring_to_company()
        delivery._set_sent()
        self.env.flush_all()
        return self.find_bills(move)

    def find_bills(self, move):
        Move = self.env["account.move"].with_user(self.buying_user)
        Move = Move.with_context(allowed_company_ids=self.buyer.ids)
        return Move.search([("ref", "=", move.name)])

    def make_tax(self, company, use="sale", amount=20.0, **values):
        Tax = self.env["account.tax"].with_company(company)
        return Tax.create(
            {
                "name": f"{use} {amount} {values}",
                "type_tax_use": use,
                "amount": amount,
                "company_id": company.id,
                **values,
            }
        )

    def let_buyer_use(self, tax):
        """Let the buyer's expense accounts have this tax."""
        accounts = self.env["account.account"].with_company(self.buyer)
        found = accounts.search([("company_ids", "in", self.buyer.ids)])
        found.filtered("tax_ids").tax_ids = False
        journal = self.buyer_data["default_journal_purchase"]
        journal.default_account_id.with_company(self.buyer).tax_ids = tax

    def agree_on_taxes(self, amount=20.0, **values):
        """:return: the seller's tax, which the buyer's purchases have as well"""
        self.let_buyer_use(self.make_tax(self.buyer, "purchase", amount))
        return self.make_tax(self.company, "sale", amount, **values)


@tagged("-at_install", "post_install")
class TestCompanyClient(CompanyClientCase):
    def test_document_appears_among_the_received_ones_as_a_draft(self):
        move = self.make_document()
        bill = self.bring(move)
        self.assertRecordValues(
            bill,
            [
                {
                    "state": "draft",
                    "move_type": "in_invoice",
                    "company_id": self.buyer.id,
                    "partner_id": self.company.partner_id.id,
                    "currency_id": move.currency_id.id,
                    "ref": move.name,
                    "payment_reference": move.payment_reference,
                    "invoice_date": fields.Date.to_date("2026-11-02"),
                    "invoice_date_due": fields.Date.to_date("2026-12-15"),
                    "amount_untaxed": 300.0,
                    "create_uid": self.buying_user.id,
                }
            ],
        )
        line = bill.invoice_line_ids
        self.assertEqual((line.name, line.quantity), ("Work", 3))
        self.assertEqual(line.account_id.company_ids, self.buyer)
        self.assertEqual(
            bill.invoice_received_text[:44],
            f"Received from Seller SRL: {move.name}, "[:44],
        )

    def test_pdf_is_attached_as_a_copy_and_nothing_is_read_from_it(self):
        move = self.make_document()
        bill = self.bring(move)
        pdf = bill.message_main_attachment_id
        self.assertEqual(pdf.name, move.invoice_pdf_report_id.name)
        self.assertNotEqual(pdf, move.invoice_pdf_report_id)
        self.assertEqual(pdf.raw, move.invoice_pdf_report_id.raw)
        self.assertEqual(pdf.create_uid, self.buying_user)
        self.assertEqual(len(bill.invoice_line_ids), 1)
