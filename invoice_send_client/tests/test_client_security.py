import json
import logging
import os
import re
import secrets
from contextlib import contextmanager
from unittest.mock import patch
from urllib.parse import quote

from lxml import etree, html
from markupsafe import Markup

from odoo import http
from odoo.tests import tagged
from odoo.tools import config, email_split, mute_logger

from ..const import ANSWERS, BOUNCE_SCOPE, HITS_KEPT, LINK_SCOPE
from ..controllers import client_page
from ..controllers.client_page import PAGE_HEADERS
from ..controllers.invoice_delivery import GIF
from ..tools import links
from ..tools.rate_limit import Limiter, Rate
from .test_client_page import BROWSER, ClientPageCase

#: What each route of a client's link is asked with.
ROUTES = (
    ("GET", ""),
    ("HEAD", ""),
    ("POST", ""),
    ("GET", "/open.gif"),
    ("GET", "/pdf"),
    ("HEAD", "/pdf"),
    ("POST", "/seen"),
    ("POST", "/accept"),
    ("POST", "/return"),
    ("POST", "/opt_out"),
    ("POST", "/renew"),
)
POSTS = [path for method, path in ROUTES if method == "POST"]
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")

MARKUP = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"
FORBIDDEN_TAGS = ("iframe", "object", "embed", "base", "style", "template")
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class ClientSecurityCase(ClientPageCase):
    """The client's page, and somebody who is not the client."""

    def ask(self, method, url, allow_redirects=False, **kwargs):
        """Ask for any address as anybody.

        :param str method: HTTP method
        :param str url: path
        """
        headers = {**BROWSER, **kwargs.pop("headers", {})}
        return self.opener.request(
            method,
            self.base_url() + url,
            headers=headers,
            allow_redirects=allow_redirects,
            timeout=30,
            **kwargs,
        )

    def get_state(self):
        """:return: all that a visitor can change"""
        self.env.invalidate_all()
        delivery = self.delivery
        names = ("state", "answer_name", "is_opted_out", "link_key", "look_datetime")
        values = [delivery[name] for name in names]
        mails = self.env["mail.mail"].sudo().search_count([])
        return [*values, len(delivery.event_ids), len(self.invoice.message_ids), mails]

    def send_another(self, **values):
        """:return: a delivery of another document"""
        invoice = self.make_invoice(**values)
        self.send(invoice)
        delivery = invoice.invoice_delivery_ids.sudo()
        self.make_older(delivery)
        return delivery

    def sign(self, key, scope=LINK_SCOPE, secret=None):
        return links.sign(secret or self.delivery._link_secret(), scope, key)


