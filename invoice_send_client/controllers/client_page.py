"""What the client's routes have in common: verify, ask the judge, respond."""

import ipaddress
import json
import time
from datetime import datetime, timezone

from werkzeug.exceptions import MethodNotAllowed

from odoo import SUPERUSER_ID, http
from odoo.http import request
from odoo.tools.image import image_data_uri

from ..const import MOVE_DOCUMENT_TYPES
from ..tools import links, visitor
from ..tools.rate_limit import Limiter, Rate

#: Nothing of the page may be kept, framed, indexed, or load from anywhere else.
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; "
    "script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}

#: Bytes of a request's body that are read. The longest answer has 25 kB: 2100
#: characters of four bytes, each of which a form writes as "%f0".
MAX_BODY_BYTES = 64 * 1024

#: Possession of the token is the authority; readers get no cookie, so the page's own
#: nonce takes the place of the session's CSRF token.
ROUTE = {
    "type": "http",
    "auth": "public",
    "save_session": False,
    "csrf": False,
    "max_content_length": MAX_BODY_BYTES,
}

#: The same for what shows nothing and comes often: who asks is nobody's user, which
#: saves a query and the visitor's language.
SILENT_ROUTE = {**ROUTE, "auth": "none", "readonly": False}

#: What one network may ask for. Chosen: mail gateways look at many links at once and
#: offices share an address, so that only floods meet these.
RATES = {
    "look": Rate(1200, 60),
    "pdf": Rate(120, 60),
    "answer": Rate(30, 60),
    "renew": Rate(20, 3600),
    "check": Rate(60, 60),
}

#: One in each worker: see ``tools.rate_limit``.
LIMITER = Limiter()

#: Characters of a name and of a reason that are kept. Chosen: longer than any real one.
NAME_LIMIT = 100
REASON_LIMIT = 2000

#: A beacon is some 150 bytes; anything much longer is not ours.
BEACON_MAX_BYTES = 2000


