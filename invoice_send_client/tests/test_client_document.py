from datetime import timedelta

from lxml import html

from odoo import Command, fields
from odoo.tests import tagged

from .test_client_page import ClientPageCase


@tagged("-at_install", "post_install")
class TestClientDocument(ClientPageCase):
    """The document on the client's page says what its PDF says."""

    def change_lines(self, *lines, **values):
        """Give the mailed invoice other lines, as if it had been posted with them.

        :param lines: values of each line, ``kind`` for its display type
        """
        kinds = [{"display_type": "product", **line} for line in lines]
        for number, line in enumerate(kinds):
            line.setdefault("sequence", number)
        if self.invoice.state == "posted":
            self.invoice.button_draft()
        commands = [Command.clear(), *map(Command.create, kinds)]
        self.invoice.write({"invoice_line_ids": commands, **values})
        self.invoice.action_post()
        self.send(self.invoice)
        self.delivery = self.invoice.invoice_delivery_ids.sudo().sorted("id")[-1]
        self.url = self.get_url(self.delivery)

    def open_document(self):
        """:return: the page"""
        return html.fromstring(self.get().text)

    def read_rows(self, table="lines"):
        """:return: the texts of the cells of each row"""
        path = f"//table[@class='{table}']//tr[not(ancestor::thead)]"
        rows = self.open_document().xpath(path)
        return [
            [" ".join(cell.text_content().split()) for cell in row.xpath("td | th")]
            for row in rows
        ]

    def read_head(self):
        """:return: the text of the page's head"""
        [head] = self.open_document().xpath("//section[@class='head']")
        return " ".join(head.text_content().split())

    def test_section_says_what_it_comes_to(self):
        self.change_lines(
            {"name": "Works", "display_type": "line_section"},
            {"name": "Digging", "quantity": 2, "price_unit": 100.0, "tax_ids": False},
            {"name": "Read this", "display_type": "line_note"},
        )
        section, item, note = self.read_rows()
        self.assertEqual((section[0], len(section)), ("Works", 2))
        self.assertIn("200.00", section[1])
        self.assertEqual(item[0], "Digging")
        self.assertIn("2.00", item[1])
        self.assertEqual(item[2], "100.00")
        self.assertIn("200.00", item[3])
        self.assertEqual(note, ["Read this"])

    def test_section_that_hides_its_composition_keeps_its_amount(self):
        self.change_lines(
            {
                "name": "Works",
                "display_type": "line_section",
                "collapse_composition": True,
            },
            {"name": "Secret", "quantity": 2, "price_unit": 100.0, "tax_ids": False},
            {"name": "Secret too", "price_unit": 50.0, "tax_ids": False},
        )
        [row] = self.read_rows()
        self.assertEqual((row[0], row[1]), ("Works", "1.00"))
        self.assertIn("250.00", row[3])

    def test_section_that_hides_its_prices_keeps_its_lines(self):
        self.change_lines(
            {"name": "Works", "display_type": "line_section", "collapse_prices": True},
            {"name": "Digging", "quantity": 2, "price_unit": 100.0, "tax_ids": False},
        )
        section, item = self.read_rows()
        self.assertEqual(section[0], "Works")
        self.assertIn("200.00", section[1])
        self.assertEqual(item[0], "Digging")
        self.assertIn("2.00", item[1])
        self.assertEqual(item[2:], ["", ""])

    def test_section_that_comes_to_nothing_is_shown_as_the_pdf_has_it(self):
        for hides in ("collapse_prices", "collapse_composition"):
            for lines in ((), ({"name": "Gift", "price_unit": 0.0, "tax_ids": False},)):
                with self.subTest(hides=hides, lines=lines):
                    self.change_lines(
                        {"name": "Works", "price_unit": 10.0, "tax_ids": False},
                        {"name": "Free", "display_type": "line_section", hides: True},
                        *lines,
                    )
                    row = self.read_rows()[1]
                    self.assertEqual(row[0], "Free")

    def test_rows_say_their_taxes_where_there_are_several(self):
        reduced = self.tax_sale_a.copy({"name": "9 %", "invoice_label": "VAT 9 %"})
        usual = {"name": "Digging", "price_unit": 1.0, "tax_ids": self.tax_sale_a.ids}
        self.change_lines(usual, usual)
        self.assertEqual([row[0] for row in self.read_rows()], ["Digging", "Digging"])
        self.change_lines(
            usual,
            {"name": "Books", "price_unit": 1.0, "tax_ids": reduced.ids},
            {"name": "Box", "display_type": "line_section", "collapse_prices": True},
            {"name": "Pens", "price_unit": 1.0, "tax_ids": reduced.ids},
        )
        label = self.tax_sale_a.tax_label
        names = [row[0] for row in self.read_rows()]
        self.assertEqual(
            names, [f"Digging {label}", "Books VAT 9 %", "Box VAT 9 %", "Pens"]
        )

    def test_surcharge_has_a_plus(self):
        line = {"name": "Digging", "price_unit": 100.0, "tax_ids": False}
        self.change_lines({**line, "discount": -10.0})
        self.assertRegex(self.read_rows()[0][2], r"^100\.00 \+10\.00\s%$")

    def make_foreign(self):
        """:return: fiscal position and tax of a country in which the seller is known"""
        country = self.env.ref("base.hu")
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "note": "Reverse charge",
                "country_id": country.id,
                "foreign_vat": "HU12345676",
            }
        )
        group = self.env["account.tax.group"].create(
            {"name": "Abroad", "country_id": country.id}
        )
        tax = self.tax_sale_a.copy(
            {
                "name": "0 %",
                "country_id": country.id,
                "tax_group_id": group.id,
                "invoice_legal_notes": "Exempt by article 4",
            }
        )
        return position, tax

    def test_what_law_and_terms_want_to_be_said_is_said(self):
        position, tax = self.make_foreign()
        term = self.env["account.payment.term"].create(
            {"name": "Soon", "note": "Payment within a week"}
        )
        self.company.vat = False
        self.change_lines(
            {"name": "Digging", "price_unit": 100.0, "tax_ids": tax.ids},
            fiscal_position_id=position.id,
            invoice_payment_term_id=term.id,
            narration="Thank you",
        )
        page = self.open_document()
        notes = [each.text_content() for each in page.xpath("//*[@class='terms']")]
        self.assertEqual(
            [" ".join(note.split()) for note in notes],
            [
                "Reverse charge",
                "Exempt by article 4",
                "Payment within a week",
                "Thank you",
            ],
        )
        self.assertIn("HU12345676", page.text_content())

    def test_account_to_pay_to_is_shown_until_it_is_paid(self):
        bank = self.env["res.partner.bank"].create(
            {"acc_number": "RO49AAAA1B31", "partner_id": self.company.partner_id.id}
        )
        self.invoice.sudo().partner_bank_id = bank
        [facts] = self.open_document().xpath("//dl[@class='facts']")
        text = " ".join(facts.text_content().split())
        self.assertIn("Bank account RO49AAAA1B31", text)
        self.pay(self.invoice)
        self.assertNotIn("RO49AAAA1B31", self.open_document().text_content())

    def test_amounts_include_taxes_where_prices_do(self):
        tax = self.tax_sale_a.copy({"name": "19 %", "amount": 19.0})
        # Odoo lets nobody change it who has invoices; the page asks the document
        self.env.cr.execute(
            "UPDATE res_company SET account_price_include = %s WHERE id = %s",
            ["tax_included", self.company.id],
        )
        self.company.invalidate_recordset(["account_price_include"])
        line = {"name": "Digging", "price_unit": 119.0, "tax_ids": tax.ids}
        self.change_lines(line)
        [row] = self.read_rows()
        self.assertEqual(row[2], "119.00")
        self.assertIn("119.00", row[3])
        untaxed, taxes, total = self.read_rows("totals")
        self.assertEqual(untaxed[0], "Without tax")
        self.assertIn("100.00", untaxed[1])
        self.assertIn("19.00", taxes[1])
        self.assertIn("119.00", total[1])

    def test_each_tax_stands_by_itself(self):
        group = self.env["account.tax.group"].create({"name": "Reduced"})
        reduced = self.tax_sale_a.copy(
            {"name": "9 %", "amount": 9.0, "tax_group_id": group.id}
        )
        self.change_lines(
            {"name": "Digging", "price_unit": 200.0, "tax_ids": self.tax_sale_a.ids},
            {"name": "Books", "price_unit": 100.0, "tax_ids": reduced.ids},
        )
        names = [row[0] for row in self.read_rows("totals")]
        self.assertEqual((names[0], names[-1]), ("Without tax", "Total"))
        [row] = [row for row in self.read_rows("totals") if "Reduced" in row[0]]
        self.assertRegex(row[0], r"^Reduced \(.*100\.00.*\)$")
        self.assertIn("9.00", row[1])

    def test_rounding_of_cash_stands_by_itself(self):
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "To five",
                "rounding": 0.05,
                "rounding_method": "UP",
                "strategy": "add_invoice_line",
                "profit_account_id": self.company_data["default_account_revenue"].id,
                "loss_account_id": self.company_data["default_account_expense"].id,
            }
        )
        line = {"name": "Digging", "price_unit": 100.02, "tax_ids": False}
        self.change_lines(line, invoice_cash_rounding_id=rounding.id)
        untaxed, rounded, total = self.read_rows("totals")
        self.assertIn("100.02", untaxed[1])
        self.assertEqual(rounded[0], "Rounding")
        self.assertIn("0.03", rounded[1])
        self.assertIn("100.05", total[1])

    def test_price_of_a_fraction_is_shown_whole(self):
        line = {"quantity": 1000, "price_unit": 0.0125, "tax_ids": False}
        self.change_lines({"name": "Screws", **line})
        self.assertEqual(self.read_rows()[0][2], "0.0125")

    def test_paid_invoice_asks_for_nothing(self):
        self.assertIn("Due on", self.read_head())
        self.pay(self.invoice)
        head = self.read_head()
        self.assertIn("Paid", head)
        self.assertNotIn("Due on", head)
        self.assertNotIn("Still to pay", head)

    def pay(self, move, **values):
        context = {"active_model": "account.move", "active_ids": move.ids}
        Register = self.env["account.payment.register"].with_context(**context)
        Register.create(values)._create_payments()

    def test_credited_invoice_asks_for_nothing(self):
        reversal = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        )
        wizard = reversal.create(
            {"reason": "Wrong", "journal_id": self.invoice.journal_id.id}
        )
        wizard.modify_moves()
        self.assertEqual(self.invoice.payment_state, "reversed")
        head = self.read_head()
        self.assertIn("Cancelled by a credit note", head)
        self.assertNotIn("Due on", head)

    def test_next_instalment_is_asked_for(self):
        halves = [
            {"value": "percent", "value_amount": 50, "nb_days": days}
            for days in (30, 60)
        ]
        term = self.env["account.payment.term"].create(
            {"name": "Halves", "line_ids": [Command.create(half) for half in halves]}
        )
        today = fields.Date.context_today(self.invoice)
        self.invoice = self.init_invoice(
            "out_invoice", partner=self.partner_a, amounts=[1.0], invoice_date=today
        )
        self.change_lines(
            {"name": "Digging", "price_unit": 1000.0, "tax_ids": False},
            invoice_payment_term_id=term.id,
        )
        head = self.read_head()
        self.assertRegex(head, r"Next payment: \D*500\.00")
        self.assertNotIn("Still to pay", head)
        first = (today + timedelta(days=30)).strftime("%m/%d/%Y")
        self.assertIn(f"Due on {first}", head)
        self.pay(self.invoice, amount=500.0)
        head = self.read_head()
        self.assertRegex(head, r"Still to pay: \D*500\.00")
        second = (today + timedelta(days=60)).strftime("%m/%d/%Y")
        self.assertIn(f"Due on {second}", head)

    def test_reference_of_a_credit_note_is_not_called_the_clients(self):
        self.invoice.ref = "PO 17"
        self.assertIn("Your reference", self.open_document().text_content())
        other = self.make_invoice()
        self.invoice.reversed_entry_id = other
        text = self.open_document().text_content()
        self.assertNotIn("Your reference", text)
        self.assertIn("Reference", text)