@tagged("-at_install", "post_install")
class TestClientTokens(ClientSecurityCase):
    """Whoever has no link, or not the whole of it, gets nothing and learns nothing."""

    def get_forged(self):
        """:return: tokens that open nothing, by what is wrong with them"""
        token = self.delivery._get_token()
        key, signature = token[: links.KEY_LENGTH], token[links.KEY_LENGTH :]
        other = "B" if token[-1] == "A" else "A"
        return {
            "one character": "x",
            "nothing signed": key,
            "truncated": token[:-1],
            "extended": token + "A",
            "doubled": token + token,
            "last character changed": token[:-1] + other,
            "first character changed": ("b" if token[0] == "a" else "a") + token[1:],
            "other case": token.swapcase(),
            "signature first": signature + key,
            "empty signature": key + "=" * 27,
            "another database": self.sign(key, secret="another secret"),
            "of a bounce": self.sign(key, BOUNCE_SCOPE),
            "without scope": self.sign(key, ""),
            "key of nobody": self.sign(links.new_key()),
            "root alone is right": self.sign(links.new_key(links.get_root(key))),
            "an id": str(self.delivery.id),
            "wild cards": "%25" * 49,
            "null bytes": "%00" * 49,
            "not UTF-8": "%ff" * 49,
            "unicode": "ț" * 49,
            "padded": f"%20{token}%20",
        }

    def test_forged_tokens_open_nothing_on_every_route_and_method(self):
        before = self.get_state()
        for name, token in self.get_forged().items():
            for method, path in ROUTES:
                with self.subTest(name=name, method=method, path=path):
                    if path == "/renew" and name == "root alone is right":
                        continue  # a dead link of this very recipient
                    client_page.LIMITER = Limiter()
                    response = self.ask(method, f"/invoice/d/{token}{path}")
                    known = {"/open.gif": 200, "/seen": 204}
                    self.assertEqual(response.status_code, known.get(path, 404))
                    self.assertNotIn(self.invoice.name, response.text)
                    self.assertNotIn(self.partner_a.name, response.text)
                    self.assertNotEqual(
                        response.headers["Content-Type"], "application/pdf"
                    )
        self.assertEqual(self.get_state(), before)

    def test_every_way_to_be_dead_reads_alike(self):
        dead = {**self.get_forged(), "revoked": self.delivery._get_token()}
        self.delivery.action_revoke_link()
        for method, path in ROUTES:
            expected = self.get_answer(method, dead["revoked"], path)
            for name, token in dead.items():
                with self.subTest(method=method, path=path, name=name):
                    self.assertEqual(self.get_answer(method, token, path), expected)

    def get_answer(self, method, token, path):
        """:return: what anybody can see of an answer, less the token itself"""
        client_page.LIMITER = Limiter()
        response = self.ask(method, f"/invoice/d/{token}{path}")
        headers = dict(response.headers)
        for own in ("Date", "Content-Length", "Server"):
            headers.pop(own, None)
        text = re.sub(r"/invoice/d/[^/]+/renew", "/renew", response.text)
        return response.status_code, text, headers

    def test_forged_token_costs_no_query_and_an_unknown_one_as_much_as_a_known(self):
        deliveries = self.env["invoice.delivery"].sudo()
        token = self.delivery._get_token()
        deliveries._find_by_token(token)  # whatever is kept in memory is kept now
        counts = {}
        for name, asked in {"known": token, **self.get_forged()}.items():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            deliveries._find_by_token(asked)
            counts[name] = self.env.cr.sql_log_count - before
        known = counts.pop("known")
        signed = [counts.pop("key of nobody"), counts.pop("root alone is right")]
        self.assertEqual(set(counts.values()), {0}, counts)
        self.assertLessEqual(max(signed), known)
        self.assertEqual(signed[0], 1)

    def test_forged_token_makes_no_request_ask_for_deliveries(self):
        self.ask("GET", "/invoice/d/x")
        for method, path in ROUTES:
            with (
                self.subTest(method=method, path=path),
                self.assertLogs("odoo.sql_db", logging.DEBUG) as logs,
            ):
                logging.getLogger("odoo.sql_db").debug("begun")
                self.ask(method, f"/invoice/d/{'x' * 49}{path}")
            asked = [line for line in logs.output if "invoice_delivery" in line]
            self.assertFalse(asked)

    # -- what belongs to one link opens nothing by another -----------------------------

    def test_nonce_of_another_link_answers_nothing(self):
        other = self.send_another()
        mine, self.url = self.url, self.get_url(other)
        nonce = self.open_page()
        self.url = mine
        before = self.get_state()
        for path in ("/accept", "/return", "/opt_out"):
            response = self.post(path, nonce=nonce, name="Eve", reason="None")
            self.assertEqual(response.status_code, 422)
        self.beacon(nonce, visible_ms=60000)
        after = self.get_state()
        # each refused form serves the page again, which is a visit of its own
        self.assertEqual(after[:2], before[:2])
        self.assertFalse(self.delivery.is_opted_out)
        self.assertFalse(self.delivery.view_datetime)
        self.assertFalse(other.view_datetime)

    def test_nonce_dies_with_the_link_that_it_was_served_for(self):
        nonce = self.open_page()
        self.delivery.action_renew_link()
        old, self.url = self.url, self.get_url(self.delivery)
        for url in (old, self.url):
            self.url = url
            for path in ("/accept", "/return", "/opt_out"):
                self.post(path, nonce=nonce, name="Eve", reason="None")
            self.beacon(nonce, visible_ms=60000)
            self.post("", nonce=nonce)
        self.env.invalidate_all()
        self.assertIn(self.delivery.state, ("sent", "open"))
        self.assertFalse(self.delivery.is_opted_out)
        self.assertFalse(self.delivery.event_ids.filtered("answer_name"))
        kinds = self.delivery.event_ids.filtered("hit").mapped("event_type")
        self.assertNotIn("view", kinds)

    def test_replayed_link_opens_nothing_once_it_was_renewed(self):
        old = self.url
        nonce = self.open_page()
        self.delivery.action_renew_link()
        for method, path in ROUTES:
            if path == "/renew":
                continue
            with self.subTest(method=method, path=path):
                data = {"nonce": nonce, "name": "Eve", "reason": "None"}
                response = self.ask(method, f"{old}{path}", data=data)
                self.assertNotIn(self.invoice.name, response.text)
                self.assertIn(response.status_code, (404, 204, 200))
        self.assertFalse(self.delivery.event_ids.filtered("answer_name"))

    def test_pdf_is_that_of_the_token_whatever_else_is_asked_for(self):
        other = self.send_another()
        foreign = self.get_url(other)
        names = [self.invoice.name, other.move_id.name]
        mine = self.get("/pdf").content
        theirs = self.ask("GET", f"{foreign}/pdf").content
        self.assertNotEqual(mine, theirs)
        files = (self.invoice | other.move_id).invoice_pdf_report_id
        nonce = self.read_nonce(self.ask("GET", foreign))
        for query in (
            f"nonce={nonce}",
            f"delivery_id={other.id}&id={other.id}&move_id={other.move_id.id}",
            f"attachment_id={files[-1].id}&access_token=x",
            f"token={other._get_token()}",
            f"token={other._get_token()}&token=x&delivery={other.id}",
        ):
            with self.subTest(query=query):
                response = self.get(f"/pdf?{query}")
                self.assertEqual(response.content, mine)
                self.assertIn(
                    names[0].replace("/", "_"), response.headers["Content-Disposition"]
                )
        for path in (f"/pdf/{other.id}", f"/{other.id}/pdf", f"/pdf/../{other.id}"):
            self.assertEqual(self.get(path).status_code, 404)

    def test_visitor_gets_the_pdf_by_no_other_way(self):
        self.get("/pdf")
        document = self.invoice.invoice_pdf_report_id
        self.assertFalse(document.access_token)
        self.assertFalse(document.public)
        for url in (
            f"/web/content/{document.id}",
            f"/web/content/{document.id}?access_token={self.delivery._get_token()}",
            f"/my/invoices/{self.invoice.id}",
            f"/my/invoices/{self.invoice.id}?access_token={self.delivery._get_token()}",
            f"/invoice/preview/{self.delivery.id}",
        ):
            with self.subTest(url=url):
                response = self.ask("GET", url)
                self.assertIn(response.status_code, (303, 403, 404))
                self.assertNotIn(b"%PDF", response.content)

    def test_no_page_shows_an_id_of_the_database(self):
        text = self.get().text
        self.assertNotIn("access_token", text)
        self.assertNotRegex(text, r"data-oe-(id|model|field)")
        self.assertNotRegex(text, rf"[=/]{self.invoice.id}\b[\"&]")


