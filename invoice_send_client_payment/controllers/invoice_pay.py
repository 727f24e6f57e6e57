from odoo import http
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.http import request

from odoo.addons.invoice_send_client.controllers.client_page import (
    PAGE_HEADERS,
    ROUTE,
    ClientPage,
)
from odoo.addons.payment.controllers.portal import PaymentPortal

#: Providers bring scripts, frames and windows of their own, from anywhere; the page's
#: address, which is the client's link, is told to none of them.
PAY_PAGE_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": "base-uri 'none'; frame-ancestors 'none'; "
    "object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "strict-origin",
}

#: A page of the website, as all that Odoo's form of the payment was made for; its
#: address is the same in every language.
PAY_ROUTE = {**ROUTE, "website": True, "multilang": False, "sitemap": False}

#: Ways of paying that a link opens: none with a card that somebody else has saved.
FLOWS = ("redirect", "direct")


class InvoicePay(ClientPage):
    """Where the client pays: a GET shows, nothing is begun before the form is sent."""

    @http.route("/invoice/d/<string:token>/pay", methods=["GET"], **PAY_ROUTE)
    def pay(self, token, **_params):
        """Show what is to be paid, and how it can be."""
        # the language stands in the address: no cookie keeps it
        request.future_response.headers.remove("Set-Cookie")
        if wait := self._count("look"):
            return self._respond_busy(wait)
        delivery = self._find_delivery(token)
        if not delivery:
            return self._respond_dead(token)
        if not delivery._is_payable():
            return self._respond("", status=303, Location=self._get_page_url(token))
        return self._respond_pay_page(delivery, token)

    def _get_page_url(self, token):
        """:return: path of the client's page, in the language that was chosen

        :param str token: one that was verified: it stands in the address
        """
        return f"/invoice/d/{token}{self._get_query()}"

    def _respond_pay_page(self, delivery, token):
        lang = self._get_lang(delivery)
        request.lang = request.env["res.lang"]._get_data(code=lang)
        request.update_context(lang=lang)
        values = self._prepare_pay_values(delivery.with_context(lang=lang), token)
        # not minimal: the form of the payment asks for the request
        html = request.env["ir.qweb"]._render(
            "invoice_send_client_payment.pay_page", values
        )
        return self._respond(html, **PAY_PAGE_HEADERS)

    def _prepare_pay_values(self, delivery, token):
        """:return: what the page says, for its template"""
        move = delivery.move_id
        terms = move._get_invoice_next_payment_values()
        return {
            "title": f"{move.company_id.name}: {move.name}",
            "html_lang": request.lang.code.replace("_", "-"),
            "direction": request.lang.direction,
            "move": move,
            "type_name": self._get_type_name(move),
            "logo": self._get_logo(move.company_id),
            "discount": terms.get("epd_discount_msg"),
            "page_url": self._get_page_url(token),
            **self._prepare_form_values(delivery, token),
        }

    def _prepare_form_values(self, delivery, token):
        """:return: what Odoo's form of the payment is told

        It keeps no card and shows none that was kept: whoever has the link may not be
        who it belongs to.
        """
        move = delivery.move_id
        providers = move._find_client_providers()
        return {
            "mode": "payment",
            "reference_prefix": move.name,
            "amount": move._get_client_amount_due(),
            "currency": move.currency_id,
            "partner_id": move.partner_id.id,
            "providers_sudo": providers,
            "payment_methods_sudo": move._find_client_payment_methods(providers),
            "tokens_sudo": move.env["payment.token"],
            "show_tokenize_input_mapping": dict.fromkeys(providers.ids, False),
            "transaction_route": f"/invoice/d/{token}/pay/transaction"
            f"{self._get_query()}",
            "access_token": delivery._get_payment_token(),
        }

    # -- the client's page -------------------------------------------------------------

    def _prepare_link_values(self, delivery, url, nonce):
        # EXTENDS 'invoice_send_client'
        values = super()._prepare_link_values(delivery, url, nonce)
        if delivery._is_payable():
            values["pay_url"] = f"{url}/pay{self._get_query()}"
        values["payment"] = delivery._get_payment_status()
        return values


