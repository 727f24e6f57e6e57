import hmac

from odoo import models

from odoo.addons.payment import utils as payment_utils

#: What our tokens of a payment begin with: they are none of Odoo's, which is given
#: partner, amount and currency, and for which Odoo tells the portal's token.
TOKEN_KIND = "invoice_send_client_payment"

#: Providers of which a payment that waits is an order to the bank that the client
#: still has to give.
TRANSFER_PROVIDERS = ("custom",)


class InvoiceDelivery(models.Model):
    """The payment that a client's link leads to, and what became of it."""

    _inherit = "invoice.delivery"

    def _get_payment_token(self):
        """Give the payment's own token: of this link, for what is to be paid now.

        It is good for nothing but that payment, and for no other amount.

        :rtype: str
        """
        self.ensure_one()
        move = self.move_id
        return payment_utils.generate_access_token(
            TOKEN_KIND,
            self.id,
            move.id,
            move._get_client_amount_due(),
            move.currency_id.id,
            env=self.env,
        )

    def _is_payment_token(self, token):
        """:return: whether it is the payment's own token, see
        :meth:`_get_payment_token`

        :param token: what came with the request, anything
        """
        # JSON can bring halves of characters, which UTF-8 has no bytes for
        told = str(token).encode("utf-8", "surrogatepass")
        return hmac.compare_digest(told, self._get_payment_token().encode())

    def _is_payable(self):
        """:return: whether the client of this link can pay online

        Where a document is to be accepted before its PDF is given, it is accepted
        before it is paid as well.
        """
        self.ensure_one()
        return not self._is_accepted_first() and self.move_id._is_payable_by_client()

    def _get_payment_status(self):
        """Tell what became of the payment, for the client's page.

        That the document is paid, or waits for the money, is true for all recipients;
        that a payment failed is told to the one who tried.

        :return: ``word`` (``paid``, ``pending``, ``transfer``, ``failed``, ``""`` for
            nothing to tell) and ``message``, what the seller says to whoever still has
            to order the transfer
        :rtype: dict
        """
        self.ensure_one()
        last = self.move_id._get_last_client_payment()
        word = self._get_payment_word(last) if last else ""
        message = ""
        if word == "transfer":
            message = last.provider_id._get_status_message(last.state)
        return {"word": word, "message": message}

    def _get_payment_word(self, last):
        """:return: see :meth:`_get_payment_status`

        :param payment.transaction last: the last one of the document
        """
        if self.move_id.payment_state in ("paid", "in_payment"):
            return "paid"
        if last.state in ("pending", "authorized"):
            is_transfer = last.provider_code in TRANSFER_PROVIDERS
            return "transfer" if is_transfer else "pending"
        if last.state == "done":
            # booked, and something is open still: the page says how much
            return "" if last.is_post_processed else "paid"
        return "failed" if last.invoice_delivery_id == self else ""