@tagged("-at_install", "post_install")
class TestClientInput(ClientSecurityCase):
    """Whatever is sent, the answer is a page or a refusal, never a server's error."""

    def assert_calm(self, response):
        self.assertLess(response.status_code, 500, response.text[:2000])
        self.assertNotIn("Traceback", response.text)
        self.assertNotIn("set-cookie", {name.lower() for name in response.headers})

    def test_methods_that_no_route_has_are_refused_and_change_nothing(self):
        before = self.get_state()
        allowed = {}
        for method, path in ROUTES:
            allowed.setdefault(path, {"OPTIONS"}).add(method)
        allowed["/open.gif"].add("HEAD")
        for path, known in allowed.items():
            for method in set(METHODS) - known:
                with self.subTest(method=method, path=path):
                    data = {"nonce": "x", "name": "Eve", "reason": "None"}
                    response = self.ask(method, self.url + path, data=data)
                    self.assertEqual(response.status_code, 405)
                    self.assert_calm(response)
        for method in ("POST", "GET"):
            headers = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
            url = f"{self.url}/accept?_method=POST"
            if method == "GET":
                response = self.ask(method, url, headers=headers)
                self.assertEqual(response.status_code, 405)
        self.assertEqual(self.get_state(), before)

    def test_options_which_odoo_adds_to_every_route_decides_nothing(self):
        self.company.invoice_track_clients = False  # nothing of the judge's either
        self.delivery.invalidate_recordset()
        before = self.get_state()
        data = {"nonce": self.open_page(), "name": "Eve", "reason": "None"}
        for method, path in ROUTES:
            response = self.ask("OPTIONS", self.url + path, data=data)
            self.assert_calm(response)
            self.assertNotIn("Access-Control-Allow-Origin", response.headers)
            if path and method == "POST":
                self.assertEqual(response.status_code, 405)
        self.assertEqual(self.get_state(), before)

    def get_bodies(self, nonce):
        """:return: what no browser sends, by what it is"""
        return {**self.get_texts(nonce), **self.get_parts(nonce.encode())}

    def get_parts(self, nonce):
        """:return: bodies in parts, as of forms with files"""
        field = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        file = b'; filename="x.txt"'

        def parts(*names):
            fields = [
                field % (name, file if is_file else b"", value)
                for name, is_file, value in names
            ]
            return b"".join(fields) + b"--b--\r\n", f"{MULTIPART}; boundary=b"

        return {
            "name is a file": parts(
                (b"nonce", False, nonce),
                (b"name", True, b"Eve"),
                (b"reason", True, b"None"),
            ),
            "nonce is a file": parts((b"nonce", True, nonce), (b"name", False, b"Eve")),
            "lang is a file": parts((b"lang", True, b"ro_RO")),
            "token is a file": parts((b"token", True, b"x")),
            "broken multipart": (b"--b\r\nContent-Disp", f"{MULTIPART}; boundary=b"),
            "multipart without boundary": (b"--b--", MULTIPART),
        }

    def get_texts(self, nonce):
        """:return: bodies of one part"""
        answer = f"nonce={nonce}&name=E"
        call = b'{"jsonrpc": "2.0", "params": {"name": "Eve"}}'
        return {
            "nothing": (b"", ""),
            "JSON": (json.dumps({"nonce": nonce, "name": "Eve"}), "application/json"),
            "JSON list": (b"[1]", "application/json"),
            "JSON-RPC": (call, "application/json"),
            "XML": (b"<a/>", "text/xml"),
            "bytes": (bytes(range(256)) * 20, "application/octet-stream"),
            "bytes as a form": (bytes(range(256)) * 20, FORM),
            "many fields": (b"&".join(b"f%d=1" % n for n in range(2000)), FORM),
            "two of each": (f"{answer}&nonce=x&name=B&reason=a&reason=b", FORM),
            "brackets": (f"nonce[]={nonce}&name[]=Eve&name[a]=b", FORM),
            "null bytes": (f"{answer}%00ve&reason=a%00b&lang=%00", FORM),
            "null bytes alone": (f"nonce={nonce}&name=%00&reason=%00", FORM),
            "null byte in the nonce": (f"nonce={nonce}%00&name=Eve&reason=a", FORM),
            "lone surrogates": (f"nonce={nonce}&name=%ED%A0%80&reason=%ED%B0%80", FORM),
            "not UTF-8": (f"nonce={nonce}%ff&name=%ff%fe&reason=%c0%af", FORM),
            "another charset": (f"{answer}%ff&reason=a", f"{FORM}; charset=utf-16"),
            "unknown charset": (answer, f"{FORM}; charset=x"),
            # not "self", which breaks every route of Odoo itself
            "reserved names": ("cls=2&args=3&kwargs=4&_params=5&context=6&uid=1", FORM),
            "control characters": (f"{answer}%1b%5B31m%07%08%7f&reason=%0b%0c", FORM),
        }

    @mute_logger("odoo.http")
    def test_no_body_breaks_a_route(self):
        for path in POSTS:
            nonce = self.open_page()
            for name, (body, kind) in self.get_bodies(nonce).items():
                client_page.LIMITER = Limiter()
                with self.subTest(path=path, name=name):
                    headers = {"Content-Type": kind} if kind else {}
                    url = self.url + path
                    response = self.ask("POST", url, data=body, headers=headers)
                    self.assert_calm(response)

    @mute_logger("odoo.http")
    def test_bodies_that_are_too_long_are_refused(self):
        long = b"x" * (10 * 1024 * 1024)
        form = "application/x-www-form-urlencoded"
        kinds = (
            (b"name=" + long, form),
            (long, "application/json"),
            (long, "text/plain"),
            (
                b'--b\r\nContent-Disposition: form-data; name="name"; filename="x"'
                b"\r\n\r\n" + long + b"\r\n--b--\r\n",
                "multipart/form-data; boundary=b",
            ),
        )
        before = self.get_state()[:3]
        for path in POSTS[:-1]:
            for body, kind in kinds:
                with self.subTest(path=path, kind=kind):
                    url, headers = self.url + path, {"Content-Type": kind}
                    response = self.ask("POST", url, data=body, headers=headers)
                    self.assert_calm(response)
                    is_read = path == "/seen" or "form" in kind
                    if is_read:
                        self.assertEqual(response.status_code, 413)
        self.assertEqual(self.get_state()[:3], before)

    def test_longest_answer_is_taken(self):
        face = "\U0001f600"
        response = self.post(
            "/return",
            nonce=self.open_page(),
            name=face * client_page.NAME_LIMIT,
            reason=face * client_page.REASON_LIMIT,
        )
        self.assertEqual(response.status_code, 200)
        self.assertEqual(self.delivery.return_reason, face * client_page.REASON_LIMIT)

    def test_no_parameter_breaks_a_route(self):
        nonce = self.open_page()
        for method, path in ROUTES:
            for query in (
                "nonce=%00&lang=%00&token=%00",
                "nonce=%ff&lang=%ff",
                "nonce=&nonce=&lang=en_US&lang=ro_RO",
                "nonce[]=1&lang[]=en_US&lang[a]=b",
                "nonce=..&lang=../../etc/passwd",
                "nonce=g.a.b&lang=None",
                f"nonce={nonce}.&lang=en_US%0d%0aX-Evil:1",
                f"nonce=.{nonce}&lang=en-US",
                f"nonce={nonce}{'x' * 4000}",
                "token=x&context=x&debug=assets&db=other&_params=1",
                "uid=1&with_user=2&args=1&kwargs=1&delivery=1&alive=1&tracked=0",
                "nonce=%F0%9F%98%80%E2%80%AE&lang=%E2%80%AE",
            ):
                with self.subTest(method=method, path=path, query=query):
                    client_page.LIMITER = Limiter()
                    response = self.ask(method, f"{self.url}{path}?{query}")
                    self.assert_calm(response)
        self.assertFalse(self.delivery.event_ids.filtered("answer_name"))

    def test_no_beacon_breaks_the_page(self):
        nonce = self.open_page()
        for body in (
            '{"nonce": "\\ud800"}',
            '{"nonce": "\\u0000"}',
            '{"nonce": {"a": 1}}',
            '{"nonce": [1]}',
            f'{{"nonce": "{nonce}", "visible_ms": NaN, "inputs": -Infinity}}',
            f'{{"nonce": "{nonce}", "visible_ms": 1e999, "inputs": 1e30}}',
            f'{{"nonce": "{nonce}", "visible_ms": {"9" * 1500}}}',
            f'{{"nonce": "{nonce}", "visible_ms": "x", "inputs": [], "touch": "x"}}',
            f'{{"nonce": "{nonce}", "touch": "\\ud800", "webdriver": "\\u0000"}}',
            f'{{"nonce": "{nonce}", "nonce": "x", "at": 1, "client": "x", "ip": "x"}}',
            f'{{"nonce": "{nonce}", "internal": true, "hit": {{}}, "beacon": 1}}',
            '{"a": ' + "[" * 1900,
            '"' + "x" * 3000 + '"',
        ):
            with self.subTest(body=body[:80]):
                response = self.ask("POST", self.url + "/seen", data=body.encode())
                self.assertEqual(response.status_code, 204, response.text)
        self.env.invalidate_all()
        beacons = self.delivery.event_ids.filtered(lambda e: e.event_type == "view")
        self.assertLessEqual(len(beacons), 6)
        self.assertFalse(any(event.hit["internal"] for event in beacons))

    def test_no_header_breaks_a_route(self):
        for method, path in ROUTES:
            for name, value in (
                ("User-Agent", "\xff" * 5000),
                ("User-Agent", MARKUP),
                ("Accept-Language", "../../x,*;q=x"),
                ("Accept-Language", "x" * 5000),
                ("Range", "bytes=0-0,-1,5-"),
                ("If-None-Match", "*"),
                ("If-Modified-Since", "x"),
                ("Sec-Fetch-Mode", "\xff"),
                ("X-Forwarded-For", "\xff, 1.2.3.4.5"),
                ("Authorization", "Bearer x"),
                ("Content-Type", "multipart/form-data; boundary=" + "x" * 3000),
            ):
                with self.subTest(method=method, path=path, name=name, value=value[:9]):
                    client_page.LIMITER = Limiter()
                    headers = {name: value.encode("latin-1")}
                    response = self.ask(method, self.url + path, headers=headers)
                    self.assert_calm(response)
        self.assertFalse(self.delivery.event_ids.filtered("answer_name"))

    def test_no_cookie_breaks_a_route(self):
        for method, path in ROUTES:
            for cookies in (
                {"session_id": "../../../etc/passwd", "frontend_lang": "x"},
                {"frontend_lang": "zz_ZZ", "tz": "x", "color_scheme": "<b>"},
                {"session_id": "", "cids": "a-b", "tz": "%00"},
            ):
                with self.subTest(method=method, path=path, cookies=cookies):
                    response = self.ask(method, self.url + path, cookies=cookies)
                    self.assert_calm(response)
                    self.assertNotEqual(response.status_code, 400)

    def test_the_first_of_two_parameters_and_never_the_path_is_overruled(self):
        other = self.send_another()
        nonce = self.open_page()
        self.post(
            f"/accept?token={other._get_token()}&name=Query&nonce=x",
            nonce=nonce,
            name="Body",
        )
        self.assertEqual(self.delivery.answer_name, "Body")
        self.assertFalse(other.answer_event_id)

    def test_name_that_is_no_text_is_no_name(self):
        nonce = self.open_page()
        before = self.get_state()
        for files in (
            {"name": ("x.txt", b"Eve"), "nonce": (None, nonce)},
            {"name": (None, "\x00\x07 \u202e\u200b"), "nonce": (None, nonce)},
            {"name": (None, "Eve"), "nonce": ("x.txt", nonce)},
        ):
            with self.subTest(files=files):
                response = self.ask("POST", self.url + "/accept", files=files)
                self.assertEqual(response.status_code, 422)
        self.assertEqual(self.get_state()[:2], before[:2])

    def test_what_is_kept_of_an_answer_is_plain_text_of_limited_length(self):
        name = "A\x00na\t\r\n \u202eP\x1bop" + "x" * 500
        reason = "One\x00\r\ntwo\x08\u202e" + "y" * 5000
        self.post("/return", nonce=self.open_page(), name=name, reason=reason)
        kept, why = self.delivery.answer_name, self.delivery.return_reason
        self.assertTrue(kept.startswith("Ana Pop"), kept)
        self.assertEqual(len(kept), client_page.NAME_LIMIT)
        self.assertTrue(why.startswith("One\ntwoy"), why[:20])
        self.assertEqual(len(why), client_page.REASON_LIMIT)
        self.assertEqual(self.delivery.answer_event_id.detail, why)