class ClientVisit:
    """Verify and record: what the client's link and the portal share.

    No controller itself, so that the routes of one are none of the other.
    """

    # -- verify ------------------------------------------------------------------------

    def _require_post(self):
        """Let nothing be decided by OPTIONS, which Odoo adds to every route.

        :raise MethodNotAllowed: for whatever is no POST
        """
        if request.httprequest.method != "POST":
            raise MethodNotAllowed(valid_methods=["POST"])

    def _find_delivery(self, token, alive=True, tracked=False):
        """:return: the delivery of a link, written as OdooBot; empty for a dead one"""
        # superuser: a visitor has no rights and must never be an invoice's last editor
        deliveries = request.env["invoice.delivery"].with_user(SUPERUSER_ID)
        return deliveries._find_by_token(token, alive=alive, tracked=tracked)

    def _count(self, kind):
        """Count one request of the visitor's network, once however often it is tried.

        :param str kind: a key of ``RATES``
        :return: seconds to wait, 0 where it is not too much
        """
        waits = vars(request).setdefault("invoice_waits", {})
        if kind not in waits:
            waits[kind] = LIMITER.take((kind, self._get_network()), RATES[kind])
        return waits[kind]

    def _get_arrival(self):
        """:return: when the request came; one that Odoo tries again came before"""
        now = datetime.now(timezone.utc)
        return vars(request).setdefault("invoice_arrival", now)

    def _get_network(self):
        """:return: the visitor's address; of IPv6 the part that one household has"""
        ip = request.httprequest.remote_addr or ""
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return ip
        # a server that listens for both kinds writes IPv4 as "::ffff:192.0.2.1"
        address = getattr(address, "ipv4_mapped", None) or address
        if address.version == 4:
            return str(address)
        return str(ipaddress.IPv6Network((int(address), 64), strict=False))

    def _read_visit(self, delivery, nonce):
        """:return: the visit that a page's nonce belongs to, ``None`` for no nonce of
        this link

        :rtype: tools.links.Visit | None
        """
        return links.read_nonce(
            delivery._link_secret(), delivery.link_key, nonce, time.time()
        )

    def _new_nonce(self, delivery):
        return links.new_nonce(delivery._link_secret(), delivery.link_key, time.time())

    def _is_staff(self, delivery):
        """:return: whether a colleague of the sender asks"""
        # superuser: of a visitor who is signed in it is asked whether he is staff
        users = request.env["res.users"].with_user(SUPERUSER_ID)
        if request.session.uid and users.browse(request.session.uid)._is_internal():
            return True
        ip = request.httprequest.remote_addr or ""
        return delivery.company_id._is_invoice_staff_address(ip)

    def _find_problem(self, delivery, answer, visit, name, reason):
        """:return: a word on what is missing, ``""`` for nothing"""
        if self._is_staff(delivery) or not delivery._can_be_answered():
            return "staff"
        if not visit:
            return "stale"
        if not name:
            return "no_name"
        return "no_reason" if answer == "return" and not reason else ""

    def _read_beacon(self):
        # cached: after a conflict Odoo calls the controller once more
        body = request.httprequest.get_data()[:BEACON_MAX_BYTES]
        try:
            beacon = json.loads(body)
        except (ValueError, RecursionError):
            return None
        return beacon if isinstance(beacon, dict) else None

    # -- record ------------------------------------------------------------------------

    def _observe(self, delivery, target, visit=None, **told):
        """Give this request to the judge, as plain values.

        :param str target: a word of ``tools.visitor.observe``
        :param tools.links.Visit visit: of the page that was served before
        :param told: what is known better than from the request
        :return: what may be kept of it
        :rtype: tools.visitor.Hit
        """
        at = told.get("at") or self._get_arrival()
        sent = delivery._get_mailed_datetime(at)
        values = {
            "at": at,
            "delivered_at": sent and sent.replace(tzinfo=timezone.utc) or None,
            "method": request.httprequest.method,
            "client": visit and visit.session or "",
            "headers": dict(request.httprequest.headers),
            "ip": request.httprequest.remote_addr or "",
            **told,
        }
        if "internal" not in values:
            values["internal"] = self._is_staff(delivery)
        return visitor.observe(target=target, **values)

    def _observe_page(self, delivery, visit):
        """:return: the page of a visit, whatever asked for it: also one that is served
        in answer to a form is looked at

        :rtype: tools.visitor.Hit
        """
        at = datetime.fromtimestamp(visit.issued, timezone.utc)
        return self._observe(delivery, "page", visit, at=at, method="GET")

    def _observe_pdf(self, delivery, nonce):
        """Observe a request for the PDF before it is made: the seconds that it takes
        are none in which somebody read.

        :param str nonce: of the page that it was asked for on, where there was one
        :return: the request, and the page or nothing, as ``_note_hit`` takes them
        :rtype: dict
        """
        visit = self._read_visit(delivery, nonce)
        page = visit and self._observe_page(delivery, visit)
        return {"hit": self._observe(delivery, "pdf", visit), "page": page}

    def _note_beacon(self, delivery, beacon):
        """Note what the page's script tells.

        :param delivery: one whose client is followed, or none
        :param dict beacon: from ``_read_beacon``
        """
        nonce = str(beacon.pop("nonce", ""))
        visit = delivery and self._read_visit(delivery, nonce)
        if visit:
            page = self._observe_page(delivery, visit)
            hit = self._observe(delivery, "beacon", visit, beacon=beacon)
            delivery._record_hit(hit, page=page)

    def _take_answer(self, delivery, answer, nonce, name, reason):
        """Record an answer that is complete.

        :return: a word for the page on why it is not in force, ``""`` where it is
        :rtype: str
        """
        visit = self._read_visit(delivery, nonce)
        if problem := self._find_problem(delivery, answer, visit, name, reason):
            return problem
        page = self._observe_page(delivery, visit)
        # now: the seconds that the PDF takes are none in which somebody read
        hit = self._observe(delivery, "act", visit)
        # which version was answered to is known only once there is one (D5)
        if not delivery.move_id._ensure_invoice_pdf_for_client():
            return "no_pdf"
        done = delivery._record_answer(answer, hit, page, name, reason)
        return "" if done else "unsure"