class InvoicePayTransaction(PaymentPortal):
    """Begins the payment, by Odoo's own means."""

    @http.route(
        "/invoice/d/<string:token>/pay/transaction", type="jsonrpc", auth="public"
    )
    def invoice_pay_transaction(
        self, token, provider_id=None, payment_method_id=None, flow=None, **params
    ):
        """Begin a payment of what is open on the document of a link.

        What else the form tells, as the amount, counts for nothing: the server decides.

        :param str token: of the client's link
        :param int provider_id: a ``payment.provider``
        :param int payment_method_id: a ``payment.method``
        :param str flow: see ``FLOWS``
        :param params: ``access_token``, the payment's own, and what is not needed
        :return: what the provider's script needs
        :rtype: dict
        :raise UserError: in the client's words, where nothing can be paid
        """
        page = InvoicePay()
        self._check_pace(page)
        delivery = self._find_payable(page, token, params.get("access_token"))
        self._check_way(delivery.move_id, provider_id, payment_method_id, flow)
        transaction = self._create_transaction(
            provider_id=provider_id,
            payment_method_id=payment_method_id,
            flow=flow,
            landing_route=page._get_page_url(token),
            **self._prepare_transaction_values(delivery),
        )
        return transaction._get_processing_values()

    def _check_pace(self, page):
        if page._count("answer"):
            raise UserError(
                self.env._(
                    "There were too many requests from your network. "
                    "Please try again in a few minutes."
                )
            )

    def _find_payable(self, page, token, access_token):
        """Find what is to be paid by a link.

        :param InvoicePay page: knows the links
        :param str access_token: the payment's own, from the page that was shown
        :return: the delivery, in the client's language
        :rtype: invoice.delivery
        :raise UserError: where the link is dead, or what was shown is so no more
        """
        delivery = page._find_delivery(token)
        if not delivery:
            raise UserError(
                self.env._("This link no longer opens a document. Nothing was paid.")
            )
        delivery = self._speak(delivery, page._get_lang(delivery))
        if not delivery._is_payable() or not delivery._is_payment_token(access_token):
            raise UserError(
                delivery.env._(
                    "What is to be paid has changed since this page was opened. "
                    "Nothing was paid; please load the page again."
                )
            )
        return delivery

    def _speak(self, delivery, lang):
        """Let the rest of the payment speak the client's language: Odoo's page that
        waits for the provider reads it from this cookie.

        :param str lang: "ro_RO"
        :return: the delivery, in that language
        :rtype: invoice.delivery
        """
        request.update_context(lang=lang)
        request.future_response.set_cookie("frontend_lang", lang)
        return delivery.with_context(lang=lang)

    def _check_way(self, move, provider_id, payment_method_id, flow):
        """Let only be used what the page offers.

        :raise UserError: for another company's provider, an unpublished one, a saved
            card, and whatever else no page of ours asks for
        """
        providers = move._find_client_providers()
        provider = providers.filtered(lambda p: p.id == provider_id)
        methods = move._find_client_payment_methods(provider)
        if not (
            provider
            and flow in FLOWS
            and methods.filtered(lambda m: m.id == payment_method_id)
        ):
            raise UserError(
                move.env._(
                    "This way of paying is not offered. Nothing was paid; please "
                    "load the page again."
                )
            )

    def _prepare_transaction_values(self, delivery):
        """:return: what the server decides of a transaction"""
        move = delivery.move_id
        return {
            "token_id": None,
            "amount": move._get_client_amount_due(),
            "currency_id": move.currency_id.id,
            "partner_id": move.partner_id.id,
            "tokenization_requested": False,
            "custom_create_values": {
                "invoice_ids": [Command.set(move.ids)],
                "invoice_delivery_id": delivery.id,
            },
        }