@tagged("-at_install", "post_install")
class TestClientMarkup(ClientSecurityCase):
    """What somebody wrote is text wherever it is shown, whoever wrote it."""

    def assert_text(self, markup, times=1):
        self.assertGreaterEqual(markup.count(ESCAPED), times, markup)
        self.assert_harmless(markup)

    def assert_harmless(self, markup):
        """Read HTML as a browser does: nothing in it does anything by itself."""
        self.assertNotIn("<script>", markup)
        for element in html.fromstring(f"<div>{markup}</div>").iter(etree.Element):
            self.assertNotIn(element.tag, FORBIDDEN_TAGS)
            if element.tag == "script":
                self.assertFalse(element.text)
                self.assertTrue(element.get("src").startswith("/invoice_send_client/"))
            for name, value in element.items():
                self.assertFalse(name.startswith("on"), f"{name}={value}")
                self.assertNotIn("javascript:", value)

    def make_nasty(self):
        """:return: a delivery of a document that is full of markup"""
        self.company.write({"name": f"S{MARKUP}", "street": f"T{MARKUP}"})
        self.partner_a.write(
            {"name": f"P{MARKUP}", "street": f"U{MARKUP}", "city": f"V{MARKUP}"}
        )
        invoice = self.init_invoice(
            "out_invoice", partner=self.partner_a, amounts=[100.0]
        )
        invoice.invoice_line_ids.name = f"W{MARKUP}"
        note = {"display_type": "line_note", "name": f"X{MARKUP}"}
        invoice.write({"invoice_line_ids": [(0, 0, note)]})
        invoice.write({"ref": f"Y{MARKUP}", "payment_reference": f"Z{MARKUP}"})
        invoice.narration = (
            "<p>Terms <b>apply</b></p><script>alert(1)</script>"
            '<img src="x" onerror="alert(2)"><a href="javascript:alert(3)">a</a>'
            '<form action="//evil.example"><input name="nonce"></form>'
            '<iframe src="//evil.example"></iframe><base href="//evil.example">'
            '<style>*{display:none}</style><meta http-equiv="refresh" content="0">'
            '<svg onload="alert(4)"></svg><link rel="stylesheet" href="//evil">'
            '<t t-out="7*7">{{7*7}}</t>'
        )
        invoice.action_post()
        address = f'"R{ESCAPED}" <eve@alfa.example>'
        self.send(invoice, email_to=address)
        delivery = invoice.invoice_delivery_ids.sudo()
        delivery.recipient_name = f"R{MARKUP}"
        self.make_older(delivery)
        return delivery

    def test_page_shows_fields_full_of_markup_as_text(self):
        delivery = self.make_nasty()
        self.url = self.get_url(delivery)
        text = self.get().text
        for letter in "SPTUVWXYZ":
            with self.subTest(letter=letter):
                self.assertIn(f"{letter}&#34;&#39;&gt;{ESCAPED}", text)
        self.assert_text(text)
        self.assertIn("Terms <b>apply</b>", text)
        for tag in ("<iframe", "<base", "<style", "evil", "http-equiv"):
            with self.subTest(tag=tag):
                self.assertNotIn(tag, text)
        self.assertEqual(text.count('name="nonce"'), 4)

    def test_preview_for_staff_shows_them_as_text(self):
        delivery = self.make_nasty()
        delivery.email = f"eve{MARKUP}@alfa.example"
        self.authenticate("accountman", "accountman")
        text = self.ask("GET", f"/invoice/preview/{delivery.id}").text
        self.assertIn("Preview for staff", text)
        self.assert_text(text, 8)

    def test_answer_full_of_markup_is_text_everywhere(self):
        response = self.post(
            "/return", nonce=self.open_page(), name=f"N{MARKUP}", reason=f"Q{MARKUP}"
        )
        self.assertEqual(self.delivery.answer_name, f"N{MARKUP}")
        self.assert_text(response.text, 2)
        [activity] = self.invoice.activity_ids
        self.assert_text(activity.note, 2)
        [message] = self.invoice.message_ids.filtered(
            lambda m: "Returned by" in (m.body or "")
        )
        self.assert_text(message.body, 2)
        self.post("/accept", nonce=self.open_page(), name=f"M{MARKUP}")
        for message in self.invoice.message_ids:
            self.assert_harmless(message.body or "")
        # plain text, which its widget escapes
        panel = self.invoice.get_invoice_delivery_panel()
        texts = [event["text"] for event in panel["events"]]
        self.assertIn(f"M{MARKUP}", " ".join(texts))
        self.assertFalse(any(isinstance(text, Markup) for text in texts))

    def test_answer_that_is_refused_comes_back_as_text(self):
        for path, data in (
            ("/accept", {"name": f"N{MARKUP}"}),
            ("/return", {"name": f"N{MARKUP}", "reason": f"</textarea>{MARKUP}"}),
            ("/return", {"name": "", "reason": f"</textarea>{MARKUP}"}),
        ):
            with self.subTest(path=path, data=data):
                response = self.post(path, nonce="x", **data)
                self.assertEqual(response.status_code, 422)
                self.assert_text(response.text)
                self.assertNotIn(f"</textarea>{MARKUP[:3]}", response.text)

    def test_parameters_come_back_as_text_or_not_at_all(self):
        quoted = quote(MARKUP, safe="")
        for method, path in ROUTES:
            for query in (f"lang={quoted}", f"nonce={quoted}", f"token={quoted}"):
                with self.subTest(method=method, path=path, query=query):
                    response = self.ask(method, f"{self.url}{path}?{query}")
                    if response.headers["Content-Type"].startswith("text/html"):
                        self.assert_harmless(response.text)
                    self.assertNotIn("alert(", response.text)
        quoted = quote("\"'><img src=x onerror=alert(2)>{{7*7}}", safe="")
        for method, path in ROUTES:
            with self.subTest(method=method, path=path):
                response = self.ask(method, f"/invoice/d/{quoted}{path}")
                self.assert_harmless(response.text)

    def test_mail_with_a_new_link_shows_names_as_text(self):
        delivery = self.make_nasty()
        delivery.action_renew_link()
        self.url = self.get_url(delivery)
        before = self.env["mail.mail"].sudo().search([])
        self.post("/renew")
        mail = self.env["mail.mail"].sudo().search([]) - before
        self.assert_text(mail.body_html)
        self.assertNotIn("\n", mail.subject)
        self.assertEqual(email_split(mail.email_to), [delivery.email])

    def test_no_name_adds_a_recipient_to_the_mail_with_a_new_link(self):
        for name in (
            "eve@evil.example",
            "Ana\r\nBcc: eve@evil.example",
            "Ana, eve@evil.example",
            'Ana" <eve@evil.example>, "',
        ):
            with self.subTest(name=name):
                self.delivery.recipient_name = name
                before = self.env["mail.mail"].sudo().search([])
                self.delivery._mail_new_link()
                mail = self.env["mail.mail"].sudo().search([]) - before
                with self.mail_server() as taken:
                    mail.send()
                [(recipients, message)] = taken
                self.assertEqual(recipients, [self.delivery.email])
                self.assertNotIn("bcc", {key.lower() for key in message.keys()})

    # -- where somebody is led to ------------------------------------------------------

    def test_no_parameter_leads_anywhere_else(self):
        evil = (
            "//evil.example",
            "https://evil.example/",
            "\\\\evil.example",
            "/\\evil",
        )
        evil += ("en_US\r\nLocation: //evil.example", "%0d%0aSet-Cookie:a=b", "／evil")
        for value in evil:
            quoted = quote(value, safe="")
            for method, path in ROUTES:
                url = f"{self.url}{path}?lang={quoted}&nonce={quoted}&next={quoted}"
                with self.subTest(value=value, method=method, path=path):
                    client_page.LIMITER = Limiter()
                    response = self.ask(method, url)
                    self.assertNotIn("Location", response.headers)
                    self.assertNotIn("evil", response.text)
                    self.assertNotIn("evil", str(response.headers))

    def test_accepted_answer_leads_to_the_page_of_its_own_link(self):
        for lang in ("//evil.example", "en_US\r\nX-Evil: 1", "en_US/../..", "en_US"):
            query = f"?lang={quote(lang, safe='')}&next=//evil.example"
            nonce = self.open_page()
            name = f"Ana {lang}"
            response = self.post(
                f"/accept{query}", allow_redirects=False, nonce=nonce, name=name
            )
            with self.subTest(lang=lang):
                self.assertEqual(response.status_code, 303)
                known = "?lang=en_US" if lang == "en_US" else ""
                location = response.headers["Location"]
                self.assertEqual(
                    location.removeprefix(self.base_url()), self.url + known
                )
                self.assertNotIn("X-Evil", response.headers)

    def test_forms_and_links_of_a_dead_page_stay_on_this_server(self):
        for token in (
            "%2e%2e",
            "..%5c..",
            "%5cevil.example",
            "%0d%0aevil",
            "x%3fy%23z",
        ):
            with self.subTest(token=token):
                response = self.ask("GET", f"/invoice/d/{token}")
                for place in re.findall(r'(?:action|href)="([^"]*)"', response.text):
                    self.assertRegex(
                        place, r"^(/invoice/d/|/invoice_send_client/|data:)"
                    )