class ClientPage(ClientVisit, http.Controller):
    """Verify, record, respond: what all routes of a client's link share."""

    # -- respond -----------------------------------------------------------------------

    def _respond(
        self, body, content_type="text/html; charset=utf-8", status=200, **more
    ):
        # superuser: what is left to be written is written by OdooBot, and not by the
        # visitor when the request ends
        request.env(user=SUPERUSER_ID).flush_all()
        headers = {**PAGE_HEADERS, "Content-Type": content_type, **more}
        return request.make_response(body, headers=list(headers.items()), status=status)

    def _render(self, template, values, lang, status=200, **headers):
        values = {
            "lang": lang.replace("_", "-"),
            "direction": request.env["res.lang"]._get_data(code=lang).direction,
            **values,
        }
        # superuser: visitors may not read the fields that the page shows
        html = (
            request.env["ir.qweb"]
            .with_user(SUPERUSER_ID)
            .with_context(lang=lang)
            ._render(template, values, lang=lang, minimal_qcontext=True)
        )
        return self._respond(html, status=status, **headers)

    def _respond_dead(self, token, asked=False):
        """The same answer whatever the token: nobody learns whether it ever lived."""
        lang = self._get_lang()
        url = f"/invoice/d/{token}"
        values = {
            "title": request.env.company.name,
            "renew_url": f"{url}/renew{self._get_query()}",
            "languages": self._get_languages(url, lang),
            "asked": asked,
        }
        template = "invoice_send_client.client_page_dead"
        return self._render(template, values, lang, status=404)

    def _respond_busy(self, seconds):
        """Somebody asks far too often.

        :param float seconds: to wait
        """
        wait = {"Retry-After": str(int(seconds) + 1)}
        values = {"title": request.env.company.name}
        template = "invoice_send_client.client_page_busy"
        return self._render(template, values, self._get_lang(), status=429, **wait)

    # -- languages ---------------------------------------------------------------------

    def _get_lang(self, delivery=None):
        """:return: the language of the page: chosen on it, the recipient's, the
        browser's"""
        installed = {code for code, _name in request.env["res.lang"].get_installed()}
        known = delivery.lang if delivery else None
        for lang in (self._get_chosen_lang(), known, request.best_lang, "en_US"):
            if lang in installed:
                return lang
        return request.env.lang

    def _get_chosen_lang(self):
        """:return: code of the language that was chosen on the page, ``""`` for none"""
        # of the address: the parameters of a JSON request are those of its body
        wanted = request.httprequest.args.get("lang")
        installed = dict(request.env["res.lang"].get_installed())
        return wanted if wanted in installed else ""

    def _get_query(self):
        """:return: what keeps the chosen language from one page to the next"""
        lang = self._get_chosen_lang()
        return f"?lang={lang}" if lang else ""

    def _get_languages(self, url, lang):
        """:return: the languages to choose from, for the template; none where there is
        only one"""
        installed = request.env["res.lang"].get_installed()
        if len(installed) < 2:
            return []
        tongues = [code.partition("_")[0] for code, _name in installed]
        return [
            {
                "name": self._get_own_name(name, tongues.count(code.partition("_")[0])),
                "tag": code.replace("_", "-"),
                "url": f"{url}?lang={code}",
                "current": code == lang,
            }
            for code, name in installed
        ]

    def _get_own_name(self, name, kinds):
        """Name a language as its speakers do.

        :param str name: as Odoo has it, "Romanian / română", "English (US)"
        :param int kinds: how many kinds of this language there are to choose from
        """
        own = name.rpartition("/")[2].strip()
        if kinds == 1:
            own = own.partition(" (")[0]
        return own[:1].upper() + own[1:]

    # -- the document ------------------------------------------------------------------

    def _prepare_document_values(self, move):
        """:return: what the page says of the document, for its template"""
        # reading lines writes on them and on the document, which nobody changed
        move = move._without_sync()
        return {
            "title": f"{move.company_id.name}: {move.name}",
            "type_name": self._get_type_name(move),
            "move": move,
            "logo": self._get_logo(move.company_id),
            **move._prepare_page_values(),
        }

    def _get_type_name(self, move):
        """:return: "Invoice" in the client's language, in the letters' own words"""
        types = move.env["invoice.send.template"]._fields["document_type"]
        names = dict(types._description_selection(move.env))
        return names.get(MOVE_DOCUMENT_TYPES.get(move.move_type), move.type_name)

    def _get_logo(self, company):
        """:return: the logo as an address, "" for none or Odoo's stand-in for one"""
        if company.uses_default_logo or not company.logo_web:
            return ""
        return image_data_uri(company.logo_web)

    def _respond_page(self, delivery, token, nonce, status=200, **shown):
        """Show the document.

        :param str nonce: of this page
        :param shown: what else the template is told, as ``notice``
        """
        lang = self._get_lang(delivery)
        delivery = delivery.with_context(lang=lang)
        url = f"/invoice/d/{token}"
        values = {
            **self._prepare_document_values(delivery.move_id),
            **self._prepare_link_values(delivery, url, nonce),
            **self._prepare_answer_values(delivery, url),
            "languages": self._get_languages(url, lang),
            "nonce": nonce,
            "shown": False,
            **shown,
        }
        template = "invoice_send_client.client_page"
        return self._render(template, values, lang, status=status)

    def _prepare_link_values(self, delivery, url, nonce):
        """:return: where the page leads to, for its template"""
        query, tracked = self._get_query(), delivery._is_tracked()
        accept_first = delivery._is_accepted_first()
        return {
            "page_url": f"{url}{query}",
            "seen_url": f"{url}/seen" if tracked else None,
            "pdf_url": "" if accept_first else f"{url}/pdf?nonce={nonce}",
            "accept_first": accept_first,
            # see invoice_send_client_payment: without it there is nowhere to pay
            "pay_url": "",
            "opt_out_url": f"{url}/opt_out{query}",
            "tracked": tracked,
        }

    def _prepare_answer_values(self, delivery, url):
        """:return: what was answered and where to answer, for the page's template"""
        query = self._get_query()
        values = {
            "answer": delivery._get_answer_values(),
            "name_limit": NAME_LIMIT,
            "reason_limit": REASON_LIMIT,
        }
        if delivery._can_be_answered() and not self._is_staff(delivery):
            values["accept_url"] = f"{url}/accept{query}"
            values["return_url"] = f"{url}/return{query}"
        return values
