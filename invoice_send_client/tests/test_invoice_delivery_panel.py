from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from ..const import EVENT_TYPES, MOVE_STATES
from ..models.invoice_delivery_event import NO_EVIDENCE, PROOFS, REASON_TEXTS
from ..tools import visitor
from .common import InvoiceSendCase

COLUMNS = (
    "invoice_delivery_state",
    "invoice_delivery_problem",
    "invoice_delivery_recipients",
    "invoice_sent_datetime",
    "invoice_view_datetime",
)
REFUSED = {
    "state": "error",
    "failure_type": "refused",
    "failure_reason": "550 No such user",
}
CUSTOMER_LISTS = ("account.view_out_invoice_tree", "account.view_out_credit_note_tree")


@tagged("-at_install", "post_install")
class TestInvoiceList(InvoiceSendCase):
    def list_arch(self, xmlid="account.view_out_invoice_tree"):
        view = self.env.ref(xmlid)
        arch = self.env["account.move"].get_view(view.id, "list")["arch"]
        return etree.fromstring(arch)

    def list_specification(self, arch, without=()):
        names = {node.get("name") for node in arch.xpath("/list/field")}
        return {name: {} for name in names - set(without)}

    def count_queries(self, domain, specification, limit):
        """:return: queries of one load of the list, everything else being warm"""
        moves = self.env["account.move"]
        for _warm in range(2):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            result = moves.web_search_read(domain, specification, limit=limit)
        self.assertEqual(len(result["records"]), limit)
        return self.cr.sql_log_count - before

    def test_columns_cost_no_query_whatever_the_number_of_rows(self):
        invoices = self.env["account.move"]
        for _count in range(10):
            invoices |= self.make_invoice()
        for _count in range(9):
            invoices |= self.env["account.move"].concat(
                *(invoice.copy() for invoice in invoices[:10])
            )
        invoices.filtered(lambda m: m.state == "draft").action_post()
        for invoice in invoices:
            self.make_delivery(invoice, state="view")
        arch = self.list_arch()
        whole = self.list_specification(arch)
        self.assertIn(COLUMNS[0], whole)
        whole.update({name: {} for name in COLUMNS})
        native = self.list_specification(arch, without=COLUMNS)
        for rows in (1, 10, 100):
            with self.subTest(rows=rows):
                domain = [("id", "in", invoices.ids)]
                self.assertEqual(
                    self.count_queries(domain, whole, rows),
                    self.count_queries(domain, native, rows),
                )

    def test_send_has_a_letter_and_is_the_first_button_above_each_customer_list(self):
        for xmlid in CUSTOMER_LISTS:
            with self.subTest(view=xmlid):
                first = self.list_arch(xmlid).xpath("/list/header/button")[0]
                self.assertEqual(first.get("name"), "action_open_send_window")
                self.assertEqual(first.get("icon"), "fa-envelope")

    def test_every_row_ends_with_a_paper_plane_that_has_a_name(self):
        for xmlid in CUSTOMER_LISTS:
            shown = "/list/*[not(@column_invisible='True')]"
            for button in self.list_arch(xmlid).xpath(shown)[-2:]:
                with self.subTest(view=xmlid, title=button.get("title")):
                    self.assertEqual(button.tag, "button")
                    self.assertEqual(button.get("name"), "action_open_send_window")
                    self.assertTrue(button.get("icon").startswith("fa-paper-plane"))
                    self.assertTrue(button.get("string") and button.get("title"))

    def test_vendor_lists_show_neither_column_nor_button(self):
        arch = self.list_arch("account.view_in_invoice_bill_tree")
        context = {"default_move_type": "in_invoice"}
        ours = arch.xpath(
            "/list/field[@name='invoice_delivery_state']"
            "|/list/button[@name='action_open_send_window']"
        )
        self.assertEqual(len(ours), 3)
        for node in ours:
            hidden = safe_eval(node.get("column_invisible"), {"context": context})
            self.assertTrue(hidden)

    def filter_moves(self, name, moves):
        arch = self.env["account.move"].get_view(
            self.env.ref("account.view_account_invoice_filter").id, "search"
        )["arch"]
        [node] = etree.fromstring(arch).xpath(f"//filter[@name='{name}']")
        domain = safe_eval(node.get("domain"))
        return self.env["account.move"].search([*domain, ("id", "in", moves.ids)])

    def test_filters_find_what_they_say(self):
        moves = {state: self.make_invoice() for state, _label in MOVE_STATES}
        for state, move in moves.items():
            sent = state not in ("outgoing", "error")
            self.make_delivery(
                move,
                state=state,
                sent_datetime="2026-11-21 10:00:00" if sent else False,
                return_datetime="2026-11-21 11:00:00" if state == "return" else False,
            )
        moves["never"] = self.make_invoice()
        moves["draft"] = self.init_invoice("out_invoice", partner=self.partner_a)
        moves["bill"] = self.init_invoice(
            "in_invoice", partner=self.partner_a, amounts=[10.0], post=True
        )
        every = self.env["account.move"].concat(*moves.values())
        expected = {
            "invoice_delivery_not_sent": {"outgoing", "error", "never"},
            "invoice_delivery_not_viewed": {"sent", "open"},
            "invoice_delivery_viewed": {"view", "download", "accept", "return"},
            "invoice_delivery_returned": {"return"},
            "invoice_delivery_problem": {"error"},
        }
        for name, states in expected.items():
            with self.subTest(filter=name):
                found = self.filter_moves(name, every)
                self.assertEqual(
                    {state for state, move in moves.items() if move in found}, states
                )

    def test_viewed_one_of_which_the_server_said_nothing_is_not_called_unsent(self):
        move = self.make_invoice()
        self.make_delivery(move, state="view", view_datetime="2026-11-21 11:00:00")
        self.assertFalse(move.invoice_sent_datetime)
        self.assertFalse(self.filter_moves("invoice_delivery_not_sent", move))

    def test_sorting_follows_the_clients_progress(self):
        wanted = [state for state, _label in MOVE_STATES]
        moves = self.env["account.move"]
        for state in sorted(wanted):
            move = self.make_invoice()
            self.make_delivery(
                move,
                state=state,
                return_datetime="2026-11-21 11:00:00" if state == "return" else False,
            )
            moves |= move
        domain = [("id", "in", moves.ids)]
        for order, expected in (("asc", wanted), ("desc", wanted[::-1])):
            found = moves.search(domain, order=f"invoice_delivery_state {order}")
            self.assertEqual(found.mapped("invoice_delivery_state"), expected)

    def test_posted_receipt_has_a_send_button(self):
        receipt = self.init_invoice(
            "out_receipt", partner=self.partner_a, amounts=[100.0]
        )
        self.assertFalse(receipt.display_send_button)
        receipt.action_post()
        self.assertTrue(receipt.display_send_button)


