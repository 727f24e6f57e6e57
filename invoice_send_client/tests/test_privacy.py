import ipaddress
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from lxml import etree
from lxml import html as lxml_html

from odoo import fields
from odoo.sql_db import Cursor
from odoo.tests import BaseCase, HttpCase, tagged
from odoo.tools.safe_eval import safe_eval

from ..tools import networks, visitor
from .common import InvoiceSendCase
from .test_client_page import BROWSER

BEACON = {
    "visible_ms": 9000,
    "inputs": 4,
    "first_input_ms": 3500,
    "webdriver": False,
    "touch": False,
    "prerendered": False,
}


class PrivacyCase(InvoiceSendCase):
    """A client who opens the page of an invoice, and a second company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.setup_other_company(name="Second SRL")["company"]

    def make_sent(self, **values):
        """:return: a delivery that left three hours ago"""
        sent = fields.Datetime.now() - timedelta(hours=3)
        return self.make_delivery(state="sent", sent_datetime=sent, **values)

    def make_sent_by_other(self, **values):
        """:return: the same of the second company"""
        invoice = self.init_invoice(
            "out_invoice",
            partner=self.partner_a,
            amounts=[50.0],
            post=True,
            company=self.other_company,
        )
        return self.make_sent(move=invoice, **values)

    def visit(self, delivery):
        """Let the client open the page and look at it for a while."""
        opened = datetime.now(timezone.utc) - timedelta(minutes=1)
        sent = delivery.sent_datetime
        common = {
            "delivered_at": sent and sent.replace(tzinfo=timezone.utc),
            "client": "session",
            "headers": BROWSER,
            "ip": "203.0.113.7",
        }
        page = visitor.observe(at=opened, method="GET", target="page", **common)
        delivery._note_hit(page)
        look = visitor.observe(
            at=opened + timedelta(seconds=10),
            method="POST",
            target="beacon",
            beacon=BEACON,
            **common,
        )
        delivery._note_hit(look)

    def get_visits(self, deliveries):
        """:return: the events that tell of visitors"""
        return deliveries.event_ids.filtered("hit")


@tagged("-at_install", "post_install")
class TestTracking(PrivacyCase):
    def test_visit_is_recorded_where_nothing_is_switched_off(self):
        delivery = self.make_sent()
        self.visit(delivery)
        self.assertEqual(delivery.state, "view")
        self.assertEqual(len(self.get_visits(delivery)), 2)
        self.assertEqual(delivery._get_evidence_text()[:6], "viewed")

    def test_company_switch_stops_links_that_were_mailed_before(self):
        delivery, theirs = self.make_sent(), self.make_sent_by_other()
        self.company.invoice_track_clients = False
        for sent in (delivery, theirs):
            self.visit(sent)
        self.assertFalse(self.get_visits(delivery))
        self.assertEqual((delivery.state, theirs.state), ("sent", "view"))
        self.company.invoice_track_clients = True
        self.visit(delivery)
        self.assertEqual(delivery.state, "view")

    def test_customers_switch_is_read_on_the_company_of_the_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Ion", "parent_id": self.partner_a.id, "email": "ion@alfa.example"}
        )
        invoice = self.init_invoice(
            "out_invoice", partner=contact, amounts=[1.0], post=True
        )
        delivery = self.make_sent(move=invoice, email="ion@alfa.example")
        self.partner_a.invoice_no_tracking = True
        self.visit(delivery)
        self.assertEqual((delivery.state, delivery.is_tracked), ("sent", False))

    def test_domain_says_the_same_as_the_method(self):
        partners = self.partner_a, self.partner_b
        self.partner_b.invoice_no_tracking = True
        deliveries = self.env["invoice.delivery"].sudo()
        for partner in partners:
            invoice = self.init_invoice(
                "out_invoice", partner=partner, amounts=[1.0], post=True
            )
            for email in ("ana@alfa.example", "quiet@alfa.example"):
                deliveries += self.make_sent(move=invoice, email=email)
        deliveries += self.make_sent_by_other()
        deliveries[1]._opt_out()
        domain = deliveries._get_tracked_domain()
        for is_on, expected in ((True, deliveries[0] + deliveries[4]), (False, None)):
            self.company.invoice_track_clients = is_on
            expected = deliveries[4] if expected is None else expected
            by_domain = deliveries.search(domain & self.domain_of(deliveries))
            self.assertEqual(by_domain, expected.sorted("id", reverse=True))
            by_method = deliveries.filtered(lambda d: d._is_tracked())
            self.assertEqual(by_method, expected)
            self.assertEqual(deliveries.filtered("is_tracked"), expected)

    def domain_of(self, records):
        """:return: the domain of these records"""
        return fields.Domain("id", "in", records.ids)

    def test_public_routes_need_one_query(self):
        delivery = self.make_sent()
        domain = delivery._get_tracked_domain()
        domain &= fields.Domain("link_key", "=", delivery.link_key)
        self.env.flush_all()
        Delivery = delivery.browse()
        Delivery.search(domain)  # warm
        with self.assertQueryCount(1):
            self.assertEqual(Delivery.search(domain), delivery)

    def test_settings_need_no_query_and_follow_each_change(self):
        Company, company_id = self.env["res.company"], self.company.id
        self.assertTrue(Company._get_invoice_client_settings(company_id).is_tracked)
        self.env.invalidate_all()
        with self.assertQueryCount(0):
            settings = Company._get_invoice_client_settings(company_id)
        self.assertFalse(settings.has_picture)
        for name, value, kept, expected in (
            ("invoice_track_open", True, "has_picture", True),
            ("invoice_track_clients", False, "is_tracked", False),
            ("invoice_link_expiry_days", 30, "expiry_days", 30),
            ("invoice_accept_before_download", True, "accept_first", True),
            (
                "invoice_internal_networks",
                "10.0.0.0/8",
                "networks",
                (ipaddress.ip_network("10.0.0.0/8"),),
            ),
        ):
            self.company[name] = value
            settings = Company._get_invoice_client_settings(company_id)
            self.assertEqual(getattr(settings, kept), expected, name)
        self.assertFalse(settings.has_picture)
        other = Company._get_invoice_client_settings(self.other_company.id)
        self.assertEqual((other.is_tracked, other.expiry_days), (True, 0))

    def test_own_networks_know_the_staff(self):
        self.company.invoice_internal_networks = (
            "10.1.0.0/16, 203.0.113.7\n2001:db8::/32"
        )
        for ip, is_staff in (
            ("10.1.2.3", True),
            ("10.2.2.3", False),
            ("203.0.113.7", True),
            ("203.0.113.8", False),
            ("::ffff:10.1.2.3", True),
            ("2001:db8::1", True),
            ("2001:db9::1", False),
            ("", False),
            (None, False),
            ("10.1.2.3, 1.1.1.1", False),
            ("garbage", False),
        ):
            with self.subTest(ip=ip):
                self.assertIs(self.company._is_invoice_staff_address(ip), is_staff)
        self.assertFalse(self.other_company._is_invoice_staff_address("10.1.2.3"))


@tagged("-at_install", "post_install")
class TestUntrackedRoutes(PrivacyCase, HttpCase):
    def test_link_of_a_client_that_is_not_followed_opens_and_leaves_no_trace(self):
        delivery = self.make_sent()
        url = f"/invoice/d/{delivery._get_token()}"
        self.partner_a.invoice_no_tracking = True
        self.env.flush_all()
        self.assertEqual(self.url_open(url, headers=BROWSER).status_code, 200)
        picture = self.url_open(f"{url}/open.gif", headers=BROWSER)
        self.assertEqual(picture.headers["Content-Type"], "image/gif")
        self.assertFalse(self.get_visits(delivery))
        self.partner_a.invoice_no_tracking = False
        self.env.flush_all()
        self.env.invalidate_all()
        self.url_open(url, headers=BROWSER)
        self.assertTrue(self.get_visits(delivery))


@tagged("-at_install", "post_install")
class TestOptOut(PrivacyCase):
    def test_wish_holds_for_the_address_in_this_company_alone(self):
        asked = self.make_sent(email="ana@călătorii.example")
        ascii_one = self.make_sent(email="ana@xn--cltorii-83ab.example")
        neighbour = self.make_sent(email="ion@călătorii.example")
        theirs = self.make_sent_by_other(email="ana@călătorii.example")
        for delivery in (asked, ascii_one, neighbour, theirs):
            self.visit(delivery)
        self.assertEqual(asked._opt_out(), asked | ascii_one)
        opted_out = [d.is_opted_out for d in (asked, ascii_one, neighbour, theirs)]
        self.assertEqual(opted_out, [True, True, False, False])
        self.assertFalse(self.get_visits(asked | ascii_one))
        self.assertEqual(len(self.get_visits(neighbour | theirs)), 4)
        self.assertEqual(asked.state, "view")
        self.visit(ascii_one)
        self.assertFalse(self.get_visits(ascii_one))

    def test_wish_is_noted_once_and_stands_in_the_history(self):
        delivery = self.make_sent()
        for _time in range(2):
            delivery._opt_out()
        OptOut = self.env["invoice.delivery.opt.out"]
        self.assertEqual(OptOut.search_count([("email", "=", delivery.email)]), 1)
        words = delivery.event_ids[-1]._get_words()[0]
        self.assertEqual(words, "ana@alfa.example asked not to be followed")

    def test_wish_of_a_like_address_is_its_own(self):
        asked = self.make_sent(email="a_a@alfa.example")
        like = self.make_sent(email="aba@alfa.example")
        elsewhere = self.make_sent(email="a_a@beta.example")
        asked._opt_out()
        self.assertFalse(like.is_opted_out)
        self.assertFalse(elsewhere.is_opted_out)

    def test_later_mails_are_born_opted_out(self):
        self.make_sent()._opt_out()
        invoice = self.make_invoice()
        self.send(invoice, email_to="ana@alfa.example; ion@alfa.example")
        born = {d.email: d.is_opted_out for d in invoice.invoice_delivery_ids}
        self.assertEqual(born, {"ana@alfa.example": True, "ion@alfa.example": False})
        self.assertFalse(self.make_sent_by_other().is_opted_out)

    def test_wish_is_looked_up_once_for_all_that_are_created(self):
        self.make_sent()._opt_out()
        invoice = self.make_invoice()
        asked, execute = [], Cursor.execute

        def spy(cursor, query, *args, **kwargs):
            text = str(getattr(query, "code", query))
            if 'FROM "invoice_delivery_opt_out"' in text:
                asked.append(text)
            return execute(cursor, query, *args, **kwargs)

        emails = ["ana@alfa.example", *(f"c{n}@alfa.example" for n in range(20))]
        with patch.object(Cursor, "execute", spy):
            Delivery = self.env["invoice.delivery"].sudo()
            created = Delivery.create(
                [{"move_id": invoice.id, "email": email} for email in emails]
            )
            self.env.flush_all()
        self.assertEqual(len(asked), 1)
        self.assertEqual(created.filtered("is_opted_out"), created[0])

    def test_corrected_address_has_a_wish_of_its_own(self):
        self.make_sent()._opt_out()
        later = self.make_sent()
        self.assertTrue(later.is_opted_out)
        later.email = "maria@alfa.example"
        self.assertFalse(later.is_opted_out)
        later.email = "Ana@alfa.example"
        self.assertTrue(later.is_opted_out)

    def test_address_taken_off_the_list_is_followed_in_what_is_sent_later(self):
        first = self.make_sent()
        first._opt_out()
        self.env["invoice.delivery.opt.out"].search([]).unlink()
        self.assertTrue(first.is_opted_out)
        self.assertFalse(self.make_sent().is_opted_out)


@tagged("-at_install", "post_install")
class TestUntrackedLetters(PrivacyCase):
    def get_letters(self, taken):
        """:return: HTML of each mail by its recipient"""
        return {
            to: message.get_body(("html",)).get_content()
            for recipients, message in taken
            for to in recipients
        }

    def get_links(self, letter):
        """:return: addresses that stand in a letter: of links and of pictures"""
        tree = lxml_html.fromstring(letter)
        return tree.xpath("//a/@href"), tree.xpath("//img/@src")

    def test_plain_link_and_no_picture_where_a_switch_is_off(self):
        self.company.invoice_track_open = True
        for owner, name, value in (
            (self.company, "invoice_track_clients", False),
            (self.partner_a, "invoice_no_tracking", True),
        ):
            with self.subTest(name=name):
                before, owner[name] = owner[name], value
                invoice = self.make_invoice()
                [letter] = self.get_letters(self.send(invoice)).values()
                links, pictures = self.get_links(letter)
                url = invoice.invoice_delivery_ids._get_landing_url()
                self.assertEqual((links, pictures), ([url], []))
                self.assertNotIn("sender can see", letter)
                owner[name] = before

    def test_picture_is_in_no_letter_by_default(self):
        company = self.env["res.company"].create({"name": "New SRL"})
        self.assertFalse(company.invoice_track_open or self.company.invoice_track_open)
        for mode in ("link", "attachment"):
            taken = self.send(self.make_invoice(), document_mode=mode)
            [letter] = self.get_letters(taken).values()
            self.assertEqual(self.get_links(letter)[1], [])
            self.assertNotIn("open.gif", letter)

    def test_picture_and_the_word_of_it_where_clients_are_followed(self):
        self.company.invoice_track_open = True
        [letter] = self.get_letters(self.send(self.make_invoice())).values()
        links, pictures = self.get_links(letter)
        self.assertEqual([f"{link}/open.gif" for link in links], pictures)
        self.assertIn("sender can see", letter)

    def test_attached_file_has_a_link_below_unless_nobody_is_followed(self):
        for is_tracked, count in ((True, 1), (False, 0)):
            self.company.invoice_track_clients = is_tracked
            taken = self.send(self.make_invoice(), document_mode="attachment")
            [letter] = self.get_letters(taken).values()
            self.assertEqual(len(self.get_links(letter)[0]), count)
            self.assertEqual("invoice/d/" in letter, is_tracked)
            self.assertIn("The document is attached.", letter)

    def test_each_recipient_gets_the_letter_that_suits_the_wish(self):
        self.company.invoice_track_open = True
        self.make_sent()._opt_out()
        taken = self.send(
            self.make_invoice(), email_to="ana@alfa.example, ion@alfa.example"
        )
        letters = self.get_letters(taken)
        self.assertEqual(self.get_links(letters["ana@alfa.example"])[1], [])
        self.assertEqual(len(self.get_links(letters["ana@alfa.example"])[0]), 1)
        self.assertEqual(len(self.get_links(letters["ion@alfa.example"])[1]), 1)


@tagged("-at_install", "post_install")
class TestUntrackedScreens(PrivacyCase):
    def test_panel_says_that_nobody_is_followed_instead_of_no_evidence(self):
        delivery = self.make_sent()
        self.assertIn("no evidence", delivery._get_evidence_text())
        self.assertFalse(delivery.move_id.invoice_is_untracked)
        self.partner_a.invoice_no_tracking = True
        self.assertEqual(delivery._get_evidence_text(), "not tracked")
        self.assertTrue(delivery.move_id.invoice_is_untracked)

    def test_panel_says_it_of_the_one_address_that_opted_out(self):
        quiet = self.make_sent()
        other = self.make_sent(move=quiet.move_id, email="ion@alfa.example")
        quiet._opt_out()
        self.assertEqual(quiet._get_evidence_text(), "not tracked")
        self.assertIn("no evidence", other._get_evidence_text())
        self.assertFalse(quiet.move_id.invoice_is_untracked)

    def test_what_was_seen_before_is_still_said(self):
        delivery = self.make_sent()
        self.visit(delivery)
        self.company.invoice_track_clients = False
        self.assertIn("viewed through", delivery._get_evidence_text())

    def test_send_window_says_it_where_link_or_file_is_chosen(self):
        wizard = self.make_wizard(self.make_invoice())
        self.assertIn("you see when", wizard.document_hint)
        self.partner_a.invoice_no_tracking = True
        for mode in ("link", "attachment"):
            wizard = self.make_wizard(self.make_invoice(), document_mode=mode)
            self.assertIn("not tracked", wizard.document_hint)

    def test_review_window_says_it_in_the_row(self):
        self.partner_b.email = "b@beta.example"
        followed = self.make_invoice()
        quiet = self.init_invoice(
            "out_invoice", partner=self.partner_b, amounts=[5.0], post=True
        )
        (followed | quiet).partner_id.invoice_sending_method = "email"
        action = (followed | quiet).action_open_send_window()
        window = self.env["account.move.send.batch.wizard"].browse(action["res_id"])

        def read():
            window.line_ids.invalidate_recordset(["remark"])
            return {line.move_id: line.remark for line in window.line_ids}

        self.assertEqual(read(), {followed: "Ready.", quiet: "Ready."})
        self.partner_b.invoice_no_tracking = True
        self.assertEqual(read(), {followed: "Ready.", quiet: "Not tracked."})
        self.company.invoice_track_clients = False
        self.assertEqual(read(), {followed: "Not tracked.", quiet: "Not tracked."})
        window.line_ids.sending_methods = ["network"]
        self.assertNotIn("Not tracked.", read().values())

    def test_list_of_the_unread_leaves_out_who_is_not_followed(self):
        invoice = self.make_sent().move_id
        action = self.env.ref("invoice_send_client.action_unviewed_documents")
        domain = [*safe_eval(action.domain), ("id", "=", invoice.id)]
        self.assertEqual(self.env["account.move"].search(domain), invoice)
        self.partner_a.invoice_no_tracking = True
        self.assertFalse(self.env["account.move"].search(domain))
        self.partner_a.invoice_no_tracking = False
        self.company.invoice_track_clients = False
        self.assertFalse(self.env["account.move"].search(domain))

    def find_unviewed(self, model, view, record):
        """:return: names of the filters of the unread that find a record"""
        arch = self.env[model].get_view(self.env.ref(view).id, "search")["arch"]
        filters = etree.fromstring(arch).xpath(
            "//filter[contains(@name, 'not_viewed')]"
        )
        self.assertTrue(filters)
        domains = {node.get("name"): safe_eval(node.get("domain")) for node in filters}
        return {
            name
            for name, domain in domains.items()
            if self.env[model].search([*domain, ("id", "=", record.id)])
        }

    def test_filters_of_the_unread_leave_out_who_is_not_followed(self):
        delivery = self.make_sent()
        delivery.sent_datetime = fields.Datetime.now() - timedelta(days=40)
        move = delivery.move_id
        every = {"invoice_delivery_not_viewed"} | {
            f"invoice_delivery_not_viewed_{days}" for days in (3, 7, 14, 30)
        }
        lists = (
            ("account.move", "account.view_account_invoice_filter", move, every),
            (
                "invoice.delivery",
                "invoice_send_client.invoice_delivery_view_search",
                delivery,
                {"not_viewed"},
            ),
        )
        for owner, name, value in (
            (self.company, "invoice_track_clients", False),
            (self.partner_a, "invoice_no_tracking", True),
            (delivery, "is_opted_out", True),
        ):
            with self.subTest(name=name):
                for model, view, record, names in lists:
                    self.assertEqual(self.find_unviewed(model, view, record), names)
                self.assertEqual(move.invoice_unviewed_days, 40)
                before, owner[name] = owner[name], value
                for model, view, record, _names in lists:
                    self.assertFalse(self.find_unviewed(model, view, record))
                self.assertEqual(move.invoice_unviewed_days, 0)
                owner[name] = before

    def test_document_stays_unread_while_one_of_its_recipients_is_followed(self):
        quiet = self.make_sent()
        quiet.sent_datetime = fields.Datetime.now() - timedelta(days=40)
        move = quiet.move_id
        self.make_sent(move=move, email="ion@alfa.example")
        quiet._opt_out()
        names = self.find_unviewed(
            "account.move", "account.view_account_invoice_filter", move
        )
        self.assertIn("invoice_delivery_not_viewed_30", names)

    def test_search_of_who_is_not_followed_says_the_same_as_the_field(self):
        Move = self.env["account.move"]
        sent, unsent = self.make_sent().move_id, self.make_invoice()
        quiet = self.init_invoice(
            "out_invoice", partner=self.partner_b, amounts=[5.0], post=True
        )
        self.make_sent(move=quiet)
        self.partner_b.invoice_no_tracking = True
        every = sent | unsent | quiet
        for operator, value, found in (
            ("=", True, quiet),
            ("=", False, sent | unsent),
            ("!=", True, sent | unsent),
            ("in", [True, False], every),
        ):
            domain = [("invoice_is_untracked", operator, value)]
            with self.subTest(operator=operator, value=value):
                own = Move.search([*domain, ("id", "in", every.ids)])
                self.assertEqual(own, found.sorted("id", reverse=True))
                self.assertEqual(every.filtered_domain(domain), found)


class TestNetworks(BaseCase):
    def test_networks_are_read_as_people_type_them(self):
        found, wrong = networks.parse("10.0.0.5/8; 203.0.113.7,\n2001:db8::/32  ::1")
        self.assertEqual(
            [str(network) for network in found],
            ["10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32", "::1/128"],
        )
        self.assertFalse(wrong)

    def test_address_copied_from_a_log_is_the_same_as_without_its_prefix(self):
        found, _wrong = networks.parse("::ffff:203.0.113.7, ::ffff:10.0.0.0/104")
        self.assertEqual([str(n) for n in found], ["203.0.113.7/32", "10.0.0.0/8"])

    def test_what_is_no_network_is_named(self):
        for text in ("10.0.0", "10.0.0.1-10.0.0.9", "office", "10.0.0.0/33", "::/0"):
            self.assertEqual(networks.parse(f"10.1.1.1 {text}")[1], [text])
        self.assertEqual(networks.parse("0.0.0.0/0")[1], ["0.0.0.0/0"])
        self.assertEqual(networks.parse(None), ((), []))
