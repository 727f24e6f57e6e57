import re

from lxml import html
from psycopg2 import IntegrityError

from odoo import SUPERUSER_ID, Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..const import CLIENT_LANGUAGES, DOCUMENT_TYPES
from ..tools.letters import fingerprint
from .common import InvoiceSendCase


class LetterCase(InvoiceSendCase):
    """Customers of several languages, and a second company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for lang in ("ro_RO", "bg_BG", "pt_PT", "pt_BR", "ja_JP"):
            cls.env["res.lang"]._activate_lang(lang)
        cls.letters = cls.env["invoice.send.template"]
        cls.other = cls.setup_other_company(name="Other SRL")["company"]

    def make_letter(self, lang, words="", **values):
        """:return: a letter with these words"""
        return self.letters.create(
            {
                "lang": lang,
                "document_type": "invoice",
                "subject": f"{words} {{{{ object.name }}}}",
                "body_html": f"<p>{words}</p>",
                **values,
            }
        )

    def get_letter(self, lang, company=None, document_type="invoice"):
        """:return: the letter and the language of the mail"""
        return self.letters._get_letter(company or self.company, document_type, lang)

    def get_shipped(self, lang, document_type="invoice"):
        """:return: the letter that comes with the addon"""
        return self.env.ref(f"invoice_send_client.letter_{lang}_{document_type}")


@tagged("-at_install", "post_install")
class TestWhichLetter(LetterCase):
    def test_own_letter_beats_the_shared_one_and_country_beats_language(self):
        shared_iso = self.get_shipped("pt")
        shared_full = self.make_letter("pt_BR")
        own_iso = self.make_letter("pt", company_id=self.company.id)
        own_full = self.make_letter("pt_BR", company_id=self.company.id)
        for expected in (own_full, own_iso, shared_full, shared_iso):
            found, lang = self.get_letter("pt_BR")
            self.assertEqual((found, lang), (expected, "pt_BR"))
            self.assertEqual(self.get_letter("pt_BR", self.other)[1], "pt_BR")
            if expected != shared_iso:
                expected.unlink()

    def test_letter_of_another_company_is_not_taken(self):
        self.make_letter("ro", company_id=self.other.id)
        self.assertEqual(self.get_letter("ro_RO")[0], self.get_shipped("ro"))
        self.assertEqual(self.get_letter("ro_RO", self.other)[0].company_id, self.other)

    def test_letter_for_one_country_is_not_taken_for_another(self):
        self.make_letter("pt_BR")
        self.assertEqual(self.get_letter("pt_PT"), (self.get_shipped("pt"), "pt_PT"))

    def test_missing_language_falls_back_to_the_companys_then_to_english(self):
        self.company.partner_id.lang = "ro_RO"
        self.assertEqual(self.get_letter("ja_JP"), (self.get_shipped("ro"), "ro_RO"))
        self.company.partner_id.lang = "ja_JP"
        self.assertEqual(self.get_letter("ja_JP"), (self.get_shipped("en"), "en_US"))

    def test_many_documents_ask_the_database_as_often_as_one(self):
        keys = [
            (company.id, document_type, lang)
            for company in (self.company, self.other)
            for document_type, _name in DOCUMENT_TYPES
            for lang in ("ro_RO", "bg_BG", "ja_JP", "en_US")
        ]
        self.letters._get_letters_by_key(keys[:1])
        self.env.invalidate_all()
        with self.assertQueryCount(4):
            found = self.letters._get_letters_by_key(keys)
        self.assertEqual(set(found), set(keys))
        self.assertEqual(
            found[self.other.id, "receipt", "bg_BG"],
            (self.get_shipped("bg", "receipt"), "bg_BG"),
        )

    def test_each_kind_of_document_gets_its_letter_in_the_customers_language(self):
        self.partner_a.lang = "bg_BG"
        for move_type, document_type in (
            ("out_invoice", "invoice"),
            ("out_refund", "credit_note"),
            ("out_receipt", "receipt"),
        ):
            move = self.init_invoice(move_type, partner=self.partner_a, amounts=[10.0])
            expected = self.get_shipped("bg", document_type).mail_template_id
            send = self.env["account.move.send"]
            self.assertEqual(send._get_default_mail_template_id(move), expected)
            self.assertEqual(send._get_default_mail_lang(move, expected), "bg_BG")

    def test_without_any_letter_odoos_own_template_is_taken(self):
        self.letters.search([]).unlink()
        move = self.make_invoice()
        template = self.env["account.move.send"]._get_default_mail_template_id(move)
        self.assertEqual(template, self.env.ref("account.email_template_edi_invoice"))
        self.assertEqual(len(self.send(move)), 1)

    def test_app_that_sends_by_itself_takes_the_letter_and_no_stock_template(self):
        move = self.make_invoice()
        stock = self.env.ref("account.email_template_edi_invoice")
        own = stock.copy({"name": "Chosen by the administrator"})
        letter = self.get_letter(self.partner_a.lang)[0].mail_template_id

        def choose(user, template):
            Send = self.env["account.move.send"].with_user(user).sudo()
            settings = Send._get_default_sending_settings(
                move, mail_template=template, sending_methods=["email"]
            )
            return settings["mail_template"]

        self.assertNotEqual(letter, stock)
        self.assertEqual(choose(SUPERUSER_ID, stock), letter)
        self.assertEqual(choose(SUPERUSER_ID, own), own)
        self.assertEqual(choose(self.env.user, stock), stock)

    def test_there_is_one_letter_for_each_company_kind_and_language(self):
        self.make_letter("ro", company_id=self.company.id)
        for company in (self.company, self.company.browse()):
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
                self.make_letter("ro", company_id=company.id)


@tagged("-at_install", "post_install")
class TestWindow(LetterCase):
    def test_letter_follows_the_language_and_falls_back_whole(self):
        self.partner_a.lang = "ro_RO"
        wizard = self.make_wizard(self.make_invoice())
        self.assertEqual(wizard.template_id, self.get_shipped("ro").mail_template_id)
        self.assertFalse(wizard.lang_note)
        wizard.mail_lang = "bg_BG"
        self.assertEqual(wizard.letter_id, self.get_shipped("bg"))
        self.assertIn("Здравейте", wizard.body)
        wizard.mail_lang = "ja_JP"
        self.assertEqual((wizard.mail_lang, wizard.lang), ("ja_JP", "en_US"))
        self.assertEqual(wizard.letter_id, self.get_shipped("en"))
        self.assertIn("Japanese", wizard.lang_note)
        self.assertIn("English", wizard.lang_note)

    def test_mail_and_page_are_in_the_language_of_the_letter_that_was_found(self):
        self.company.partner_id.lang = "bg_BG"
        self.partner_a.lang = "ja_JP"
        invoice = self.make_invoice()
        [(_to, message)] = self.send(invoice)
        content = message.get_body(("html",)).get_content()
        self.assertIn('lang="bg-BG"', content)
        self.assertIn("Здравейте", content)
        self.assertEqual(invoice.invoice_delivery_ids.lang, "bg_BG")

    def test_template_picked_by_hand_stays(self):
        template = self.env.ref("account.email_template_edi_invoice")
        wizard = self.make_wizard(self.make_invoice(), template_id=template.id)
        self.assertEqual(wizard.template_id, template)
        wizard.mail_lang = "ro_RO"
        self.assertEqual((wizard.template_id, wizard.lang), (template, "ro_RO"))

    def test_changed_text_stays_when_the_language_changes(self):
        wizard = self.make_wizard(self.make_invoice())
        wizard.write({"subject": "My words", "mail_lang": "ro_RO"})
        self.assertEqual(wizard.subject, "My words")
        self.assertIn("Romanian", wizard.letter_question)
        self.assertIn("Bună ziua", wizard.body)


@tagged("-at_install", "post_install")
class TestShippedLetters(LetterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for lang in ("de_DE", "el_GR", "es_ES", "fr_FR", "hu_HU", "it_IT", "nl_NL"):
            cls.env["res.lang"]._activate_lang(lang)
        for lang in ("pl_PL", "tr_TR", "uk_UA"):
            cls.env["res.lang"]._activate_lang(lang)

    def make_documents(self):
        """:return: documents by type: due, not due, paid"""
        invoice = self.make_invoice()
        invoice.partner_bank_id = self.env["res.partner.bank"].create(
            {"acc_number": "RO98 0000", "partner_id": self.company.partner_id.id}
        )
        refund = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        refund.action_post()
        receipt = self.init_invoice(
            "out_receipt", partner=self.partner_a, amounts=[100.0], post=True
        )
        owed, undated = self.make_invoice(), self.make_invoice()
        owed.partner_bank_id = invoice.partner_bank_id
        # as of documents that were imported
        self.env.cr.execute(
            "UPDATE account_move SET invoice_date_due = NULL WHERE id = %s",
            [undated.id],
        )
        undated.invalidate_recordset()
        return {
            "invoice": invoice | undated,
            "credit_note": refund,
            "receipt": receipt,
            "several": invoice,
            "unread": invoice | refund | receipt | undated,
            "unpaid": owed | receipt | undated,
        }

    def test_every_letter_fills_in_for_its_documents_and_holds_no_link(self):
        documents = self.make_documents()
        for code in CLIENT_LANGUAGES:
            for document_type, moves in documents.items():
                letter = self.get_shipped(code, document_type)
                lang = self.letters._get_full_code(code)
                self.assertEqual(lang[:2], code)
                for move in moves:
                    with self.subTest(code=code, kind=document_type, move=move.name):
                        self.check_letter(letter, move, lang)

    def check_letter(self, letter, move, lang):
        """Look at a letter as its reader gets it."""
        send = self.env["account.move.send"]
        render = send._get_mail_default_field_value_from_template
        subject = render(letter.mail_template_id, lang, move, "subject")
        body = render(letter.mail_template_id, lang, move, "body_html")
        text = html.fragment_fromstring(body, create_parent="div").text_content()
        self.assertNotRegex(body, r"<a\b|href|src=|https?:|t-out|t-if|<t\b|color")
        for leftover in ("{{", "}}", "False", "None", " ,", " .", "2026", "RO49"):
            self.assertNotIn(leftover, " ".join(text.split()) + subject)
        self.assertTrue(text.strip().endswith("Seller SRL"), text)
        self.assertIn("Alfa SRL", text)
        self.assertIn("Seller SRL", subject)
        if letter.document_type == "several":
            return
        self.assertIn(move.name, subject)
        self.assertIn(move.name, text)
        self.assertIn("100", re.sub(r"\s", "", text))
        is_due = self.asks_for_payment(letter, move) and move.invoice_date_due
        due = is_due and self.env["res.lang"]._lang_get(lang).date_format
        if due:
            self.assertIn(move.invoice_date_due.strftime(due), text)
        else:
            self.assertNotRegex(text, r"\d\d[./-]\d\d[./-]\d{4}|\d{4}\.\d\d")

    def asks_for_payment(self, letter, move):
        """:return: whether the letter is one that says until when to pay"""
        if letter.document_type == "unread":
            return move.move_type == "out_invoice"
        return letter.document_type in ("invoice", "unpaid")

    def test_reminder_of_the_unread_says_when_it_was_sent(self):
        invoice = self.make_invoice()
        sent = fields.Datetime.to_datetime("2019-02-03 10:00:00")
        self.make_delivery(invoice, state="sent", sent_datetime=sent)
        send = self.env["account.move.send"]
        for code in CLIENT_LANGUAGES:
            lang = self.letters._get_full_code(code)
            body = send._get_mail_default_field_value_from_template(
                self.get_shipped(code, "unread").mail_template_id,
                lang,
                invoice,
                "body_html",
            )
            date_format = self.env["res.lang"]._lang_get(lang).date_format
            text = html.fragment_fromstring(body, create_parent="div").text_content()
            with self.subTest(code=code):
                self.assertIn(sent.strftime(date_format), text)
                self.assertNotRegex(" ".join(text.split()), r"\( | [.,;)]|\.\.")

    def test_reminder_of_the_unpaid_asks_for_what_is_still_to_pay(self):
        invoice = self.make_invoice()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": 30.0})._create_payments()
        send = self.env["account.move.send"]
        body = send._get_mail_default_field_value_from_template(
            self.get_shipped("en", "unpaid").mail_template_id,
            "en_US",
            invoice,
            "body_html",
        )
        owed = f"{invoice.amount_residual:.2f}"
        self.assertLess(invoice.amount_residual, invoice.amount_total)
        self.assertIn(owed, body)
        self.assertNotIn(f"{invoice.amount_total:.2f}", body)
        self.assertIn("disregard", body)

    def test_letters_differ_from_language_to_language(self):
        for document_type, _name in DOCUMENT_TYPES:
            bodies = {
                self.get_shipped(c, document_type).body_html for c in CLIENT_LANGUAGES
            }
            self.assertEqual(len(bodies), len(CLIENT_LANGUAGES))

    def test_paid_invoice_asks_for_nothing(self):
        invoice = self.make_invoice()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        body = self.make_wizard(invoice).body
        self.assertIn("already paid", body)
        self.assertNotIn("Due date", body)


@tagged("-at_install", "post_install")
class TestText(LetterCase):
    def get_texts(self, letter, name):
        """:return: the text in every language, as stored"""
        template = letter.mail_template_id
        return template._fields[name]._get_stored_translations(template)

    def test_letter_changed_on_a_bulgarian_screen_is_one_whole_text(self):
        letter = self.get_shipped("ro").with_context(lang="bg_BG")
        letter.write({"subject": "Bun {{ object.name }}", "body_html": "<p>Salut</p>"})
        for name in ("subject", "body_html"):
            self.assertEqual(len(set(self.get_texts(letter, name).values())), 1)
        for lang in ("en_US", "ro_RO", "bg_BG"):
            template = letter.mail_template_id.with_context(lang=lang)
            self.assertEqual(template.subject, "Bun {{ object.name }}")
            self.assertEqual(template.body_html, "<p>Salut</p>")

    def test_template_changed_on_a_bulgarian_screen_is_one_whole_text_too(self):
        letter = self.get_shipped("ro")
        template = letter.mail_template_id.with_context(lang="bg_BG")
        template.write({"subject": "Salut", "body_html": "<p>Bun</p><p>Salut</p>"})
        template.body_html = "<p>Bun venit</p><p>Salut</p>"
        self.assertEqual(set(self.get_texts(letter, "subject").values()), {"Salut"})
        self.assertEqual(
            set(self.get_texts(letter, "body_html").values()),
            {"<p>Bun venit</p><p>Salut</p>"},
        )
        self.assertEqual(letter.subject, "Salut")

    def test_wrong_placeholder_is_refused_in_words(self):
        self.make_invoice()
        letter = self.get_shipped("ro")
        for values in (
            {"body_html": '<p><t t-out="object.nope"/></p>'},
            {"subject": "{{ object.nope }}"},
            {"body_html": '<p t-if="object.">x</p>'},
        ):
            with self.subTest(values=values), mute_logger("odoo.addons.mail"):
                with self.assertRaises(ValidationError) as caught:
                    letter.write(values)
                words = str(caught.exception)
                self.assertIn("can't be filled in", words)
                self.assertNotIn("Traceback", words)
                self.assertLess(len(words), 300)

    def test_letter_of_another_company_is_out_of_reach(self):
        letter = self.make_letter("ro", company_id=self.other.id)
        user = new_test_user(
            self.env,
            "letters",
            groups="account.group_account_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        mine = self.letters.with_user(user)
        self.assertNotIn(letter, mine.search([]))
        self.assertIn(self.get_shipped("ro"), mine.search([]))
        with self.assertRaises(AccessError):
            letter.with_user(user).write({"subject": "x"})

    def test_billing_user_reads_letters_and_changes_none(self):
        user = new_test_user(
            self.env, "billing", groups="base.group_user,account.group_account_invoice"
        )
        letter = self.get_shipped("ro").with_user(user)
        self.assertTrue(letter.subject)
        with self.assertRaises(AccessError):
            letter.subject = "x"

    def test_account_manager_rephrases_letters_and_adds_no_code(self):
        user = new_test_user(
            self.env,
            "manager",
            groups="base.group_user,account.group_account_manager",
        )
        self.assertFalse(user.has_group("mail.group_mail_template_editor"))
        letter = self.get_shipped("ro").with_user(user)
        letter.body_html = letter.body_html.replace("Bună ziua", "Salut")
        letter.mail_template_id.invalidate_recordset()
        self.assertIn("Salut", letter.body_html)
        own = self.make_letter("ja").with_user(user)
        own.subject = "こんにちは {{ object.name or '' }}"
        for values in (
            {"subject": "{{ env.cr }}"},
            {"body_html": '<p t-out="object.sudo().env.user"/>'},
        ):
            with self.assertRaises(ValidationError) as caught:
                letter.write(values)
            self.assertIn("placeholders", str(caught.exception))


@tagged("-at_install", "post_install")
class TestLetterForm(LetterCase):
    """Writing a letter, by the form that the browser uses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.init_invoice(
            "out_invoice", partner=cls.partner_a, amounts=[100.0], post=True
        )

    def test_preview_shows_the_whole_mail_with_the_newest_document(self):
        form = Form(self.get_shipped("ro"))
        self.assertEqual(form.preview_move_id, self.invoice)
        self.assertEqual(
            form.preview_subject, f"Factura {self.invoice.name} de la Seller SRL"
        )
        for words in ("Bună ziua, Alfa SRL,", "01.01.2019", "background-color"):
            self.assertIn(words, form.preview_body)
        self.assertNotIn("href", form.preview_body)

    def test_preview_follows_what_is_typed_and_the_document_chosen(self):
        form = Form(self.get_shipped("ro"))
        form.body_html = '<p>Salut <t t-out="object.name"/></p>'
        self.assertIn(f"Salut {self.invoice.name}", form.preview_body)
        form.preview_move_id = other = self.make_invoice()
        self.assertIn(f"Salut {other.name}", form.preview_body)

    def test_preview_says_in_words_what_can_not_be_filled_in(self):
        form = Form(self.get_shipped("ro"))
        with mute_logger("odoo.addons.mail"):
            form.body_html = '<p><t t-out="object.nope"/></p>'
        self.assertIn("object.nope", form.preview_problem)
        self.assertNotIn("Traceback", form.preview_problem)
        self.assertFalse(form.preview_body)

    def test_without_a_document_the_preview_says_so(self):
        letter = self.get_shipped("ro", "receipt")
        self.assertIn("no posted document", letter.preview_problem)
        with self.assertRaises(UserError):
            letter.action_send_test()

    def test_placeholder_of_a_subject_works_in_the_text_too(self):
        letter = self.get_shipped("ro")
        letter.body_html = (
            "<p>Factura {{ object.name or '' }}, <b>{{object.company_id.name}}</b>"
            " {{ object.ref ||| fără }}!</p>"
        )
        self.assertIn(
            f"Factura {self.invoice.name}, <b>Seller SRL</b>", letter.preview_body
        )
        self.assertNotIn("{{", letter.mail_template_id.body_html)
        self.assertIn("fără!", letter.preview_body)

    def test_each_variable_is_explained_with_an_example(self):
        variables = self.get_shipped("en").variables
        self.assertEqual(len(variables), 12)
        found = {variable["words"]: variable for variable in variables}
        self.assertEqual(found["Number"]["code"], "{{ object.name }}")
        self.assertEqual(found["Number"]["example"], self.invoice.name)
        self.assertEqual(found["Customer's name"]["example"], "Alfa SRL")

    def test_shipped_text_comes_back(self):
        letter = self.get_shipped("ro")
        before = letter.body_html
        self.assertTrue(letter.is_as_shipped)
        letter.write({"subject": "x", "body_html": "<p>y</p>"})
        self.assertFalse(letter.is_as_shipped)
        letter.action_restore()
        self.assertTrue(letter.is_as_shipped)
        self.assertEqual(fingerprint(letter.body_html), fingerprint(before))

    def test_new_letter_begins_with_the_shipped_english_text(self):
        form = Form(self.letters)
        form.lang = "ja"
        self.assertIn("Invoice {{", form.subject)
        form.body_html = "<p>こんにちは</p>"
        letter = form.save()
        self.assertEqual(letter.mail_template_id.model, "account.move")
        self.assertEqual(self.get_letter("ja_JP"), (letter, "ja_JP"))
        self.assertIn("not shipped in Japanese", letter.lang_problem)
        self.assertIn("not added", self.get_shipped("tr").lang_problem)
        self.assertFalse(self.get_shipped("ro").lang_problem)

    def test_company_gets_a_copy_of_its_own_once(self):
        shared = self.get_shipped("ro").with_company(self.other)
        action = shared.action_copy_for_company()
        copy = self.letters.browse(action["res_id"])
        self.assertEqual(copy.company_id, self.other)
        self.assertEqual(copy.body_html, shared.body_html)
        copy.body_html = "<p>Al nostru</p>"
        self.assertIn("Bună ziua", shared.body_html)
        self.assertEqual(shared.action_copy_for_company()["res_id"], copy.id)
        self.assertEqual(self.get_letter("ro_RO", self.other)[0], copy)

    def test_copy_for_a_company_is_offered_to_who_may_write_letters(self):
        view = self.env.ref("invoice_send_client.invoice_send_template_view_form")
        for name, is_offered in (("invoice", False), ("manager", True)):
            user = new_test_user(
                self.env,
                f"isc_copies_{name}",
                groups=f"account.group_account_{name}",
                company_id=self.env.company.id,
                # Odoo gives the group of several companies to who is in several.
                company_ids=[Command.set((self.env.company | self.other).ids)],
            )
            letters = self.letters.with_user(user)
            arch = letters.get_view(view.id, "form")["arch"]
            with self.subTest(group=name):
                self.assertEqual("action_copy_for_company" in arch, is_offered)

    def test_test_of_a_letter_goes_to_me_alone(self):
        self.env.user.email = "me@seller.example"
        letter = self.get_shipped("ro")
        messages = self.env["mail.message"].search_count([])
        with self.mail_server() as taken:
            action = letter.action_send_test()
        [(recipients, mail)] = taken
        self.assertEqual(recipients, ["me@seller.example"])
        self.assertIn(f"Factura {self.invoice.name}", mail["Subject"])
        self.assertIn("Bună ziua", mail.get_body(("html",)).get_content())
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(self.env["mail.message"].search_count([]), messages)
        self.assertFalse(self.invoice.invoice_delivery_ids)

    def test_list_shows_the_languages_in_use(self):
        used = self.letters.search([("is_installed", "=", True)])
        self.assertEqual(set(used.mapped("lang")), {"en", "ro", "bg", "pt"})
        self.assertEqual(
            set(used.filtered("is_installed").ids), set(used.ids), "as computed"
        )
