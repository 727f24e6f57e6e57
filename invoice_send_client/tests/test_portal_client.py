import json
import re
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import UserError
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..controllers import client_page
from ..models.invoice_delivery_portal import NEWS_DAYS, NEWS_SHOWN
from ..tools.rate_limit import Limiter
from .common import BASE_URL, InvoiceSendCase
from .test_client_page import BROWSER, Reader

LOGIN, OTHER = "portal.alfa", "portal.beta"


class PortalClientCase(Reader, InvoiceSendCase, HttpCase):
    """A customer with a portal user, to whom an invoice was brought."""

    visible_ms = 4000

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.make_portal_user(LOGIN, cls.partner_a, "Ana Alfa")
        cls.stranger = cls.make_portal_user(OTHER, cls.partner_b, "Bo Beta")

    def setUp(self):
        super().setUp()
        client_page.LIMITER = Limiter()
        self.invoice = self.make_invoice()
        self.delivery = self.bring(self.invoice)
        self.authenticate(LOGIN, LOGIN)

    @classmethod
    def make_portal_user(cls, login, customer, name):
        """:return: a user of the portal, a contact of the customer"""
        user = new_test_user(
            cls.env,
            login=login,
            groups="base.group_portal",
            name=name,
            email=f"{login}@client.example",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        user.partner_id.parent_id = customer
        return user

    def make_other_company(self):
        """:return: another company of the database"""
        return self.env["res.company"].create({"name": "Other SRL"})

    def move_to_other_customer(self):
        """Let the portal user work for another customer from now on."""
        self.user.partner_id.parent_id = self.partner_b
        # Odoo keeps what its rules say of a user
        self.env.registry.clear_cache()

    def make_brought(self, move, user=None, **values):
        """:return: a delivery to a portal user that still waits"""
        user = user or self.user
        return self.make_delivery(
            move,
            sending_method="network",
            portal_user_id=user.id,
            partner_id=user.partner_id.id,
            recipient_name=user.name,
            email=user.email,
            **values,
        )

    def bring(self, move, user=None, **values):
        """:return: a delivery that stands in the portal since three hours ago"""
        delivery = self.make_brought(move, user, **values)
        delivery.attempt_count = 1
        delivery._bring_to_portal()
        delivery._set_sent()
        delivery.sent_datetime = fields.Datetime.now() - timedelta(hours=3)
        return delivery

    @property
    def url(self):
        """Path of the invoice's page."""
        return f"/my/invoices/{self.invoice.id}"

    def get(self, path="", **kwargs):
        """Ask as the client's browser does from another page of the portal."""
        headers = {**BROWSER, "Sec-Fetch-Site": "same-origin"}
        return self.url_open(path or self.url, headers=headers, **kwargs)

    def read_nonce(self, response):
        """:return: the nonce of the card, ``None`` where there is none"""
        found = re.search(r'data-nonce="([^"]+)"', response.text)
        return found and found[1]

    def post(self, deed, nonce, **data):
        """Send a form of the card, as its button does."""
        headers = {**BROWSER, "Sec-Fetch-Site": "same-origin"}
        data = {"csrf_token": Request.csrf_token(self), "nonce": nonce or "", **data}
        return self.url_open(f"{self.url}/{deed}", data=data, headers=headers)

    def hits(self, delivery=None):
        """:return: kinds of what was recorded of visitors"""
        events = (delivery or self.delivery).event_ids.filtered("hit")
        return events.mapped("event_type")


@tagged("-at_install", "post_install")
class TestBringToPortal(PortalClientCase):
    def find_mails(self, user=None):
        partner = (user or self.user).partner_id
        return self.env["mail.mail"].sudo().search([("recipient_ids", "=", partner.id)])

    def find_told(self):
        self.env.cr.precommit.run()
        rows = self.env["bus.bus"].sudo().search([], order="id")
        told = [json.loads(row.message) for row in rows]
        return [
            message["payload"]
            for message in told
            if message["type"] == "invoice_send_client.received"
        ]

    def test_portal_user_is_told_on_the_bus_and_by_one_mail(self):
        before = len(self.find_told())
        mails = self.find_mails()
        invoice = self.make_invoice()
        self.bring(invoice)
        notice = self.find_told()[before]
        self.assertEqual(notice["url"], f"/my/invoices/{invoice.id}")
        self.assertIn(invoice.name, notice["message"])
        self.assertIn("Seller SRL", notice["title"])
        mail = self.find_mails() - mails
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.recipient_ids, self.user.partner_id)
        self.assertIn(invoice.name, mail.subject)
        for word in (invoice.name, "100.00", f"{BASE_URL}/web/login?redirect=/my"):
            self.assertIn(word, mail.body_html)

    def test_notice_has_no_link_that_opens_the_document_to_anybody(self):
        mail = self.find_mails()
        links = re.findall(r'href="([^"]+)"', mail.body_html)
        self.assertIn(f"{BASE_URL}/web/login?redirect={self.url}", links)
        for word in ("token", "signup", "/mail/view", "/invoice/d/"):
            self.assertNotIn(word, mail.body_html)
        if self.invoice.access_token:
            self.assertNotIn(self.invoice.access_token, mail.body_html)

    def test_no_second_mail_while_email_is_ticked(self):
        invoice, before = self.make_invoice(), self.find_mails()
        told = len(self.find_told())
        taken = self.send(invoice, sending_methods=["email", "network"])
        self.assertEqual([to for to, _message in taken], [["ana@alfa.example"]])
        brought = self.find_brought(invoice)
        self.assertEqual(brought.state, "sent")
        self.assertEqual(self.find_mails(), before)
        self.assertEqual(len(self.find_told()), told + 1)

    def test_network_alone_is_told_by_one_mail(self):
        invoice, before = self.make_invoice(), self.find_mails()
        self.send(invoice, sending_methods=["network"])
        brought = self.find_brought(invoice)
        self.assertEqual((brought.state, len(self.find_mails() - before)), ("sent", 1))
        self.assertEqual(invoice.invoice_delivery_state, "sent")
        self.assertIn('id="invoice_delivery_news"', self.get("/my").text)

    def test_what_the_portal_does_not_show_is_an_error_in_words(self):
        invoice = self.make_invoice()
        wizard = self.make_wizard(invoice, sending_methods=["network"])
        with patch.object(
            type(self.env["invoice.delivery"]), "_is_in_portal_of", return_value=False
        ):
            wizard.action_send_and_print()
        brought = self.find_brought(invoice)
        self.assertEqual((brought.state, brought.failure_type), ("error", "network"))
        self.assertIn("does not show", brought.failure_reason)

    def find_brought(self, invoice):
        deliveries = invoice.invoice_delivery_ids.sudo()
        return deliveries.filtered(lambda d: d.portal_user_id == self.user)

    def test_notice_speaks_the_portal_users_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.user.lang = "fr_FR"
        before = self.find_mails()
        self.bring(self.make_invoice())
        self.assertIn("100,00", (self.find_mails() - before).body_html)

    def test_portal_user_without_address_is_told_in_the_portal_alone(self):
        self.user.partner_id.email = False
        before = self.find_mails()
        delivery = self.bring(self.make_invoice())
        self.assertEqual(delivery.state, "sent")
        self.assertEqual(self.find_mails(), before)

    def assert_not_brought(self, move, user, words):
        delivery = self.make_brought(move, user)
        with self.assertRaises(UserError) as caught:
            delivery._bring_to_portal()
        self.assertIn(words, str(caught.exception))
        self.assertIn(move.name, str(caught.exception))
        self.assertIn(user.name, str(caught.exception))

    def test_archived_user_is_not_brought_anything(self):
        self.user.active = False
        self.assert_not_brought(self.make_invoice(), self.user, "no access to the port")

    def test_user_of_another_customer_is_not_brought_anything(self):
        self.assert_not_brought(self.invoice, self.stranger, "does not show")

    def test_user_of_another_company_is_not_brought_anything(self):
        other = self.make_other_company()
        self.user.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self.env.flush_all()
        self.assert_not_brought(self.invoice, self.user, "does not show")

    def test_receipt_is_read_by_whom_it_was_brought_to_alone(self):
        receipt = self.init_invoice(
            "out_receipt", partner=self.partner_a, amounts=[100.0], post=True
        )
        mine, his = (
            receipt.with_user(user).with_company(self.company)
            for user in (self.user, self.stranger)
        )
        self.assertFalse(mine.has_access("read"))
        delivery = self.bring(receipt)
        self.assertTrue(mine.has_access("read"))
        self.assertTrue(mine.line_ids.has_access("read"))
        self.assertFalse(his.has_access("read"))
        self.assertFalse(receipt.line_ids.with_user(self.stranger).has_access("read"))
        self.assertIn(receipt.name, self.get("/my/invoices").text)
        self.assertTrue(self.read_nonce(self.get(f"/my/invoices/{receipt.id}")))
        delivery.state = "cancel"
        self.assertFalse(mine.has_access("read"))

    def test_receipt_is_not_read_before_its_time_nor_after_it_was_reset(self):
        receipt = self.init_invoice(
            "out_receipt", partner=self.partner_a, amounts=[100.0], post=True
        )
        delivery = self.make_delivery(
            receipt,
            sending_method="network",
            portal_user_id=self.user.id,
            next_attempt_datetime=fields.Datetime.now() + timedelta(days=1),
        )
        read = receipt.with_user(self.user).with_company(self.company).has_access
        self.assertFalse(read("read"))
        delivery.next_attempt_datetime = False
        with self.mail_server():
            delivery._bring_safely()
        self.assertEqual(delivery.state, "sent")
        self.assertTrue(read("read"))
        delivery.is_current = False
        self.assertFalse(read("read"))

    def test_receipt_brought_to_a_stranger_is_not_his_to_read(self):
        receipt = self.init_invoice(
            "out_receipt", partner=self.partner_a, amounts=[100.0], post=True
        )
        self.assert_not_brought(receipt, self.stranger, "does not show")

    def test_sender_who_works_in_more_companies_brings_it_all_the_same(self):
        delivery = self.make_brought(self.make_invoice())
        companies = (self.company | self.make_other_company()).ids
        delivery.with_context(allowed_company_ids=companies)._bring_to_portal()
        self.assertTrue(self.find_told())


