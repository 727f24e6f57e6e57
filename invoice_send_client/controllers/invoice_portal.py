from odoo import SUPERUSER_ID, http
from odoo.http import request

from odoo.addons.account.controllers.portal import PortalAccount

from ..tools import plain_text
from .client_page import MAX_BODY_BYTES, NAME_LIMIT, REASON_LIMIT, ClientVisit

#: What a form of the portal's page is sent by: whoever is signed in, and no other site.
FORM = {
    "type": "http",
    "auth": "user",
    "methods": ["POST"],
    "website": True,
    "max_content_length": MAX_BODY_BYTES,
}

#: Where the session keeps what the page says once, after it was sent back to itself.
SAID = "invoice_send_client_said"


class InvoicePortal(ClientVisit, PortalAccount):
    """The portal of a client to whom documents are brought by network (R9).

    Odoo decides who reads what. What is done on the pages counts only where the portal
    user himself is signed in, and is judged like all that is done by a client's link.
    """

    # -- Odoo's pages ------------------------------------------------------------------

    @http.route()
    def home(self, **kw):
        # EXTENDS 'portal'
        response = super().home(**kw)
        if response.is_qweb:
            news, more = self._get_deliveries()._find_portal_news(request.env.user)
            response.qcontext.update(network_news=news, network_more=more)
        return response

    @http.route()
    def portal_my_invoices(self, *args, **kw):
        # EXTENDS 'account'
        response = super().portal_my_invoices(*args, **kw)
        if response.is_qweb:
            moves = request.env["account.move"].union(
                *(each["invoice"] for each in response.qcontext.get("invoices", ()))
            )
            marks = self._get_deliveries()._find_portal_marks(request.env.user, moves)
            response.qcontext["network_marks"] = {
                move_id: delivery._get_portal_mark()
                for move_id, delivery in marks.items()
            }
        return response

    @http.route()
    def portal_my_invoice_detail(self, invoice_id, *args, report_type=None, **kw):
        # EXTENDS 'account'
        delivery, seen = self._find_own(invoice_id), None
        if delivery and report_type == "pdf":
            if delivery._is_accepted_first():
                return self._go_back(delivery, notice="accept_first")
            seen = self._observe_pdf(delivery, kw.get("nonce"))
        if delivery and report_type:
            # without its PDF Odoo shows the document as a mere proforma
            document = delivery.move_id._ensure_invoice_pdf_for_client()
            if not document and report_type != "html":
                return self._go_back(delivery, notice="no_pdf")
        response = super().portal_my_invoice_detail(
            invoice_id, *args, report_type=report_type, **kw
        )
        if seen:
            delivery._note_hit(**seen)
        elif delivery and response.is_qweb:
            response.qcontext.update(self._note_page(delivery))
        self._flush()
        return response

    # -- verify ------------------------------------------------------------------------

    def _get_deliveries(self):
        # superuser: portal users have no rights on deliveries and must never be a
        # document's last editor; whose delivery it is, is asked with each search
        return request.env["invoice.delivery"].with_user(SUPERUSER_ID)

    def _find_own(self, invoice_id):
        """:return: the delivery of a document to the portal user who is signed in,
        empty for everybody else, whatever token he has"""
        return self._get_deliveries()._find_in_portal(request.env.user, invoice_id)

    # -- record ------------------------------------------------------------------------

    def _note_page(self, delivery):
        """Note the page as a new visit.

        :return: what the page shows of the delivery, for its template
        :rtype: dict
        """
        nonce = self._new_nonce(delivery)
        visit = self._read_visit(delivery, nonce)
        delivery._note_hit(self._observe(delivery, "page", visit))
        return {"network": self._prepare_portal_values(delivery, nonce)}

    def _prepare_portal_values(self, delivery, nonce):
        """:return: what the card on the document's page shows, and where it leads"""
        url, tracked = f"/my/invoices/{delivery.move_id.id}", delivery._is_tracked()
        can_answer = delivery._can_be_answered() and not self._is_staff(delivery)
        said = request.session.get(SAID) or {}
        if said:
            request.session.pop(SAID)
        return {
            "nonce": nonce,
            "tracked": tracked,
            "seen_url": f"{url}/seen" if tracked else None,
            "answer": delivery._get_answer_values(),
            "accept_url": f"{url}/accept" if can_answer else None,
            "return_url": f"{url}/return" if can_answer else None,
            "opt_out_url": f"{url}/opt_out" if tracked else None,
            "accept_first": delivery._is_accepted_first(),
            "reason_limit": REASON_LIMIT,
            "lang": request.env.lang.replace("_", "-"),
            **(said if said.get("delivery_id") == delivery.id else {}),
        }

    # -- respond -----------------------------------------------------------------------

    def _flush(self):
        # superuser: what is left to be written is written by OdooBot, and not by the
        # visitor when the request ends
        request.env(user=SUPERUSER_ID).flush_all()

    def _go_back(self, delivery, **said):
        """Show the page anew, which can be loaded again.

        :param said: what it says once, as ``notice``
        """
        if said:
            request.session[SAID] = {"delivery_id": delivery.id, **said}
        self._flush()
        url = f"/my/invoices/{delivery.move_id.id}#invoice_delivery"
        return request.redirect(url, code=303)

    # -- the client's deeds ------------------------------------------------------------

    @http.route("/my/invoices/<int:invoice_id>/accept", **FORM)
    def portal_my_invoice_accept(self, invoice_id, nonce="", **_params):
        """The client accepts the document."""
        return self._answer_in_portal(invoice_id, "accept", nonce)

    @http.route("/my/invoices/<int:invoice_id>/return", **FORM)
    def portal_my_invoice_return(self, invoice_id, nonce="", reason="", **_params):
        """The client returns the document and says why."""
        return self._answer_in_portal(invoice_id, "return", nonce, reason)

    def _answer_in_portal(self, invoice_id, answer, nonce, reason=""):
        self._require_post()
        delivery = self._find_own(invoice_id)
        if not delivery:
            return request.redirect("/my")
        reason = plain_text.read_text(reason, REASON_LIMIT)
        said = {"asked": answer, "said_reason": reason}
        if self._count("answer"):
            return self._go_back(delivery, notice="unsure", **said)
        name = plain_text.read_line(request.env.user.name, NAME_LIMIT)
        notice = self._take_answer(delivery, answer, nonce, name, reason)
        if not notice:
            return self._go_back(delivery)
        return self._go_back(delivery, notice=notice, **said)

    @http.route("/my/invoices/<int:invoice_id>/opt_out", **FORM)
    def portal_my_invoice_opt_out(self, invoice_id, **_params):
        """The client does not want its visits recorded: from now on none is (B20)."""
        self._require_post()
        delivery = self._find_own(invoice_id)
        if not delivery:
            return request.redirect("/my")
        delivery._opt_out()
        return self._go_back(delivery, notice="opted_out")

    # the page's nonce takes the place of the session's CSRF token, as in the client's
    # page: it is the same script that tells
    @http.route("/my/invoices/<int:invoice_id>/seen", **{**FORM, "csrf": False})
    def portal_my_invoice_seen(self, invoice_id, **_params):
        """The page's script says how long somebody looked."""
        self._require_post()
        beacon = self._read_beacon()
        if beacon and not self._count("look"):
            delivery = self._find_own(invoice_id)
            followed = delivery.filtered(lambda each: each._is_tracked())
            self._note_beacon(followed, beacon)
        self._flush()
        return request.make_response("", status=204)
