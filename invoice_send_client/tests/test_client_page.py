import json
import re
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from freezegun import freeze_time
from lxml import html

from odoo import SUPERUSER_ID, fields
from odoo.sql_db import Cursor
from odoo.tests import HttpCase, tagged

from ..controllers import client_page
from ..tools.rate_limit import Limiter
from .common import InvoiceSendCase

BROWSER = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "ro-RO,ro;q=0.9,en;q=0.8",
    "Accept-Encoding": "gzip, deflate, br",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-User": "?1",
}


class Reader:
    """What the client's browser does with a page, by link or in the portal.

    :cvar int visible_ms: for which the page was seen, unless a test says otherwise
    """

    visible_ms = 0

    def open_page(self, seconds=60):
        """Open the page as it was some seconds ago.

        :param float seconds: for which the client has been looking at it
        :return: the page's nonce
        """
        before = datetime.now(timezone.utc) - timedelta(seconds=seconds)
        with freeze_time(before, tick=True):
            return self.read_nonce(self.get())

    def beacon(self, nonce, **values):
        """Send what the page's script tells."""
        body = {
            "nonce": nonce,
            "visible_ms": self.visible_ms,
            "inputs": 3,
            "first_input_ms": 1200,
            "webdriver": False,
            "touch": False,
            "prerendered": False,
            **values,
        }
        headers = {**BROWSER, "Content-Type": "application/json"}
        return self.url_open(self.url + "/seen", data=json.dumps(body), headers=headers)


class ClientPageCase(Reader, InvoiceSendCase, HttpCase):
    """An invoice that was mailed three hours ago, and the client's browser."""

    def setUp(self):
        super().setUp()
        client_page.LIMITER = Limiter()
        self.invoice = self.make_invoice()
        self.send(self.invoice)
        self.delivery = self.invoice.invoice_delivery_ids.sudo()
        self.make_older(self.delivery)
        self.url = self.get_url(self.delivery)

    def make_older(self, delivery):
        """Let a mail have been sent three hours ago."""
        delivery.sent_datetime = fields.Datetime.now() - timedelta(hours=3)

    def get_url(self, delivery):
        """:return: path of the client's page"""
        return f"/invoice/d/{delivery._get_token()}"

    def get(self, path="", **kwargs):
        """Ask as the client's browser does."""
        return self.url_open(self.url + path, headers=BROWSER, **kwargs)

    def post(self, path, allow_redirects=True, **data):
        """Send a form of the client's page."""
        headers = {**BROWSER, "Sec-Fetch-Site": "same-origin"}
        return self.url_open(
            self.url + path,
            data=data,
            headers=headers,
            method="POST",
            allow_redirects=allow_redirects,
        )

    def read_nonce(self, response):
        return re.search(r'data-nonce="([^"]+)"', response.text)[1]


