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
