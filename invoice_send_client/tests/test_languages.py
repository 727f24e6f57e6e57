from lxml import html

from odoo.tests import HttpCase, tagged

from .common import InvoiceSendCase
from .test_client_page import BROWSER

WORDS = {
    "ro_RO": ("Vizualizați documentul", "Descărcați PDF-ul"),
    "bg_BG": ("Преглед на документа", "PDF"),
}
ENGLISH = ("View document", "The button opens", "Download PDF", "sent you this page")


@tagged("-at_install", "post_install")
class TestLanguages(InvoiceSendCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # sudo: languages are set up by the administrator
        modules = cls.env["ir.module.module"].sudo()
        module = modules.search([("name", "=", "invoice_send_client")])
        for lang in WORDS:
            cls.env["res.lang"].sudo()._activate_lang(lang)
            module._update_translations(lang)

    def test_mail_and_page_speak_the_clients_language(self):
        for lang, (button, download) in WORDS.items():
            with self.subTest(lang=lang):
                self.partner_a.lang = lang
                invoice = self.make_invoice()
                [(_to, message)] = self.send(invoice)
                html = message.get_body(("html",)).get_content()
                self.assertIn(button, html)
                delivery = invoice.invoice_delivery_ids
                url = f"/invoice/d/{delivery._get_token()}"
                page = self.url_open(url, headers=BROWSER).text
                self.assertIn(download, page)
                self.assertIn(f'lang="{lang.replace("_", "-")}"', page)
                for words in ENGLISH:
                    self.assertNotIn(words, html)
                    self.assertNotIn(words, page)

    def test_language_of_the_page_can_be_switched(self):
        self.partner_a.lang = "ro_RO"
        invoice = self.make_invoice()
        self.send(invoice)
        url = f"/invoice/d/{invoice.invoice_delivery_ids._get_token()}?lang=bg_BG"
        page = self.url_open(url, headers=BROWSER).text
        self.assertIn('lang="bg-BG"', page)

    def test_a_few_languages_stand_side_by_side_under_their_own_names(self):
        invoice = self.make_invoice()
        self.send(invoice)
        url = f"/invoice/d/{invoice.invoice_delivery_ids._get_token()}"
        page = self.url_open(url, headers=BROWSER).text
        for name in (">English<", ">Română<", ">Български език<"):
            self.assertIn(name, page)
        self.assertNotIn("<details>", page)

    def test_many_languages_stand_behind_the_one_that_is_read(self):
        for lang in ("de_DE", "fr_FR", "en_GB"):
            self.env["res.lang"]._activate_lang(lang)
        invoice = self.make_invoice()
        self.send(invoice)
        url = f"/invoice/d/{invoice.invoice_delivery_ids._get_token()}"
        page = self.url_open(url, headers=BROWSER).text
        self.assertIn("<details>", page)
        for name in (">Deutsch<", ">English (US)<", ">English (UK)<"):
            self.assertIn(name, page)


@tagged("-at_install", "post_install")
class TestRightToLeft(InvoiceSendCase):
    """A customer who reads Arabic, in which the company has letters of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # sudo: languages are set up by the administrator
        cls.env["res.lang"].sudo()._activate_lang("ar_001")
        for document_type in ("invoice", "several"):
            cls.make_letter(document_type)
        cls.partner_a.write({"lang": "ar_001", "invoice_sending_method": "email"})

    @classmethod
    def make_letter(cls, document_type):
        template = cls.env["mail.template"].create(
            {
                "name": "Arabic",
                "model_id": cls.env["ir.model"]._get_id("account.move"),
                "subject": "فاتورة",
                "body_html": "<p>مرحبا</p>",
                "use_default_to": True,
            }
        )
        cls.env["invoice.send.template"].create(
            {
                "lang": "ar",
                "document_type": document_type,
                "mail_template_id": template.id,
            }
        )

    def read_mail(self, message):
        """:return: the root of a mail's HTML"""
        return html.document_fromstring(message.get_body(("html",)).get_content())

    def send_two(self):
        """:return: the root of one mail with two documents"""
        moves = self.make_invoice() | self.make_invoice()
        action = moves.action_open_send_window()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.one_mail_per_customer = True
        with self.mail_server() as taken:
            wizard.action_send_and_print()
            self.env["invoice.send.run"].sudo()._process_due()
        [(_to, message)] = taken
        return self.read_mail(message)

    def get_cells(self, root):
        """:return: the cells of the list of documents, row by row"""
        rows = root.xpath("//tr[count(td) = 2]")
        self.assertEqual(len(rows), 2)
        return [row.xpath("td") for row in rows]

    def test_mail_runs_from_right_to_left(self):
        [(_to, message)] = self.send(self.make_invoice())
        root = self.read_mail(message)
        self.assertEqual(root.get("lang"), "ar-001")
        self.assertEqual(root.get("dir"), "rtl")
        self.assertEqual(root.xpath("//table")[0].get("dir"), "rtl")
        [letter] = root.xpath("//td[p[text() = 'مرحبا']]")
        self.assertEqual(letter.get("dir"), "auto")

    def test_list_of_documents_ends_on_the_left(self):
        for _number, amount in self.get_cells(self.send_two()):
            found = (amount.get("align"), amount.get("dir"))
            self.assertEqual(found, ("left", "auto"))

    def test_list_of_documents_ends_on_the_right_for_all_others(self):
        self.partner_a.lang = "en_US"
        root = self.send_two()
        self.assertEqual(root.get("dir"), "ltr")
        self.assertEqual(root.xpath("//*[@dir = 'rtl' or @dir = 'auto']"), [])
        for _number, amount in self.get_cells(root):
            self.assertEqual(amount.get("align"), "right")

    def test_mail_with_a_new_link_runs_from_right_to_left(self):
        invoice = self.make_invoice()
        self.send(invoice)
        mail = invoice.invoice_delivery_ids.sudo()._prepare_new_link_mail()
        [frame] = html.fragments_fromstring(str(mail["body_html"]).strip())
        self.assertEqual((frame.get("lang"), frame.get("dir")), ("ar-001", "rtl"))

    def test_notice_of_the_portal_runs_from_right_to_left(self):
        delivery = self.make_delivery(lang="ar_001")
        notice = delivery._prepare_portal_notice()
        body = delivery._render_portal_letter(notice, "ar_001")
        [frame] = html.fragments_fromstring(str(body).strip())
        self.assertEqual((frame.get("lang"), frame.get("dir")), ("ar-001", "rtl"))