@tagged("-at_install", "post_install")
class TestClientPage(ClientPageCase):
    def test_page_shows_the_document_and_sets_no_cookie(self):
        response = self.get()
        self.assertEqual(response.status_code, 200, response.text)
        self.assertIn(self.invoice.name, response.text)
        self.assertNotIn("set-cookie", {name.lower() for name in response.headers})
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertIn("noindex", response.headers["X-Robots-Tag"])
        self.assertLess(len(response.content), 100_000)

    def test_line_with_a_discount_says_so_where_its_price_stands(self):
        line = self.invoice.invoice_line_ids
        self.assertNotIn("%", self.read_prices())
        line.sudo().with_context(check_move_validity=False).discount = 12.5
        self.assertRegex(self.read_prices(), r"100\.00\s+−12\.50\s%$")

    def read_prices(self):
        """:return: the text of the cell with the line's price"""
        rows = html.fromstring(self.get().text).xpath(
            "//table[@class='lines']/tbody/tr"
        )
        return " ".join(rows[0].xpath("td")[2].text_content().split())

    def test_plain_get_head_and_picture_light_no_eye(self):
        self.get()
        self.url_open(self.url, headers=BROWSER, method="HEAD")
        self.get("/open.gif")
        self.assertFalse(self.delivery.view_datetime)
        self.assertIn(self.delivery.state, ("sent", "open"))
        self.assertFalse(self.invoice.invoice_view_datetime)

    def test_pdf_is_served_under_its_name(self):
        response = self.get("/pdf")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn(
            self.invoice.invoice_pdf_report_id.name,
            response.headers["Content-Disposition"],
        )

    def test_button_of_a_page_without_script_shows_the_document(self):
        nonce = self.read_nonce(self.get())
        response = self.url_open(self.url, data={"nonce": nonce}, headers=BROWSER)
        self.assertNotIn('id="show_document"', response.text)
        events = self.delivery.event_ids.filtered("hit").mapped("event_type")
        self.assertEqual(events, ["open", "view"])

    def test_forged_beacon_leaves_no_trace(self):
        for nonce in ("", "a.b.c", 7, None):
            response = self.beacon(nonce, visible_ms=60000)
            self.assertEqual(response.status_code, 204)
        for body in (b"", b"[]", b"{", b'"x"', b"\xff"):
            response = self.url_open(
                self.url + "/seen", data=body, headers=BROWSER, method="POST"
            )
            self.assertEqual(response.status_code, 204)
        self.assertFalse(self.delivery.event_ids.filtered("hit"))

    def test_dead_links_answer_alike(self):
        self.delivery.is_link_alive = False
        revoked = self.get()
        unknown = self.url_open("/invoice/d/" + "x" * 49, headers=BROWSER)
        for response in (revoked, unknown):
            self.assertEqual(response.status_code, 404)
            self.assertNotIn(self.invoice.name, response.text)
        without = re.sub(r"/invoice/d/[^/]+/", "", revoked.text)
        self.assertEqual(without, re.sub(r"/invoice/d/[^/]+/", "", unknown.text))
        self.assertEqual(self.get("/open.gif").headers["Content-Type"], "image/gif")

    def test_a_visitor_never_becomes_the_last_editor(self):
        for path in ("", "/open.gif", "/pdf"):
            self.delivery.state = "sent"
            self.invoice.write_uid = self.env.user
            self.env.flush_all()
            self.get(path)
            self.invoice.invalidate_recordset()
            self.assertEqual(self.invoice.write_uid.id, SUPERUSER_ID, path)

    # -- queries -----------------------------------------------------------------------

    @contextmanager
    def count_our_queries(self):
        """Count what a request asks of the database for us, as a server just started
        does; what Odoo needs for any public request is left out.

        :return: the queries, filled when the block ends
        """
        ours, execute = [], Cursor.execute

        def note(cursor, query, *args, **kwargs):
            text = str(getattr(query, "code", query))
            if re.search(r"invoice_delivery|account_move", text):
                ours.append(text)
            return execute(cursor, query, *args, **kwargs)

        self.env.flush_all()
        self.env.invalidate_all()
        with patch.object(Cursor, "execute", note):
            yield ours

    def test_request_that_changes_nothing_takes_three_queries_at_most(self):
        for recipients in (1, 10):
            self.send_to(recipients)
            nonce = self.open_page()
            self.beacon(nonce, visible_ms=4000)
            with self.count_our_queries() as pixel:
                self.get("/open.gif")
            with self.count_our_queries() as beacon:
                self.beacon(nonce, visible_ms=10000)
            self.assertEqual((len(pixel), len(beacon)), (1, 3), pixel + beacon)

    def test_request_that_moves_the_state_takes_six_queries_at_most(self):
        for recipients in (1, 10):
            self.send_to(recipients)
            with self.count_our_queries() as pixel:
                self.get("/open.gif")
            self.assertEqual(self.delivery.state, "open")
            nonce = self.open_page()
            with self.count_our_queries() as beacon:
                self.beacon(nonce, visible_ms=4000)
            self.assertEqual(self.delivery.state, "view")
            self.assertEqual((len(pixel), len(beacon)), (2, 6), pixel + beacon)

    def test_picture_loaded_again_a_minute_later_takes_one_query(self):
        self.get("/open.gif")
        with freeze_time(datetime.now(timezone.utc) + timedelta(minutes=1)):
            with self.count_our_queries() as again:
                self.get("/open.gif")
        self.assertEqual(len(again), 1, again)
        with freeze_time(datetime.now(timezone.utc) + timedelta(hours=2)):
            self.get("/open.gif")
        pictures = self.delivery.event_ids.filtered("hit")
        self.assertEqual(len(pictures), 2)

    def test_forged_link_takes_no_query(self):
        self.url = "/invoice/d/" + "x" * 49
        with self.count_our_queries() as asked:
            for path in ("", "/open.gif", "/pdf"):
                self.get(path)
            self.post("/renew")
        self.assertFalse(asked)

    def send_to(self, count):
        """Send an invoice to so many recipients, and be the last of them."""
        emails = [f"client{number}@alfa.example" for number in range(count)]
        self.invoice = self.make_invoice()
        self.send(self.invoice, email_to="; ".join(emails))
        deliveries = self.invoice.invoice_delivery_ids.sudo()
        deliveries.sent_datetime = fields.Datetime.now() - timedelta(hours=3)
        self.delivery = deliveries[-1]
        self.url = self.get_url(self.delivery)

    def test_page_writes_nothing_on_the_document(self):
        self.env.flush_all()
        before = self.invoice.write_date, self.invoice.is_manually_modified
        self.company.invoice_track_clients = False
        with self.count_our_queries() as asked:
            self.get()
        self.assertFalse([query for query in asked if "SELECT" not in query])
        self.invoice.invalidate_recordset()
        self.assertEqual(
            (self.invoice.write_date, self.invoice.is_manually_modified), before
        )

    def test_answers_are_not_given_by_get(self):
        for path in ("/seen", "/renew", "/accept", "/return", "/opt_out"):
            self.assertEqual(self.get(path).status_code, 405)