@tagged("-at_install", "post_install")
class TestClientHeaders(ClientSecurityCase):
    """What an answer lets a browser, a proxy or the next reader keep."""

    def get_answers(self):
        """:return: answers of each kind, by name"""
        nonce = self.open_page()
        page = {
            f"{method} {path}": self.ask(method, self.url + path)
            for method, path in ROUTES
        }
        dead = "/invoice/d/" + "x" * 49
        page |= {
            f"dead {method} {path}": self.ask(method, dead + path)
            for method, path in ROUTES
        }
        answer = {"nonce": nonce, "name": "Ana", "reason": "No"}
        page["return"] = self.ask("POST", f"{self.url}/return", data=answer)
        page["opt out"] = self.ask("POST", f"{self.url}/opt_out", data=answer)
        with patch.dict(
            client_page.RATES, dict.fromkeys(client_page.RATES, Rate(0.5, 60))
        ):
            page["busy"] = self.ask("GET", self.url)
            page["busy pdf"] = self.ask("GET", f"{self.url}/pdf")
            page["busy accept"] = self.ask("POST", f"{self.url}/accept")
        return page

    def test_every_answer_is_kept_by_nobody_and_sets_no_cookie(self):
        answers = self.get_answers()
        self.assertNotIn("session_id", self.opener.cookies)
        self.assertEqual(answers["return"].status_code, 303)
        self.assertEqual(answers["busy"].status_code, 429)
        for name, response in answers.items():
            with self.subTest(name=name):
                self.assertNotIn("Set-Cookie", response.headers)
                self.assertNotIn("ETag", response.headers)
                self.assertNotIn("Last-Modified", response.headers)
                self.assertNotIn("Access-Control-Allow-Origin", response.headers)
                for header, value in PAGE_HEADERS.items():
                    self.assertEqual(response.headers.get(header), value, header)

    def test_errors_of_odoo_itself_set_no_cookie_either(self):
        long = b"x" * (client_page.MAX_BODY_BYTES + 1)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for method, path, kwargs in (
            ("GET", "/accept", {}),
            ("PUT", "", {}),
            ("POST", "/accept", {"data": long, "headers": form}),
        ):
            with self.subTest(method=method, path=path):
                response = self.ask(method, self.url + path, **kwargs)
                self.assertIn(response.status_code, (404, 405, 413))
                self.assertNotIn("Set-Cookie", response.headers)
                self.assertNotIn(self.invoice.name, response.text)

    def test_policy_of_the_page_lets_nothing_in_from_elsewhere(self):
        policy = self.get().headers["Content-Security-Policy"]
        parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        self.assertEqual(parts["default-src"], "'none'")
        for name in ("frame-ancestors", "base-uri"):
            self.assertEqual(parts[name], "'none'")
        self.assertEqual(parts["form-action"], "'self'")
        self.assertEqual(parts["script-src"], "'self'")
        for value in parts.values():
            self.assertNotIn("unsafe-", value)
            self.assertNotIn("*", value)
            self.assertNotIn("http", value)

    def test_page_has_nothing_that_its_policy_forbids(self):
        text = self.get().text
        self.assertNotRegex(text, r"<[^>]*\sstyle\s*=")
        self.assertNotRegex(text, r"<script(?![^>]*\ssrc=\"/invoice_send_client/)")
        self.assertNotRegex(text, r"<style")
        self.assertNotRegex(text, r"(src|href|action)=\"(https?:)?//")

    def test_session_of_the_browser_s_own_choice_is_not_begun(self):
        store = http.root.session_store
        for sid in (secrets.token_hex(42), store.generate_key()):
            for method, path in ROUTES:
                with self.subTest(method=method, path=path):
                    cookies = {"session_id": sid}
                    response = self.ask(method, self.url + path, cookies=cookies)
                    self.assertNotEqual(response.status_code, 400)
                    self.assertNotIn("Set-Cookie", response.headers)
            self.assertFalse(os.path.exists(store.get_session_filename(sid)))

    def test_session_of_a_colleague_is_neither_changed_nor_told(self):
        session = self.authenticate("admin", "admin")
        before = dict(session)
        for method, path in ROUTES:
            response = self.ask(method, f"{self.url}{path}?debug=1&lang=en_US")
            self.assertNotIn("Set-Cookie", response.headers)
            self.assertNotIn("csrf_token", response.text)
        self.assertEqual(dict(http.root.session_store.get(session.sid)), before)


