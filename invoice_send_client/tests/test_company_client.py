from odoo import Command, fields
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
        # sudo: whether the buyer may read them is asked by the tests of access
        found = self.env["account.move"].sudo().search([("ref", "=", move.name)])
        bills = found.sudo(False).with_user(self.buying_user)
        return bills.with_context(allowed_company_ids=self.buyer.ids)

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
        self.assertIn(
            f"Received from Seller SRL: {move.name}, ", bill.invoice_received_text
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

    def test_electronic_invoice_is_attached_as_well(self):
        move = self.make_document()
        if "ubl_cii_xml_file" not in move._fields:
            self.skipTest("needs account_edi_ubl_cii")
        self.env["ir.attachment"].create(
            {
                "name": "invoice.xml",
                "raw": b"<Invoice/>",
                "res_model": "account.move",
                "res_id": move.id,
                "res_field": "ubl_cii_xml_file",
            }
        )
        self.env.invalidate_all()
        bill = self.bring(move)
        self.assertIn("invoice.xml", bill.attachment_ids.mapped("name"))
        self.assertEqual(bill.message_main_attachment_id.mimetype, "application/pdf")
        self.assertEqual(bill.amount_untaxed, 300.0)

    def test_draft_in_a_locked_period_is_dated_after_it(self):
        self.buyer.purchase_lock_date = "2026-11-15"
        bill = self.bring(self.make_document())
        self.assertEqual(str(bill.invoice_date), "2026-11-02")
        bill.action_post()
        self.assertGreater(str(bill.date), "2026-11-15")

    # -- lines -------------------------------------------------------------------------

    def test_sections_notes_and_discounts_come_in_their_order(self):
        lines = [
            {"display_type": "line_section", "name": "Works"},
            {"name": "Paint", "quantity": 2.5, "price_unit": 40.0, "discount": 10.0},
            {"display_type": "line_note", "name": "Two coats"},
            {"name": "Brush", "quantity": 1, "price_unit": 7.0},
        ]
        bill = self.bring(self.make_document(lines))
        self.assertRecordValues(
            bill.invoice_line_ids.sorted("sequence"),
            [
                {"name": "Works", "display_type": "line_section", "discount": 0},
                {"name": "Paint", "display_type": "product", "discount": 10},
                {"name": "Two coats", "display_type": "line_note", "discount": 0},
                {"name": "Brush", "display_type": "product", "discount": 0},
            ],
        )
        self.assertEqual(bill.amount_untaxed, 97.0)

    def test_shared_product_is_kept_and_one_of_the_seller_s_own_is_not(self):
        shared = self.env["product.product"].create({"name": "Shared"})
        own = self.env["product.product"].create(
            {"name": "Own", "company_id": self.company.id}
        )
        lines = [
            {"product_id": shared.id, "price_unit": 10.0},
            {"product_id": own.id, "price_unit": 20.0},
        ]
        bill = self.bring(self.make_document(lines))
        first, second = bill.invoice_line_ids.sorted("sequence")
        self.assertEqual((first.product_id.id, first.price_unit), (shared.id, 10.0))
        self.assertEqual((second.name, second.price_unit), ("Own", 20.0))
        self.assertFalse(second.product_id)

    def test_taxes_of_the_bill_are_the_buyer_s(self):
        tax = self.make_tax(self.buyer, "purchase", 9.0)
        self.let_buyer_use(tax)
        bill = self.bring(self.make_document([{"name": "Work", "price_unit": 100.0}]))
        self.assertEqual(bill.invoice_line_ids.tax_ids.ids, tax.ids)
        self.assertEqual(bill.amount_total, 109.0)

    # -- the same amounts --------------------------------------------------------------

    def test_seller_s_prices_with_tax_give_the_buyer_the_same_net_amounts(self):
        tax = self.agree_on_taxes(19.0, price_include_override="tax_included")
        lines = [
            {"name": "A", "quantity": 3, "price_unit": 9.99, "tax_ids": tax.ids},
            {"name": "B", "quantity": 7, "price_unit": 1.11, "tax_ids": tax.ids},
        ]
        move = self.make_document(lines)
        bill = self.bring(move)
        self.assertEqual(
            bill.invoice_line_ids.sorted("sequence").mapped("price_subtotal"),
            move.invoice_line_ids.sorted("sequence").mapped("price_subtotal"),
        )
        self.assertEqual(bill.amount_total, move.amount_total)
        self.assertFalse(bill.invoice_received_difference)

    def test_buyer_s_prices_with_tax_keep_the_seller_s_net_amounts(self):
        purchase = {"amount": 20.0, "price_include_override": "tax_included"}
        self.let_buyer_use(self.make_tax(self.buyer, "purchase", **purchase))
        tax = self.make_tax(self.company, "sale", 20.0)
        line = {"name": "A", "quantity": 3, "price_unit": 33.33, "tax_ids": tax.ids}
        move = self.make_document([line])
        bill = self.bring(move)
        self.assertEqual(bill.amount_untaxed, 99.99)
        self.assertEqual(bill.amount_total, move.amount_total)
        self.assertEqual(bill.invoice_line_ids.price_unit, 39.996)

    def test_both_with_prices_that_include_tax_show_the_same_price(self):
        purchase = {"amount": 19.0, "price_include_override": "tax_included"}
        self.let_buyer_use(self.make_tax(self.buyer, "purchase", **purchase))
        tax = self.make_tax(
            self.company, "sale", 19.0, price_include_override="tax_included"
        )
        move = self.make_document(
            [{"name": "A", "price_unit": 119.0, "tax_ids": tax.ids}]
        )
        bill = self.bring(move)
        self.assertEqual(bill.invoice_line_ids.price_unit, 119.0)
        self.assertEqual((bill.amount_untaxed, bill.amount_total), (100.0, 119.0))

    def check_rounding(self, seller, buyer):
        self.company.tax_calculation_rounding_method = seller
        self.buyer.tax_calculation_rounding_method = buyer
        tax = self.agree_on_taxes(21.0)
        line = {"name": "A", "price_unit": 10.03, "tax_ids": tax.ids}
        move = self.make_document([line] * 7)
        bill = self.bring(move)
        self.assertEqual(bill.amount_untaxed, move.amount_untaxed)
        self.assertEqual(bill.amount_total, move.amount_total)
        bill.action_post()
        self.assertEqual(bill.amount_total, move.amount_total)

    def test_seller_rounds_per_line_and_buyer_globally(self):
        self.check_rounding("round_per_line", "round_globally")

    def test_seller_rounds_globally_and_buyer_per_line(self):
        self.check_rounding("round_globally", "round_per_line")

    def make_cash_rounding(self):
        accounts = self.company_data
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "To 0.05",
                "rounding": 0.05,
                "profit_account_id": accounts["default_account_revenue"].id,
                "loss_account_id": accounts["default_account_expense"].id,
            }
        )
        return rounding

    def make_rounded_document(self, rounding, price=10.02):
        tax = self.agree_on_taxes(20.0)
        line = {"name": "A", "price_unit": price, "tax_ids": tax.ids}
        return self.make_document([line], invoice_cash_rounding_id=rounding.id)

    def test_cash_rounding_is_a_line_where_the_buyer_has_none(self):
        self.check_rounding_line(10.02)

    def test_cash_rounding_downwards_is_a_line_as_well(self):
        self.check_rounding_line(10.01)

    def check_rounding_line(self, price):
        move = self.make_rounded_document(self.make_cash_rounding(), price)
        bill = self.bring(move)
        self.assertFalse(bill.invoice_cash_rounding_id)
        rounding = bill.invoice_line_ids.filtered(lambda x: x.name == "Rounding")
        self.assertTrue(rounding)
        self.assertFalse(rounding.tax_ids)
        self.assertEqual(bill.amount_total, move.amount_total)

    def test_cash_rounding_is_the_same_where_the_buyer_set_its_accounts(self):
        rounding = self.make_cash_rounding()
        accounts = self.buyer_data
        rounding.with_company(self.buyer).write(
            {
                "profit_account_id": accounts["default_account_revenue"].id,
                "loss_account_id": accounts["default_account_expense"].id,
            }
        )
        move = self.make_rounded_document(rounding)
        bill = self.bring(move)
        self.assertEqual(bill.invoice_cash_rounding_id.id, rounding.id)
        self.assertEqual(len(bill.invoice_line_ids), 1)
        self.assertEqual(bill.amount_total, move.amount_total)

    def test_cash_rounding_within_the_tax_comes_to_the_same_total(self):
        rounding = self.env["account.cash.rounding"].create(
            {"name": "In tax", "rounding": 0.05, "strategy": "biggest_tax"}
        )
        move = self.make_rounded_document(rounding)
        self.assertEqual(self.bring(move).amount_total, move.amount_total)

    def test_other_taxes_are_a_warning_and_nothing_is_forced(self):
        self.let_buyer_use(self.make_tax(self.buyer, "purchase", 9.0))
        tax = self.make_tax(self.company, "sale", 20.0)
        move = self.make_document(
            [{"name": "A", "price_unit": 100.0, "tax_ids": tax.ids}]
        )
        bill = self.bring(move)
        self.assertEqual(bill.amount_total, 109.0)
        self.assertIn("109.00", bill.invoice_received_difference)
        self.assertIn("120.00", bill.invoice_received_difference)
        bill.action_post()
        self.assertFalse(bill.invoice_received_difference)

    # -- currencies --------------------------------------------------------------------

    def test_each_company_converts_by_its_own_rate(self):
        currency = self.setup_other_currency("RON")
        Rate = self.env["res.currency.rate"]
        for company, rate in ((self.company, 5.0), (self.buyer, 4.0)):
            Rate.create(
                {
                    "name": "2026-11-01",
                    "rate": rate,
                    "currency_id": currency.id,
                    "company_id": company.id,
                }
            )
        line = {"name": "A", "price_unit": 1000.0, "tax_ids": []}
        move = self.make_document([line], currency_id=currency.id)
        self.let_buyer_use(self.env["account.tax"])
        bill = self.bring(move)
        self.assertEqual(bill.currency_id.id, currency.id)
        self.assertEqual(bill.amount_total, 1000.0)
        self.assertEqual(move.amount_total_signed, 200.0)
        self.assertEqual(bill.amount_total_signed, -250.0)

    # -- refunds and receipts ----------------------------------------------------------

    def test_credit_note_belongs_to_the_received_bill(self):
        move = self.make_document()
        bill = self.bring(move)
        bill.action_post()
        reversal = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        reversal = reversal.create({"journal_id": move.journal_id.id})
        refund = move.browse(reversal.reverse_moves()["res_id"])
        refund.action_post()
        received = self.bring(refund)
        self.assertEqual(received.move_type, "in_refund")
        self.assertEqual(received.reversed_entry_id, bill)
        self.assertEqual(received.amount_untaxed, refund.amount_untaxed)

    def test_rounding_of_a_credit_note_goes_the_other_way(self):
        tax = self.agree_on_taxes(20.0)
        rounding = self.make_cash_rounding()
        line = {"name": "A", "price_unit": 10.02, "tax_ids": tax.ids}
        move = self.make_document(
            [line], "out_refund", invoice_cash_rounding_id=rounding.id
        )
        self.assertEqual(self.bring(move).amount_total, move.amount_total)

    def test_receipt_comes_as_a_purchase_receipt(self):
        bill = self.bring(self.make_document(move_type="out_receipt"))
        self.assertEqual(bill.move_type, "in_receipt")

    # -- bank account ------------------------------------------------------------------

    def test_bank_account_of_the_invoice_is_where_the_buyer_pays_to(self):
        Bank = self.env["res.partner.bank"]
        partner = self.company.partner_id
        first, second = Bank.create(
            [
                {"acc_number": number, "partner_id": partner.id}
                for number in ("RO49AAAA1B31007593840000", "RO09BCYP0000001234567890")
            ]
        )
        for bank in (first, second):
            bank.allow_out_payment = True
            move = self.make_document(partner_bank_id=bank.id)
            self.assertEqual(self.bring(move).partner_bank_id.id, bank.id)
