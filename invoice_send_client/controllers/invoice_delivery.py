import base64
from contextlib import closing

from odoo import SUPERUSER_ID, api, http
from odoo.http import content_disposition, request

from ..tools import networks
from .client_page import PAGE_HEADERS, ROUTE, SILENT_ROUTE, ClientPage

#: One transparent pixel.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

#: Those with which every picture is answered.
PICTURE_HEADERS = [*PAGE_HEADERS.items(), ("Content-Type", "image/gif")]


class InvoiceDelivery(ClientPage):
    """What the client looks at: page, picture, PDF. A GET decides nothing."""

    @http.route("/invoice/d/<string:token>", methods=["GET"], **ROUTE)
    def page(self, token, **_params):
        """Show the document to whoever holds the link."""
        if wait := self._count("look"):
            return self._respond_busy(wait)
        delivery = self._find_delivery(token)
        if not delivery:
            return self._respond_dead(token)
        return self._serve_page(delivery, token)

    def _serve_page(self, delivery, token, status=200, **shown):
        """Serve the page as a new visit, and note it."""
        nonce = self._new_nonce(delivery)
        visit = self._read_visit(delivery, nonce)
        delivery._note_hit(self._observe(delivery, "page", visit))
        return self._respond_page(delivery, token, nonce, status, **shown)

    @http.route("/invoice/d/<string:token>", methods=["POST"], **ROUTE)
    def show_document(self, token, nonce="", **_params):
        """The button of a page without script."""
        self._require_post()
        if wait := self._count("look"):
            return self._respond_busy(wait)
        delivery = self._find_delivery(token)
        if not delivery:
            return self._respond_dead(token)
        visit = self._read_visit(delivery, nonce)
        if visit:
            page = self._observe_page(delivery, visit)
            delivery._note_hit(self._observe(delivery, "form", visit), page=page)
        nonce = nonce if visit else self._new_nonce(delivery)
        return self._respond_page(delivery, token, nonce, shown=True)

    @http.route("/invoice/d/<string:token>/seen", methods=["POST"], **SILENT_ROUTE)
    def seen(self, token, **_params):
        """The page's script says how long somebody looked."""
        self._require_post()
        beacon = self._read_beacon()
        if beacon and not self._count("look"):
            self._note_beacon(self._find_delivery(token, tracked=True), beacon)
        return self._respond("", status=204)

    @http.route("/invoice/d/<string:token>/open.gif", methods=["GET"], **SILENT_ROUTE)
    def picture(self, token, **_params):
        """The invisible picture of a mail, where the company uses it."""
        if not self._count("look"):
            delivery = self._find_delivery(token, tracked=True)
            if delivery and not delivery._is_just_opened():
                delivery._record_hit(self._observe(delivery, "pixel"))
        return self._respond(GIF, "image/gif")

    def picture_early(self, token, registry):
        """Answer most pictures before Odoo begins with the request, see ``early``.

        :param str token: of the link
        :param odoo.modules.registry.Registry registry: of the database that is asked
        :return: the picture, ``None`` where :meth:`picture` has to see to it
        :rtype: odoo.http.Response | None
        """
        # what a visitor is who has signed in, Odoo finds out later
        if request.session.uid or request.httprequest.method != "GET":
            return None
        if not self._count("look") and not self._note_early(token, registry):
            return None
        return http.Response(GIF, headers=PICTURE_HEADERS)

    def _note_early(self, token, registry):
        """:return: whether all that there is to be noted of a picture is noted"""
        # closed without a commit, nothing is left of it
        with closing(registry.cursor()) as cr:
            # superuser: as in ``_find_delivery``
            env = api.Environment(cr, SUPERUSER_ID, {})
            deliveries = env["invoice.delivery"]
            found = deliveries._find_picture(token)
            if not found:
                return False
            if deliveries._is_known(found["open_datetime"], found["look_datetime"]):
                return True
            delivery = deliveries._make_picture_delivery(found)
            is_recorded = self._record_early(delivery, token)
            if is_recorded:
                # Odoo commits for its routes, and this is before them
                cr.commit()  # pylint: disable=invalid-commit
            return is_recorded

    def _record_early(self, delivery, token):
        """:return: whether it is a first picture of the client's, and was recorded"""
        settings = delivery._find_first_picture_settings(token)
        ip = request.httprequest.remote_addr or ""
        if not settings or networks.contain(settings.networks, ip):
            return False
        hit = self._observe(delivery, "pixel", internal=False)
        return delivery._record_first_picture(hit)

    @http.route("/invoice/d/<string:token>/pdf", methods=["GET"], **ROUTE)
    def pdf(self, token, nonce="", **_params):
        """The legal PDF, made at the first request where it was not needed before."""
        if wait := self._count("pdf"):
            return self._respond_busy(wait)
        delivery = self._find_delivery(token)
        if not delivery:
            return self._respond_dead(token)
        if delivery._is_accepted_first():
            return self._serve_page(delivery, token, 403, notice="accept_first")
        seen = self._observe_pdf(delivery, nonce)
        document = delivery.move_id._ensure_invoice_pdf_for_client()
        if not document:
            return self._serve_page(delivery, token, 503, notice="no_pdf")
        delivery._note_hit(**seen)
        return self._respond_file(document)

    def _respond_file(self, document):
        response = self._respond(document.raw, "application/pdf")
        name = content_disposition(document.name)
        response.headers["Content-Disposition"] = name
        return response