@tagged("-at_install", "post_install")
class TestClientFloods(ClientSecurityCase):
    """Whoever asks too often costs little, and shuts nobody else out."""

    @contextmanager
    def rates(self, **counts):
        """Let networks ask only so often in an hour."""
        rates = {kind: Rate(count, 3600) for kind, count in counts.items()}
        client_page.LIMITER = Limiter()
        with patch.dict(client_page.RATES, rates):
            yield

    @contextmanager
    def behind_a_proxy(self):
        """Let the server believe its proxy; only then comes an address in a header."""
        with patch.dict(config.options, {"proxy_mode": True}):
            yield

    def ask_from(self, address, path="", method="GET", **kwargs):
        """Ask as somebody whose address the proxy writes down last."""
        headers = {"X-Forwarded-For": address, "X-Forwarded-Host": "x.example"}
        url = self.url + path
        return self.ask(method, url, headers=headers, **kwargs).status_code

    def test_network_that_asks_too_often_is_told_when_to_come_back(self):
        form = {"nonce": self.open_page(), "name": "Ana", "reason": "No"}
        for kind, method, paths in (
            ("look", "GET", ("",)),
            ("look", "POST", ("",)),
            ("pdf", "GET", ("/pdf",)),
            ("answer", "POST", ("/accept", "/return", "/opt_out")),
        ):
            for path in paths:
                with self.subTest(path=path, method=method), self.rates(**{kind: 1}):
                    first = self.ask(method, self.url + path, data=form)
                    second = self.ask(method, self.url + path, data=form)
                    self.assertNotEqual(first.status_code, 429)
                    self.assertEqual(second.status_code, 429)
                    wait = int(second.headers["Retry-After"])
                    self.assertTrue(3500 < wait <= 3601, wait)
                    self.assertEqual(second.headers["Cache-Control"], "no-store")
                    self.assertNotIn(self.invoice.name, second.text)

    def test_picture_and_beacon_of_a_flood_answer_as_ever_and_leave_nothing(self):
        nonce = self.open_page(seconds=0)
        with self.rates(look=2):
            answers = [self.get("/open.gif") for _time in range(5)]
            self.assertEqual(self.beacon(nonce, visible_ms=60000).status_code, 204)
        for response in answers:
            self.assertEqual(response.status_code, 200)
            self.assertEqual(response.content, GIF)
            self.assertEqual(dict(response.headers).keys(), answers[0].headers.keys())
        kinds = self.delivery.event_ids.filtered("hit").mapped("event_type")
        self.assertEqual(kinds.count("open"), 3)  # the page, two pictures
        self.assertNotIn("view", kinds)

    def test_flood_of_forged_tokens_meets_the_same_limit(self):
        with self.rates(look=2, answer=2, renew=2):
            for method, path in (("GET", ""), ("POST", "/accept"), ("POST", "/renew")):
                url = f"/invoice/d/{'x' * 49}{path}"
                statuses = [self.ask(method, url).status_code for _time in range(3)]
                # whoever asks for a new link is told the same, however often
                last = 404 if path == "/renew" else 429
                self.assertEqual(statuses, [404, 404, last])

    def test_flood_of_self_checks_is_slowed_down(self):
        with self.rates(check=2):
            answers = [self.url_open("/invoice/selfcheck/x") for _time in range(3)]
        statuses = [answer.status_code for answer in answers]
        self.assertEqual(statuses, [404, 404, 429])
        self.assertTrue(answers[-1].headers["Retry-After"])

    def test_what_one_asks_for_too_often_leaves_the_rest(self):
        with self.rates(renew=1, answer=1):
            for path in ("/renew", "/renew", "/accept", "/accept"):
                self.ask("POST", self.url + path)
            self.assertEqual(self.get().status_code, 200)
            self.assertEqual(self.get("/pdf").status_code, 200)

    def test_each_network_is_counted_by_itself(self):
        with self.behind_a_proxy(), self.rates(look=1):
            for address, status in (
                ("192.0.2.1", 200),
                ("192.0.2.1", 429),
                ("192.0.2.2", 200),
                ("::ffff:192.0.2.1", 429),  # the same, as a server for both writes it
                ("::ffff:192.0.2.3", 200),
                ("2001:db8:0:1::1", 200),
                ("2001:db8:0:1:ffff::2", 429),  # another address of the same household
                ("2001:DB8:0:1::3", 429),
                ("2001:db8:0:2::1", 200),
                ("fe80::1", 200),
                ("fe80::2%eth0", 429),
            ):
                with self.subTest(address=address):
                    self.assertEqual(self.ask_from(address), status)

    def test_address_that_a_visitor_writes_is_not_believed(self):
        with self.rates(look=1):
            # nobody stands before the server: the header is the visitor's own
            statuses = [self.ask_from(f"192.0.2.{n}") for n in range(3)]
            self.assertEqual(statuses, [200, 429, 429])
        with self.behind_a_proxy(), self.rates(look=1):
            statuses = [self.ask_from(f"192.0.2.{n}, 198.51.100.7") for n in range(3)]
            self.assertEqual(statuses, [200, 429, 429])
            for name in (
                "X-Real-IP",
                "Forwarded",
                "CF-Connecting-IP",
                "True-Client-IP",
            ):
                headers = {name: "203.0.113.9", "X-Forwarded-Host": "x.example"}
                headers["X-Forwarded-For"] = "198.51.100.7"
                response = self.ask("GET", self.url, headers=headers)
                self.assertEqual(response.status_code, 429, name)

    def test_what_is_no_address_breaks_nothing(self):
        with self.behind_a_proxy():
            for address in (
                "unknown",
                "",
                "1.2.3.4:5678",
                "[::1]:80",
                "\xff",
                "a" * 999,
            ):
                with self.subTest(address=address):
                    self.assertEqual(self.ask_from(address.encode("latin-1")), 200)

    # -- what a flood writes -----------------------------------------------------------

    def fill(self, count=HITS_KEPT, kinds=("open", "view", "download", *ANSWERS)):
        """Let each kind of request have been made very often, by many browsers.

        :return: ids of the events
        """
        first = self.delivery.event_ids.filtered("hit")[:1]
        self.assertEqual(first.event_type, "open")
        values = []
        targets = {"open": "page", "view": "beacon", "download": "pdf"}
        for kind in kinds:
            target = targets.get(kind, "act")
            for number in range(count):
                hit = {**first.hit, "client": f"{number:016x}", "target": target}
                if target == "beacon":
                    hit["beacon"] = {
                        "visible_ms": 500,
                        "inputs": 0,
                        "first_input_ms": None,
                        "webdriver": False,
                        "touch": False,
                    }
                values.append({"event_type": kind, "hit": hit})
        return (
            self.env["invoice.delivery.event"]
            .sudo()
            .create(
                [
                    {
                        **each,
                        "delivery_id": self.delivery.id,
                        "email": self.delivery.email,
                        "reasons": "page_only",
                    }
                    for each in values
                ]
            )
        )

    def test_events_of_each_kind_have_an_end_and_the_page_none(self):
        self.get()
        self.fill()
        count = self.delivery.event_ids.search_count(
            [("delivery_id", "=", self.delivery.id)]
        )
        nonce = self.read_nonce(self.get())
        self.get("/open.gif")
        self.assertEqual(self.get("/pdf").status_code, 200)
        self.beacon(nonce, visible_ms=60000)
        self.post("/accept", nonce=nonce, name="Ana")
        self.env.invalidate_all()
        self.assertEqual(len(self.delivery.event_ids), count)

    def test_client_still_answers_after_a_flood_of_pages(self):
        self.get()
        self.fill(kinds=("open",))
        nonce = self.open_page()
        kept = self.delivery.event_ids.filtered("hit")
        self.assertEqual(len(kept), HITS_KEPT + 1)
        self.post("/return", nonce=nonce, name="Ana", reason="No")
        self.assertEqual(self.delivery.state, "return")
        nonce = self.open_page()
        self.post("", nonce=nonce)
        self.assertEqual(self.delivery.event_ids.sorted("id")[-1].event_type, "view")
        self.assertTrue(self.delivery.event_ids.sorted("id")[-1].is_proof)

    def test_client_still_looks_and_takes_the_pdf_after_a_flood_of_pages(self):
        self.get()
        self.fill(kinds=("open",))
        self.beacon(self.open_page(), visible_ms=9000)
        self.assertEqual(self.delivery.state, "view")
        headers = {**BROWSER, "Sec-Fetch-Site": "same-origin"}
        url = f"{self.url}/pdf?nonce={self.open_page()}"
        self.assertEqual(self.url_open(url, headers=headers).status_code, 200)
        self.assertEqual(self.delivery.state, "download")

    def test_what_shows_nothing_takes_no_room_from_pages_and_has_an_end_itself(self):
        self.url_open(self.url, headers=BROWSER, method="HEAD")
        self.fill(count=HITS_KEPT - 1, kinds=("open",))
        self.url_open(self.url, headers=BROWSER, method="HEAD")
        hits = self.delivery.event_ids.filtered("hit")
        self.assertEqual(len(hits), HITS_KEPT)
        self.get()
        hits = self.delivery.event_ids.filtered("hit")
        self.assertEqual(len(hits), HITS_KEPT + 1)

    def test_page_and_panel_of_a_flooded_link_cost_no_more_queries(self):
        self.get()
        few = self.count_queries(self.get)
        few_panel = self.count_queries(self.read_panel)
        self.fill()
        self.get()  # judges all of them anew
        self.assertLessEqual(self.count_queries(self.get), few + 2)
        self.assertLessEqual(self.count_queries(self.read_panel), few_panel + 2)

    def read_panel(self):
        self.env.invalidate_all()
        return self.invoice.get_invoice_delivery_panel()

    def count_queries(self, call):
        before = self.env.cr.sql_log_count
        call()
        return self.env.cr.sql_log_count - before

    # -- what is left behind -----------------------------------------------------------

    def test_nothing_that_is_kept_says_who_or_where_the_visitor_is(self):
        with self.behind_a_proxy():
            headers = {
                "X-Forwarded-For": "203.0.113.77",
                "X-Forwarded-Host": "x.example",
                "User-Agent": BROWSER["User-Agent"] + " Visitor/7.7",
                "Referer": "https://mail.example/secret-mail",
                "Authorization": "Basic c2VjcmV0OnNlY3JldA==",
            }
            cookies = {"visitor": "secret-cookie"}
            text = self.ask("GET", self.url, headers=headers, cookies=cookies).text
            nonce = re.search(r'data-nonce="([^"]+)"', text)[1]
            data = json.dumps({"nonce": nonce, "visible_ms": 9000, "note": "secret"})
            self.ask("POST", f"{self.url}/seen", data=data, headers=headers)
            self.ask("GET", f"{self.url}/pdf?nonce={nonce}", headers=headers)
        events = self.delivery.event_ids.filtered("hit")
        self.assertEqual(len(events), 3)
        kept = json.dumps([event.read()[0] for event in events], default=str)
        for secret in ("203.0.113", "Visitor", "Chrome/", "ecret", "c2Vj", nonce):
            with self.subTest(secret=secret):
                self.assertNotIn(secret, kept)
        self.assertNotIn(self.delivery._get_token(), kept)

    def test_log_of_this_addon_names_no_link(self):
        token = self.delivery._get_token()
        # werkzeug's has the paths of all requests, as every web server's log
        name = "odoo.addons.invoice_send_client"
        with self.assertLogs(name, logging.DEBUG) as logs:
            logging.getLogger(name).debug("begun")
            for method, path in ROUTES:
                self.ask(method, self.url + path)
        self.assertNotIn(token, " ".join(logs.output))
