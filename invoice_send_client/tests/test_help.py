import re

import polib
from lxml import etree, html

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import file_open, file_path

from ..const import DELIVERY_STATES, FAILURE_TYPES
from .common import InvoiceSendCase

URL = "/invoice_send_client/help"
INVOICING = "base.group_user,account.group_account_invoice"
ICONS = "invoice_send_client/static/src/components/invoice_delivery_state"
TEMPLATE = "ir.ui.view,arch_db:invoice_send_client.help_page"


@tagged("-at_install", "post_install")
class TestHelp(InvoiceSendCase, HttpCase):
    """What clients get and must do is described inside Odoo (R48)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "reader", groups=INVOICING)

    def open_help(self, login="reader"):
        """Open the page as a user, or signed in as nobody.

        :return: what is between its head and its end, as elements
        """
        self.authenticate(login, login)
        answer = self.url_open(URL)
        self.assertEqual(answer.status_code, 200)
        return html.document_fromstring(answer.text)

    def read_texts(self, elements):
        """Read elements as a person does, white space put together."""
        return [" ".join(element.text_content().split()) for element in elements]

    # -- who -----------------------------------------------------------------------

    def test_user_of_the_company_reads_the_page(self):
        page = self.open_help()
        [heading] = self.read_texts(page.iterfind(".//h1"))
        self.assertEqual(heading, "How sending to clients works")

    def test_client_in_the_portal_finds_no_page(self):
        new_test_user(self.env, "client", groups="base.group_portal")
        self.authenticate("client", "client")
        self.assertEqual(self.url_open(URL).status_code, 404)

    def test_who_is_not_signed_in_is_asked_to_sign_in(self):
        self.authenticate(None, None)
        answer = self.url_open(URL, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/web/login", answer.headers["Location"])

    # -- what ----------------------------------------------------------------------

    def test_every_state_is_explained_with_the_word_of_the_other_screens(self):
        rows = self.open_help().xpath("//tr[@data-state]")
        self.assertEqual(
            [
                (row.get("data-state"), self.read_texts(row.iterfind("th")))
                for row in rows
            ],
            [(state, [label]) for state, label in DELIVERY_STATES],
        )
        meanings = self.read_texts(row.find("td[2]") for row in rows)
        self.assertEqual(len(set(meanings)), len(rows))
        self.assertFalse([text for text in meanings if len(text) < 20])

    def test_states_have_the_icons_of_the_list(self):
        with file_open(f"{ICONS}/invoice_delivery_state.esm.js") as script:
            source = script.read()
        shown = dict(re.findall(r"^    (\w+): \[(.*)\],$", source, re.MULTILINE))
        classes = dict(re.findall(r"^    (\w+): \"(fa-.*)\",$", source, re.MULTILINE))
        for row in self.open_help().xpath("//tr[@data-state]"):
            state = row.get("data-state")
            names = re.findall(r'"(\w+)"', shown.get(state, ""))
            if state in ("error", "bounce"):
                names = ["problem"]
            with self.subTest(state=state):
                self.assertEqual(
                    [i.get("class") for i in row.iterfind("td/i")],
                    [f"fa fa-fw {classes[name]}" for name in names],
                )

    def test_every_failure_comes_with_what_to_do(self):
        rows = self.open_help().xpath("//tr[@data-failure]")
        self.assertEqual(
            [
                (row.get("data-failure"), self.read_texts(row.iterfind("th")))
                for row in rows
            ],
            [(kind, [label]) for kind, label in FAILURE_TYPES],
        )
        self.assertTrue(all(self.read_texts(row.find("td") for row in rows)))

    def test_every_heading_can_be_linked_to(self):
        page = self.open_help()
        anchors = [link.get("href") for link in page.xpath("//main/nav//a")]
        headings = [f"#{heading.get('id')}" for heading in page.xpath("//h2")]
        self.assertEqual(anchors, headings)
        self.assertEqual(len(set(anchors)), len(anchors))
        self.assertEqual(
            self.read_texts(page.xpath("//main/nav//a")),
            self.read_texts(page.xpath("//h2")),
        )

    def test_page_says_how_documents_of_the_company_leave(self):
        self.user.company_id = self.company
        for mode, words in (
            ("link", "documents leave as links unless you tick “Attach”"),
            ("attachment", "documents leave with the PDF attached unless"),
        ):
            self.company.invoice_document_mode = mode
            [text] = self.read_texts(self.open_help().xpath("//p[b]")[:1])
            with self.subTest(mode=mode):
                self.assertIn(f"Seller SRL: {words}", text)

    # -- languages -----------------------------------------------------------------

    def test_page_is_in_the_users_language(self):
        english = set(
            self.read_texts(self.open_help().xpath("//main//th | //main//td"))
        )
        for lang, word in (("ro_RO", "Vizualizat"), ("bg_BG", "Прегледано")):
            self.env["res.lang"]._activate_lang(lang)
            self.env["ir.module.module"]._load_module_terms(
                ["invoice_send_client"], [lang], overwrite=True
            )
            self.user.lang = lang
            page = self.open_help()
            with self.subTest(lang=lang):
                self.assertEqual(page.get("lang"), lang.replace("_", "-"))
                labels = self.read_texts(page.xpath("//tr[@data-state]/th"))
                self.assertTrue(any(word in label for label in labels), labels)
                self.assertFalse(english & set(labels))
                left = self.find_untranslated(page, lang[:2])
                self.assertFalse(left)

    def find_untranslated(self, page, language):
        """:return: sentences of the page that have a translation and don't show it"""
        catalog = polib.pofile(file_path(f"invoice_send_client/i18n/{language}.po"))
        text = " ".join(page.text_content().split())
        sources = [
            entry.msgid
            for entry in catalog.translated_entries()
            if any(TEMPLATE in place for place, _line in entry.occurrences)
            and entry.msgid != entry.msgstr
        ]
        plain = self.read_texts(html.fragment_fromstring(term, "p") for term in sources)
        return [sentence for sentence in plain if sentence in text]

    # -- the client's mail ---------------------------------------------------------

    def test_mail_says_what_the_client_can_do(self):
        words = "you can accept the document, or return it and write why"
        for mode, is_tracked, is_said in (
            ("link", True, True),
            ("link", False, True),
            ("attachment", True, True),
            ("attachment", False, False),  # there is no link
        ):
            self.company.invoice_track_clients = is_tracked
            [(_to, message)] = self.send(self.make_invoice(), document_mode=mode)
            letter = message.get_body(("html",)).get_content()
            with self.subTest(mode=mode, is_tracked=is_tracked):
                self.assertEqual(words in " ".join(letter.split()), is_said)

    # -- the way to it -------------------------------------------------------------

    def test_page_is_linked_from_where_users_send_and_look(self):
        views = {
            "account.move.send.wizard": "account_move_send_wizard_form",
            "account.move.send.batch.wizard": "account_move_send_batch_wizard_form",
            "res.config.settings": "res_config_settings_view_form",
        }
        for model, name in views.items():
            view = self.env.ref(f"invoice_send_client.{name}").inherit_id
            arch = self.env[model].get_view(view.id, "form")["arch"]
            with self.subTest(model=model):
                self.check_link(etree.fromstring(arch))
        for name in ("invoice_send_run_my_action", "invoice_mail_action"):
            action = self.env.ref(f"invoice_send_client.{name}")
            with self.subTest(action=name):
                self.check_link(html.fragment_fromstring(action.help, "div"))

    def check_link(self, element):
        """Check that one link leads to the page, beside what is open."""
        [link] = element.xpath(f"//a[@href='{URL}']")
        self.assertEqual(link.get("target"), "_blank")
        self.assertEqual(link.get("rel"), "noopener")

    def test_menu_of_customers_leads_to_the_page(self):
        menu = self.env.ref("invoice_send_client.help_menu")
        self.assertEqual(
            menu.parent_id, self.env.ref("account.menu_finance_receivables")
        )
        self.assertEqual((menu.action.url, menu.action.target), (URL, "new"))
        visible = self.env["ir.ui.menu"].with_user(self.user)._visible_menu_ids()
        self.assertIn(menu.id, visible)
