import json
import logging
import os
import re
from contextlib import contextmanager
from unittest.mock import patch

from odoo import http
from odoo.tests import tagged
from odoo.tools import config, mute_logger

from ..const import BOUNCE_SCOPE, HITS_KEPT, LINK_SCOPE
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
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


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
        form = "application/x-www-form-urlencoded"
        field = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        file = b'; filename="x.txt"'

        def parts(*names):
            fields = [
                field % (name, file if is_file else b"", value)
                for name, is_file, value in names
            ]
            return b"".join(fields) + b"--b--\r\n", "multipart/form-data; boundary=b"

        text = nonce.encode()
        return {
            "nothing": (b"", ""),
            "JSON": (json.dumps({"nonce": nonce, "name": "Eve"}), "application/json"),
            "JSON list": (b"[1]", "application/json"),
            "JSON-RPC": (
                b'{"jsonrpc": "2.0", "params": {"name": "Eve"}}',
                "application/json",
            ),
            "XML": (b"<a/>", "text/xml"),
            "bytes": (bytes(range(256)) * 20, "application/octet-stream"),
            "bytes as a form": (bytes(range(256)) * 20, form),
            "name is a file": parts(
                (b"nonce", False, text),
                (b"name", True, b"Eve"),
                (b"reason", True, b"None"),
            ),
            "nonce is a file": parts((b"nonce", True, text), (b"name", False, b"Eve")),
            "lang is a file": parts((b"lang", True, b"ro_RO")),
            "token is a file": parts((b"token", True, b"x")),
            "broken multipart": (
                b"--b\r\nContent-Disp",
                "multipart/form-data; boundary=b",
            ),
            "multipart without boundary": (b"--b--", "multipart/form-data"),
            "many fields": (b"&".join(b"f%d=1" % n for n in range(2000)), form),
            "two of each": (
                f"nonce={nonce}&nonce=x&name=Eve&name=Bob&reason=a&reason=b",
                form,
            ),
            "brackets": (f"nonce[]={nonce}&name[]=Eve&name[a]=b", form),
            "null bytes": (f"nonce={nonce}&name=E%00ve&reason=a%00b&lang=%00", form),
            "null bytes alone": (f"nonce={nonce}&name=%00&reason=%00", form),
            "null byte in the nonce": (f"nonce={nonce}%00&name=Eve&reason=a", form),
            "lone surrogates": (f"nonce={nonce}&name=%ED%A0%80&reason=%ED%B0%80", form),
            "not UTF-8": (f"nonce={nonce}%ff&name=%ff%fe&reason=%c0%af", form),
            "another charset": (
                f"nonce={nonce}&name=%ff&reason=a",
                f"{form}; charset=utf-16",
            ),
            "unknown charset": (f"nonce={nonce}&name=E", f"{form}; charset=x"),
            "reserved names": (
                # not "self", which breaks every route of Odoo itself
                "cls=2&args=3&kwargs=4&_params=5&context=6&uid=1&db=x",
                form,
            ),
            "control characters": (
                f"nonce={nonce}&name=%1b%5B31m%07%08%7f&reason=%0b%0c",
                form,
            ),
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
                ("Cookie", "session_id=../../../etc/passwd; frontend_lang=x"),
                ("Cookie", "frontend_lang=zz_ZZ; tz=x; color_scheme=<b>"),
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
