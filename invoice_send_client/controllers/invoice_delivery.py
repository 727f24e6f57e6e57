import base64
import json
import time
from datetime import datetime, timezone

from odoo import SUPERUSER_ID, http
from odoo.http import content_disposition, request
from odoo.tools.image import image_data_uri

from ..const import MOVE_DOCUMENT_TYPES
from ..tools import links, visitor

#: One transparent pixel.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

#: A beacon is some 150 bytes; anything much longer is not ours.
BEACON_MAX_BYTES = 2000

#: Nothing of the page may be kept, framed, indexed, or load from anywhere else.
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; "
    "script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}

#: Possession of the token is the authority; readers get no cookie, so the page's own
#: nonce takes the place of the session's CSRF token.
ROUTE = {"type": "http", "auth": "public", "save_session": False, "csrf": False}


class InvoiceDelivery(http.Controller):
    """The client's side of a delivery: verify, record, respond."""

    # -- verify ----------------------------------------------------------------------

    def _find_delivery(self, token, alive=True):
        """:return: the delivery of a link, written as OdooBot; empty for a dead one"""
        # superuser: a visitor has no rights and must never be an invoice's last editor
        deliveries = request.env["invoice.delivery"].with_user(SUPERUSER_ID)
        delivery = deliveries._find_by_token(token, alive=alive)
        return delivery.with_context(lang=self._get_lang(delivery))

    def _get_lang(self, delivery):
        installed = {code for code, _name in request.env["res.lang"].get_installed()}
        wanted = request.params.get("lang")
        for lang in (wanted, delivery.lang, request.best_lang, "en_US"):
            if lang in installed:
                return lang
        return request.env.lang

    def _read_session(self, delivery, nonce):
        return links.read_nonce(
            delivery._link_secret(), delivery.link_key, nonce, time.time()
        )

    # -- record ----------------------------------------------------------------------

    def _observe(self, delivery, target, session, beacon=None):
        """Give the judge this request, as plain values.

        :param str target: a word of ``tools.visitor.observe``
        :param str session: the browser session, from the page's nonce
        :param dict beacon: what the page's script says
        """
        sent = delivery.sent_datetime
        hit = visitor.observe(
            at=datetime.now(timezone.utc),
            delivered_at=sent and sent.replace(tzinfo=timezone.utc) or None,
            method=request.httprequest.method,
            target=target,
            client=session or "",
            headers=dict(request.httprequest.headers),
            ip=request.httprequest.remote_addr or "",
            beacon=beacon,
            internal=request.env.user._is_internal(),
        )
        delivery._record_hit(hit)

    # -- respond ---------------------------------------------------------------------

    def _respond(self, body, content_type="text/html; charset=utf-8", status=200):
        headers = {**PAGE_HEADERS, "Content-Type": content_type}
        return request.make_response(body, headers=list(headers.items()), status=status)

    def _render(self, template, values, lang, status=200):
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
        return self._respond(html, status=status)

    def _respond_dead(self, token, asked=False):
        """The same answer whatever the token: nobody learns whether it ever lived."""
        lang = self._get_lang(request.env["invoice.delivery"])
        values = {
            "title": request.env.company.name,
            "renew_url": f"/invoice/d/{token}/renew",
            "asked": asked,
        }
        template = "invoice_send_client.client_page_dead"
        return self._render(template, values, lang, status=404)

    def _prepare_document_values(self, move):
        """:return: what the page says of the document, for its template"""
        return {
            "title": f"{move.company_id.name}: {move.name}",
            "type_name": self._get_type_name(move),
            "move": move,
            "lines": move._get_move_lines_to_report(),
            "logo": self._get_logo(move.company_id),
        }

    def _respond_page(self, delivery, token, nonce, shown=False):
        url = f"/invoice/d/{token}"
        values = {
            **self._prepare_document_values(delivery.move_id),
            "nonce": nonce,
            "page_url": url,
            "seen_url": f"{url}/seen",
            "pdf_url": f"{url}/pdf?nonce={nonce}",
            "shown": shown,
            "tracked": True,
        }
        lang = delivery.env.context["lang"]
        return self._render("invoice_send_client.client_page", values, lang)

    def _get_type_name(self, move):
        """:return: "Invoice" in the client's language, in the letters' own words"""
        types = move.env["invoice.send.template"]._fields["document_type"]
        names = dict(types._description_selection(move.env))
        return names.get(MOVE_DOCUMENT_TYPES.get(move.move_type), move.type_name)

    def _get_logo(self, company):
        return image_data_uri(company.logo_web) if company.logo_web else ""

    # -- routes ----------------------------------------------------------------------

    @http.route("/invoice/d/<string:token>", methods=["GET"], **ROUTE)
    def page(self, token, **_params):
        """Show the document to whoever holds the link."""
        delivery = self._find_delivery(token)
        if not delivery:
            return self._respond_dead(token)
        nonce = links.new_nonce(delivery._link_secret(), delivery.link_key, time.time())
        self._observe(delivery, "page", self._read_session(delivery, nonce))
        return self._respond_page(delivery, token, nonce)

    @http.route("/invoice/d/<string:token>", methods=["POST"], **ROUTE)
    def show_document(self, token, nonce="", **_params):
        """The button of a page without script."""
        delivery = self._find_delivery(token)
        if not delivery:
            return self._respond_dead(token)
        if session := self._read_session(delivery, nonce):
            self._observe(delivery, "form", session)
        return self._respond_page(delivery, token, nonce, shown=True)

    @http.route("/invoice/d/<string:token>/seen", methods=["POST"], **ROUTE)
    def seen(self, token, **_params):
        """The page's script says how long somebody looked."""
        delivery = self._find_delivery(token)
        beacon = self._read_beacon()
        if delivery and beacon:
            if session := self._read_session(delivery, str(beacon.pop("nonce", ""))):
                self._observe(delivery, "beacon", session, beacon)
        return self._respond("", status=204)

    def _read_beacon(self):
        body = request.httprequest.get_data(cache=False)[:BEACON_MAX_BYTES]
        try:
            beacon = json.loads(body)
        except ValueError:
            return None
        return beacon if isinstance(beacon, dict) else None

    @http.route("/invoice/d/<string:token>/open.gif", methods=["GET"], **ROUTE)
    def picture(self, token, **_params):
        """The invisible picture of a mail, where the company uses it."""
        delivery = self._find_delivery(token)
        if delivery:
            self._observe(delivery, "pixel", "")
        return self._respond(GIF, "image/gif")

    @http.route("/invoice/d/<string:token>/pdf", methods=["GET"], **ROUTE)
    def pdf(self, token, nonce="", **_params):
        """The legal PDF, made at the first request where it was not needed before."""
        delivery = self._find_delivery(token)
        if not delivery:
            return self._respond_dead(token)
        document = delivery.move_id._ensure_invoice_pdf()
        if not document:
            return self._respond_dead(token)
        self._observe(delivery, "pdf", self._read_session(delivery, nonce) or "")
        response = self._respond(document.raw, "application/pdf")
        name = content_disposition(document.name)
        response.headers["Content-Disposition"] = name
        return response

    @http.route("/invoice/d/<string:token>/renew", methods=["POST"], **ROUTE)
    def renew(self, token, **_params):
        """Somebody with a dead link asks for a new one: the same answer to all."""
        if delivery := self._find_delivery(token, alive=False):
            delivery._ask_for_new_link()
        return self._respond_dead(token, asked=True)