@tagged("-at_install", "post_install")
class TestPortalPages(PortalClientCase):
    def test_home_names_what_was_not_viewed(self):
        text = self.get("/my").text
        self.assertIn('id="invoice_delivery_news"', text)
        self.assertIn(self.invoice.name, text)
        self.assertIn("Seller SRL", text)
        self.beacon(self.open_page())
        self.assertEqual(self.delivery.state, "view")
        self.assertNotIn('id="invoice_delivery_news"', self.get("/my").text)

    def test_home_names_the_last_ones_and_each_once(self):
        for _number in range(NEWS_SHOWN):
            last = self.make_invoice()
            self.bring(last)
        self.bring(last)
        Delivery = self.env["invoice.delivery"].sudo()
        news, more = Delivery._find_portal_news(self.user)
        self.assertEqual((len(news), more), (NEWS_SHOWN, 1))
        self.assertEqual(news[0]["name"], last.name)
        self.assertEqual(len({each["name"] for each in news}), NEWS_SHOWN)
        self.assertIn("All documents", self.get("/my").text)

    def test_second_sending_is_new_again(self):
        self.beacon(self.open_page())
        self.bring(self.invoice)
        self.assertIn('id="invoice_delivery_news"', self.get("/my").text)

    def test_who_is_not_followed_has_news_for_some_days_only(self):
        self.company.invoice_track_clients = False
        self.assertIn('id="invoice_delivery_news"', self.get("/my").text)
        old = fields.Datetime.now() - timedelta(days=NEWS_DAYS, hours=1)
        self.delivery.sent_datetime = old
        self.assertNotIn('id="invoice_delivery_news"', self.get("/my").text)
        self.assertNotIn(">New<", self.get("/my/invoices").text)

    def test_strangers_and_colleagues_have_no_news(self):
        self.authenticate(OTHER, OTHER)
        self.assertNotIn(self.invoice.name, self.get("/my").text)
        self.authenticate("admin", "admin")
        self.assertNotIn('id="invoice_delivery_news"', self.get("/my").text)

    def test_news_of_documents_that_are_no_longer_his_are_gone(self):
        self.move_to_other_customer()
        self.assertNotIn(self.invoice.name, self.get("/my").text)

    def test_list_marks_new_and_answered_documents(self):
        accepted, plain = self.make_invoice(), self.make_invoice()
        self.bring(accepted).state = "accept"
        text = self.get("/my/invoices").text
        rows = {
            move: re.search(rf">\s*{move.name}\s*<.*?</tr>", text, re.DOTALL)[0]
            for move in (self.invoice, accepted, plain)
        }
        self.assertIn(">New<", rows[self.invoice])
        self.assertIn(">Accepted<", rows[accepted])
        self.assertNotIn("text-bg-primary", rows[plain])

    def test_queries_do_not_grow_with_the_documents(self):
        Delivery = self.env["invoice.delivery"].sudo()
        counts = []
        for _number in range(2):
            moves = self.env["account.move"].search(
                [("partner_id", "=", self.partner_a.id), ("state", "=", "posted")]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            Delivery._find_portal_news(self.user)
            news = self.env.cr.sql_log_count
            for delivery in Delivery._find_portal_marks(self.user, moves).values():
                delivery._get_portal_mark()
            counts.append((news - before, self.env.cr.sql_log_count - news))
            for _each in range(3):
                self.bring(self.make_invoice())
        self.assertEqual(counts[0], counts[1])


@tagged("-at_install", "post_install")
class TestPortalVisits(PortalClientCase):
    def test_look_lights_the_eye(self):
        nonce = self.open_page()
        self.assertEqual(self.delivery.state, "open")
        self.assertEqual(self.beacon(nonce).status_code, 204)
        self.assertEqual(self.delivery.state, "view")
        self.assertTrue(self.invoice.invoice_view_datetime)
        event = self.delivery.event_ids.filtered(lambda e: e.event_type == "view")
        self.assertIn("Viewed in the portal by Ana Alfa", event.text)

    def test_who_has_the_portal_open_may_look_at_once(self):
        self.delivery.sent_datetime = fields.Datetime.now() - timedelta(seconds=20)
        nonce = self.open_page(19)
        self.beacon(nonce)
        self.assertEqual(self.delivery.state, "view")

    def test_page_fetched_alone_lights_no_eye(self):
        self.get()
        self.get(method="HEAD")
        self.assertFalse(self.delivery.view_datetime)

    def test_machines_light_no_eye(self):
        agents = ("curl/8.5.0", "Mozilla/5.0 (compatible; bingbot/2.0)", "")
        for agent in agents:
            nonce = self.read_nonce(
                self.url_open(self.url, headers={**BROWSER, "User-Agent": agent})
            )
            self.beacon(nonce, webdriver=True)
            self.url_open(
                f"{self.url}?report_type=pdf&download=1&nonce={nonce}",
                headers={"User-Agent": agent},
            )
        self.beacon(self.open_page(), webdriver=True)
        self.assertFalse(self.delivery.view_datetime)
        self.assertFalse(self.invoice.invoice_view_datetime)

    def test_forged_beacons_leave_no_trace(self):
        self.beacon("a.b.c")
        self.beacon("")
        other = self.bring(self.invoice)
        other._judge_hits()
        self.beacon(self._new_nonce_of(self.delivery))
        self.assertFalse(self.hits())
        self.assertFalse(self.hits(other))

    def _new_nonce_of(self, delivery):
        secret = delivery._link_secret()
        return client_page.links.new_nonce(secret, delivery.link_key, 0)

    def test_pdf_of_the_portal_counts_as_downloaded(self):
        nonce = self.open_page()
        response = self.get(f"{self.url}?report_type=pdf&download=true&nonce={nonce}")
        self.assertIn("pdf", response.headers["Content-Type"])
        self.assertEqual(self.delivery.state, "download")
        self.assertTrue(self.invoice.invoice_pdf_report_id)

    def test_button_of_the_page_carries_the_nonce(self):
        text = self.get().text
        nonce = self.read_nonce(self.get())
        self.assertRegex(text, r"report_type=pdf&amp;download=true&amp;nonce=[\w.-]+")
        self.assertTrue(nonce)

    def test_frame_with_the_document_is_no_visit(self):
        self.get(f"{self.url}?report_type=html")
        self.assertFalse(self.hits())

    @mute_logger("odoo.addons.invoice_send_client.models.account_move")
    def test_document_is_readable_where_its_pdf_can_not_be_made(self):
        failing = patch.object(
            type(self.env["ir.actions.report"]),
            "_pre_render_qweb_pdf",
            side_effect=UserError("Unable to find Wkhtmltopdf"),
        )
        nonce = self.open_page()
        with failing:
            frame = self.get(f"{self.url}?report_type=html")
            url = f"{self.url}?report_type=pdf&download=true&nonce={nonce}"
            refused = self.get(url)
        self.assertEqual(frame.status_code, 200)
        self.assertIn(self.invoice.name, frame.text)
        self.assertIn("The PDF is being prepared", refused.text)
        self.assertFalse(self.delivery.download_datetime)

    def test_only_the_portals_delivery_moves(self):
        self.send(self.invoice, email_to=self.user.email)
        mailed = self.invoice.invoice_delivery_ids.sudo() - self.delivery
        self.beacon(self.open_page())
        self.assertEqual(self.delivery.state, "view")
        self.assertEqual(mailed.state, "sent")
        self.assertFalse(self.hits(mailed))

    def test_each_portal_user_has_a_view_of_his_own(self):
        colleague = self.make_portal_user("portal.alfa2", self.partner_a, "Al Alfa")
        other = self.bring(self.invoice, colleague)
        self.beacon(self.open_page())
        self.assertEqual((self.delivery.state, other.state), ("view", "sent"))

    def test_a_visitor_never_becomes_the_last_editor(self):
        self.invoice.write_uid = self.env.user
        self.env.flush_all()
        self.beacon(self.open_page())
        self.invoice.invalidate_recordset()
        self.assertEqual(self.invoice.write_uid.id, SUPERUSER_ID)

    # -- whoever else looks ------------------------------------------------------------

    def assert_no_card(self, path=""):
        response = self.get(path)
        self.assertFalse(self.read_nonce(response))
        self.beacon(self._new_nonce_of(self.delivery))
        self.assertFalse(self.hits())
        return response

    def test_staff_preview_lights_no_eye(self):
        self.authenticate("admin", "admin")
        self.assert_no_card()
        self.assert_no_card(self.invoice.get_portal_url())

    def test_public_with_the_documents_token_lights_no_eye(self):
        self.authenticate(None, None)
        response = self.assert_no_card(self.invoice.get_portal_url())
        self.assertIn(self.invoice.name, response.text)

    def test_stranger_with_the_documents_token_lights_no_eye(self):
        self.authenticate(OTHER, OTHER)
        self.assert_no_card()
        response = self.assert_no_card(self.invoice.get_portal_url())
        self.assertIn(self.invoice.name, response.text)

    def test_user_who_moved_to_another_customer_lights_no_eye(self):
        self.move_to_other_customer()
        self.assert_no_card(self.invoice.get_portal_url())

    def test_user_of_another_company_lights_no_eye(self):
        other = self.make_other_company()
        self.user.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self.env.flush_all()
        self.assert_no_card(self.invoice.get_portal_url())

    def test_document_that_was_reset_is_no_ones(self):
        self.delivery._void()
        self.assert_no_card()

    def test_what_still_waits_or_failed_has_no_card(self):
        for state in ("outgoing", "error", "cancel"):
            self.delivery.state = state
            self.assert_no_card()

    # -- privacy -----------------------------------------------------------------------

    def assert_not_followed(self):
        self.env.flush_all()
        response = self.get()
        nonce = self.read_nonce(response)
        self.assertNotIn("data-seen-url", response.text)
        self.assertIn("Your visits are not recorded", response.text)
        self.beacon(nonce)
        self.get(f"{self.url}?report_type=pdf&download=true&nonce={nonce}")
        self.assertFalse(self.hits())
        self.post("accept", self.open_page())
        self.assertFalse(self.hits())
        self.assertEqual(self.delivery.state, "accept")

    def test_company_that_follows_nobody_records_no_visit(self):
        self.company.invoice_track_clients = False
        self.assert_not_followed()

    def test_customer_who_is_not_followed_leaves_no_visit(self):
        self.partner_a.invoice_no_tracking = True
        self.assert_not_followed()

    def test_who_opted_out_leaves_no_visit(self):
        self.delivery._opt_out()
        self.assert_not_followed()

    def test_client_opts_out_in_the_portal(self):
        self.beacon(self.open_page())
        response = self.post("opt_out", "")
        self.assertIn("what was recorded is erased", response.text)
        self.assertTrue(self.delivery.is_opted_out)
        self.assertFalse(self.hits())
        self.assertNotIn("what was recorded is erased", self.get().text)


@tagged("-at_install", "post_install")
class TestPortalAnswers(PortalClientCase):
    def test_accepted_in_the_portal(self):
        response = self.post("accept", self.open_page())
        self.assertEqual(response.url.partition("#")[0], self.base_url() + self.url)
        self.assertIn("This document is accepted", response.text)
        self.assertNotIn(f"{self.url}/accept", response.text)
        self.assertEqual(self.delivery.state, "accept")
        self.assertEqual(self.delivery.answer_name, "Ana Alfa")
        self.assertEqual(self.invoice.invoice_delivery_state, "accept")
        self.assertEqual(len(self.delivery.answer_version), 64)
        self.assertTrue(self.invoice.invoice_pdf_report_id)

    def test_returned_with_the_reason_and_accepted_after_all(self):
        response = self.post("return", self.open_page(), reason="2 <b>and</b>\nnot 3")
        self.assertIn("This document was returned", response.text)
        self.assertIn("2 &lt;b&gt;and&lt;/b&gt;", response.text)
        self.assertEqual(self.delivery.state, "return")
        self.assertEqual(self.delivery.return_reason, "2 <b>and</b>\nnot 3")
        activity = self.invoice.activity_ids
        self.assertIn("Returned by Ana Alfa, in the portal: 2", activity.note)
        self.assertIn(">Returned<", self.get("/my/invoices").text)
        self.post("accept", self.open_page(50))
        self.assertEqual(self.delivery.state, "accept")
        self.assertFalse(self.invoice.activity_ids)

    def test_return_without_a_reason_is_asked_for_it(self):
        response = self.post("return", self.open_page(), reason="  ")
        self.assertIn("Please write why you return the document", response.text)
        self.assertEqual(self.delivery.state, "open")
        self.assertNotIn("Please write why", self.get().text)

    def test_reason_is_not_lost_when_the_page_is_old(self):
        response = self.post("return", "", reason="Wrong price")
        self.assertIn("This page was open for too long", response.text)
        self.assertIn("Wrong price</textarea>", response.text)
        self.assertFalse(self.delivery.return_datetime)

    def test_answer_given_while_the_page_was_loading_does_not_count(self):
        response = self.post("accept", self.open_page(0))
        self.assertIn("Your answer is not noted yet", response.text)
        self.assertFalse(self.delivery.accept_datetime)

    @mute_logger("odoo.http")
    def test_other_sites_cannot_answer(self):
        nonce = self.open_page()
        for deed in ("accept", "return", "opt_out"):
            data = {"nonce": nonce, "reason": "x", "csrf_token": "forged"}
            response = self.url_open(f"{self.url}/{deed}", data=data)
            self.assertEqual(response.status_code, 400)
            self.assertEqual(self.get(f"{self.url}/{deed}").status_code, 405)
        self.assertEqual(self.delivery.state, "open")
        self.assertFalse(self.delivery.is_opted_out)

    def test_nobody_else_answers(self):
        nonce = self.open_page()
        for login in (OTHER, "admin"):
            self.authenticate(login, login)
            for deed in ("accept", "return", "opt_out"):
                self.post(deed, nonce, reason="x")
        self.authenticate(None, None)
        response = self.post("accept", nonce)
        self.assertIn("/web/login", response.url)
        self.assertEqual(self.delivery.state, "open")
        self.assertFalse(self.delivery.is_opted_out)

    def test_pdf_waits_for_the_acceptance_where_the_company_wants_it(self):
        self.company.invoice_accept_before_download = True
        nonce = self.open_page()
        self.assertNotIn("report_type=pdf", self.get().text)
        response = self.get(f"{self.url}?report_type=pdf&download=true&nonce={nonce}")
        self.assertIn("text/html", response.headers["Content-Type"])
        self.assertIn("once the document is accepted", response.text)
        self.assertFalse(self.delivery.download_datetime)
        self.assertIn("report_type=pdf", self.post("accept", nonce).text)
