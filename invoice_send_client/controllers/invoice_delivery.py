import base64

from odoo import http
from odoo.http import content_disposition

from .client_page import ROUTE, SILENT_ROUTE, ClientPage

#: One transparent pixel.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


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
        # now: the seconds that the PDF takes are none in which somebody read
        hit = self._observe(delivery, "pdf", self._read_visit(delivery, nonce))
        document = delivery.move_id._ensure_invoice_pdf()
        if not document:
            return self._serve_page(delivery, token, 503, notice="no_pdf")
        delivery._note_hit(hit)
        return self._respond_file(document)

    def _respond_file(self, document):
        response = self._respond(document.raw, "application/pdf")
        name = content_disposition(document.name)
        response.headers["Content-Disposition"] = name
        return response
