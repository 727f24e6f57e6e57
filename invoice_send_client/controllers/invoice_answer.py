from odoo import http

from ..tools import plain_text
from .client_page import NAME_LIMIT, REASON_LIMIT, ROUTE, ClientPage

#: Statuses of a page that comes back with a word on what is missing.
UNPROCESSABLE = 422


class InvoiceAnswer(ClientPage):
    """What the client decides: only by POST, with the nonce of a page served before."""

    @http.route("/invoice/d/<string:token>/accept", methods=["POST"], **ROUTE)
    def accept(self, token, nonce="", name="", **_params):
        """The client accepts the document."""
        return self._answer(token, "accept", nonce, name)

    @http.route("/invoice/d/<string:token>/return", methods=["POST"], **ROUTE)
    def return_document(self, token, nonce="", name="", reason="", **_params):
        """The client returns the document and says why."""
        return self._answer(token, "return", nonce, name, reason)

    def _answer(self, token, answer, nonce, name, reason=""):
        self._require_post()
        if wait := self._count("answer"):
            return self._respond_busy(wait)
        delivery = self._find_delivery(token)
        if not delivery:
            return self._respond_dead(token)
        name = plain_text.read_line(name, NAME_LIMIT)
        reason = plain_text.read_text(reason, REASON_LIMIT)
        notice = self._take_answer(delivery, answer, nonce, name, reason)
        if not notice:
            return self._redirect(token)
        said = {"asked": answer, "said_name": name, "said_reason": reason}
        return self._serve_again(delivery, token, notice=notice, **said)

    def _serve_again(self, delivery, token, **shown):
        """Serve the page with what was written, as a visit of its own: what condemned
        the one before does not stand in the way of a person."""
        nonce = self._new_nonce(delivery)
        visit = self._read_visit(delivery, nonce)
        delivery._note_hit(self._observe_page(delivery, visit))
        return self._respond_page(delivery, token, nonce, UNPROCESSABLE, **shown)

    def _redirect(self, token):
        """Show what was decided on a page that can be loaded again.

        :param str token: one that was verified: it stands in the address
        """
        url = f"/invoice/d/{token}{self._get_query()}"
        return self._respond("", status=303, Location=url)

    @http.route("/invoice/d/<string:token>/opt_out", methods=["POST"], **ROUTE)
    def opt_out(self, token, nonce="", **_params):
        """The client does not want its visits recorded: from now on none is (B20)."""
        self._require_post()
        if wait := self._count("answer"):
            return self._respond_busy(wait)
        delivery = self._find_delivery(token)
        if not delivery:
            return self._respond_dead(token)
        visit = self._read_visit(delivery, nonce)
        if not visit:
            return self._serve_again(delivery, token, notice="stale")
        page, hit = (
            self._observe_page(delivery, visit),
            self._observe(delivery, "act", visit),
        )
        if delivery._is_tracked() and not delivery._is_wish(page, hit):
            return self._serve_again(delivery, token, notice="unsure")
        delivery._opt_out()
        nonce = self._new_nonce(delivery)
        return self._respond_page(delivery, token, nonce, notice="opted_out")

    @http.route("/invoice/d/<string:token>/renew", methods=["POST"], **ROUTE)
    def renew(self, token, **_params):
        """Somebody with a dead link asks for a new one: the same answer to all, also
        where a network asks too often, which then gets nothing more."""
        self._require_post()
        is_heard = not self._count("renew")
        if is_heard and (delivery := self._find_delivery(token, alive=False)):
            delivery._ask_for_new_link()
        return self._respond_dead(token, asked=True)