@tagged("-at_install", "post_install")
class TestInvoiceDeliveryPanel(InvoiceSendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = cls.make_user("account.group_account_invoice")
        cls.reader = cls.make_user("account.group_account_readonly")
        cls.invoice = cls.init_invoice(
            "out_invoice", partner=cls.partner_a, amounts=[100.0], post=True
        )

    @classmethod
    def make_user(cls, group):
        return new_test_user(
            cls.env, login=group, groups=group, company_id=cls.company.id
        )

    def panel(self, user=None, move=None):
        move = (move or self.invoice).with_user(user or self.biller)
        return move.get_invoice_delivery_panel()

    def make(self, **values):
        return self.make_delivery(self.invoice, **values)

    def find(self, token):
        # sudo: the controllers ask as OdooBot
        return self.env["invoice.delivery"].sudo()._find_by_token(token)

    def texts(self):
        return [event["text"] for event in self.panel()["events"]]

    def recipient(self, email):
        [found] = [r for r in self.panel()["recipients"] if r["email"] == email]
        return found

    def look(self, delivery, event_type, reasons, client="session", **values):
        hit = {"client": client, "target": "page"}
        return delivery._record_event(event_type, reasons=reasons, hit=hit, **values)

    # -- words -----------------------------------------------------------------------

    def test_every_word_of_the_judge_has_a_sentence(self):
        self.assertEqual(set(dict(REASON_TEXTS)), set(visitor.REASONS))
        self.assertLessEqual(PROOFS | NO_EVIDENCE, set(visitor.REASONS))

    def test_every_kind_of_event_has_a_sentence_with_its_address(self):
        delivery = self.make()
        for event_type, label in EVENT_TYPES:
            with self.subTest(event_type=event_type):
                text = delivery._record_event(event_type, detail="550 Words").text
                self.assertNotEqual(text, label)
                self.assertTrue("ana@alfa.example" in text or "550 Words" in text)

    def test_machines_are_named_and_no_view_is_claimed(self):
        delivery = self.make(state="sent")
        self.look(delivery, "open", "scanner", "a", is_automated=True)
        self.look(delivery, "open", "mail_proxy,burst", "b", is_automated=True)
        self.look(delivery, "open", "staff", "c")
        self.look(delivery, "view", "brand_new_word", "d", is_automated=True)
        self.assertEqual(
            self.texts(),
            [
                "Opened by a machine",
                "Opened by a colleague, not counted",
                "Picture loaded through a mail proxy",
                "Link checked by a mail filter",
            ],
        )

    def test_uncertain_look_is_probably_opened_and_says_why(self):
        delivery = self.make(state="open")
        self.look(delivery, "view", "too_short")
        [event] = self.panel()["events"]
        self.assertEqual(event["text"], "Probably opened by ana@alfa.example")
        self.assertEqual(event["note"], "Page shown for a moment only")
        self.assertEqual(event["type"], "open")

    def test_view_is_told_of_the_link_not_of_the_person(self):
        delivery = self.make(state="view")
        self.look(delivery, "view", "look_with_input")
        text = "iewed through the link sent to ana@alfa.example"
        self.assertEqual(self.texts(), [f"V{text}"])
        self.assertEqual(self.recipient("ana@alfa.example")["evidence"], f"v{text}")

    def test_one_visit_is_one_line_and_another_visit_another(self):
        delivery = self.make(state="view")
        for minute in (1, 2, 3):
            self.look(
                delivery,
                "view",
                "look_with_input",
                event_datetime=f"2026-11-21 10:0{minute}:00",
            )
        self.look(
            delivery,
            "view",
            "look_with_input",
            "second",
            event_datetime="2026-11-22 10:00:00",
        )
        events = self.panel()["events"]
        self.assertEqual(
            [(event["datetime"], event["count"]) for event in events],
            [("2026-11-22 10:00:00", 1), ("2026-11-21 10:01:00", 3)],
        )

    def test_without_a_look_there_is_no_evidence_and_no_denial(self):
        self.make(state="sent")
        evidence = self.recipient("ana@alfa.example")["evidence"]
        self.assertIn("no evidence", evidence)
        self.assertNotIn("not opened", evidence)

    def test_refusal_stands_in_the_servers_words_also_after_a_retry(self):
        self.send(self.invoice, {"ana@alfa.example": (550, b"No such user")})
        self.assertIn("550 No such user", self.recipient("ana@alfa.example")["problem"])
        with self.mail_server() as taken:
            self.invoice.invoice_delivery_ids.action_resend()
        self.assertEqual(len(taken), 1)
        self.assertFalse(self.recipient("ana@alfa.example")["problem"])
        newest, again, refused = self.texts()
        self.assertEqual(newest, "Mailed to ana@alfa.example")
        self.assertIn("Sent again to ana@alfa.example", again)
        self.assertEqual(refused, "Not sent to ana@alfa.example: 550 No such user")

    # -- sendings --------------------------------------------------------------------

    def test_earlier_sendings_stay_and_are_marked(self):
        self.send(self.invoice)
        self.invoice.button_draft()
        self.invoice.action_post()
        self.send(self.invoice, email_to="new@alfa.example")
        panel = self.panel()
        self.assertEqual(
            [(r["email"], r["is_current"]) for r in panel["recipients"]],
            [("new@alfa.example", True), ("ana@alfa.example", False)],
        )
        old = panel["recipients"][1]
        self.assertEqual((old["actions"], old["url"]), ([], ""))
        self.assertFalse(
            next(e for e in panel["events"] if "ana@" in e["text"])["is_current"]
        )

    def test_panel_costs_the_same_for_one_recipient_and_for_thirty(self):
        def cost():
            for _warm in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                self.panel()
            return self.cr.sql_log_count - before

        def fill(count):
            for number in range(count):
                delivery = self.make(email=f"a{number}@x.ro", state="sent")
                delivery._record_event("sent")
                self.look(delivery, "open", "scanner", is_automated=True)

        fill(1)
        one = cost()
        fill(30)
        self.assertEqual(len(self.panel()["recipients"]), 31)
        self.assertEqual(cost(), one)

    # -- who may ---------------------------------------------------------------------

    def test_reader_reads_and_cannot_act(self):
        delivery = self.make(**REFUSED).with_user(self.reader)
        self.assertFalse(self.panel(self.reader)["can_send"])
        self.assertTrue(self.panel(self.biller)["can_send"])
        for name in ("action_retry", "action_revoke_link", "action_renew_link"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                getattr(delivery, name)()
        address = self.env["invoice.delivery.correct.address"].with_user(self.reader)
        with self.assertRaises(AccessError):
            address.create({"delivery_id": delivery.id, "email": "b@x.ro"})

    def test_others_get_no_panel(self):
        user = self.make_user("base.group_user")
        with self.assertRaises(AccessError):
            self.panel(user)

    # -- links -----------------------------------------------------------------------

    def test_revoked_link_is_dead_and_a_new_one_leaves_it_dead(self):
        delivery = self.make(state="sent")
        old = delivery._get_token()
        delivery.with_user(self.biller).action_revoke_link()
        found = self.recipient("ana@alfa.example")
        self.assertEqual(found["url"], "")
        self.assertIn("action_renew_link", found["actions"])
        self.assertFalse(self.find(old))
        delivery.with_user(self.biller).action_renew_link()
        new = delivery._get_token()
        self.assertNotEqual(new, old)
        self.assertFalse(self.find(old))
        self.assertEqual(self.find(new), delivery)
        self.assertIn("revoked by", self.texts()[1])
        self.assertIn(self.biller.name, self.texts()[0])

    def test_document_that_is_not_posted_gets_no_new_link(self):
        delivery = self.make(state="sent")
        self.invoice.button_draft()
        with self.assertRaisesRegex(UserError, "not posted"):
            delivery.with_user(self.biller).action_renew_link()

    # -- resend ----------------------------------------------------------------------

    def test_resend_of_a_sent_one_opens_the_window_for_this_address_alone(self):
        self.send(
            self.invoice,
            email_to='ana@alfa.example; "Pop, Ion" <ion@alfa.example>',
            email_cc="cc@alfa.example",
        )
        ion = self.invoice.invoice_delivery_ids.filtered(lambda d: "ion" in d.email)
        action = ion.with_user(self.biller).action_resend()
        wizard = Form(self.env[action["res_model"]].with_context(**action["context"]))
        self.assertEqual(wizard.email_to, '"Pop, Ion" <ion@alfa.example>')
        self.assertFalse(wizard.email_cc)

    def test_resend_after_a_revoked_link_carries_a_live_one(self):
        self.send(self.invoice, {"ana@alfa.example": (550, b"No")})
        delivery = self.invoice.invoice_delivery_ids
        delivery.action_revoke_link()
        with self.mail_server() as taken:
            delivery.action_resend()
        [(_to, message)] = taken
        self.assertTrue(delivery.is_link_alive)
        html = message.get_body(("html",)).get_content()
        self.assertIn(delivery._get_landing_url(), html)

    def test_failed_sending_from_before_the_reset_is_not_repeated(self):
        delivery = self.make(**REFUSED)
        self.invoice.button_draft()
        self.invoice.action_post()
        with self.assertRaises(UserError):
            delivery.with_user(self.biller).action_resend()

    # -- correct address -------------------------------------------------------------

    def correct(self, delivery, email, **values):
        wizard = (
            self.env["invoice.delivery.correct.address"]
            .with_user(self.biller)
            .create({"delivery_id": delivery.id, "email": email, **values})
        )
        with self.mail_server() as taken:
            wizard.action_confirm()
        return taken

    def make_refused(self, **values):
        self.send(self.invoice, {"ana@alfa.example": (550, b"No such user")}, **values)
        return self.invoice.invoice_delivery_ids.filtered(lambda d: "ana" in d.email)

    def test_corrected_address_gets_the_letter_and_the_old_link_dies(self):
        delivery = self.make_refused(
            email_to='"Попов, Ана" <ana@alfa.example>; ion@alfa.example'
        )
        old = delivery._get_token()
        [(recipients, message)] = self.correct(delivery, "anna@alfa.example")
        self.assertEqual(recipients, ["anna@alfa.example"])
        self.assertIn("anna@alfa.example", message["To"])
        self.assertIn("ion@alfa.example", message["To"])
        self.assertNotIn("<ana@alfa.example>", message["To"])
        self.assertEqual(
            delivery.line_id.email_to,
            '"Попов, Ана" <anna@alfa.example>; ion@alfa.example',
        )
        self.assertRecordValues(
            delivery, [{"email": "anna@alfa.example", "state": "sent"}]
        )
        self.assertFalse(self.find(old))
        self.assertIn("anna@alfa.example", self.invoice.invoice_delivery_recipients)
        self.assertEqual(
            [text for text in self.texts() if "ion@" not in text],
            [
                "Mailed to anna@alfa.example",
                f"Sent again to anna@alfa.example by {self.biller.name}",
                f"Address corrected by {self.biller.name}: "
                "ana@alfa.example → anna@alfa.example",
                "Not sent to ana@alfa.example: 550 No such user",
            ],
        )

    def test_customers_card_is_mended_only_when_asked(self):
        group = self.env.ref("base.group_partner_manager")
        self.biller.group_ids = [Command.link(group.id)]
        self.partner_a.email = "ana@alfa.example; office@alfa.example"
        delivery = self.make_refused()
        wizard = (
            self.env["invoice.delivery.correct.address"]
            .with_user(self.biller)
            .new({"delivery_id": delivery.id})
        )
        self.assertTrue(wizard.save_on_partner)
        self.correct(delivery, "a1@alfa.example", save_on_partner=False)
        self.assertEqual(self.partner_a.email, "ana@alfa.example; office@alfa.example")
        delivery.sudo().write(REFUSED)
        self.partner_a.email = "a1@alfa.example; office@alfa.example"
        self.correct(delivery, "a2@alfa.example", save_on_partner=True)
        self.assertEqual(self.partner_a.email, "a2@alfa.example; office@alfa.example")
        self.assertEqual(delivery.partner_id, self.partner_a)

    def test_customers_card_stays_where_the_user_may_not_write_it(self):
        delivery = self.make_refused()
        self.correct(delivery, "anna@alfa.example")
        self.assertEqual(self.partner_a.email, "ana@alfa.example")
        self.assertEqual(delivery.state, "sent")

    def test_no_address_two_addresses_and_known_ones_are_refused(self):
        delivery = self.make_refused(email_to="ana@alfa.example; ion@alfa.example")
        for email in ("anna", "a@x.ro; b@x.ro", " ", "ION@alfa.example"):
            with self.subTest(email=email), self.assertRaises(UserError):
                self.correct(delivery, email)
        self.assertRecordValues(
            delivery, [{"email": "ana@alfa.example", "state": "error"}]
        )

    def test_address_of_what_was_sent_stays(self):
        self.send(self.invoice)
        delivery = self.invoice.invoice_delivery_ids
        with self.assertRaisesRegex(UserError, "failed or bounced"):
            self.correct(delivery, "b@x.ro")
        self.assertEqual(delivery.email, "ana@alfa.example")
