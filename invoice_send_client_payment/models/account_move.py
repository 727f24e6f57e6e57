from odoo import models


class AccountMove(models.Model):
    """What a client pays online, and with what."""

    _inherit = "account.move"

    def _is_payable_by_client(self):
        """:return: whether there is something to pay online, and a way to do it"""
        self.ensure_one()
        if not self._is_open_for_payment():
            return False
        providers = self._find_client_providers()
        return bool(providers and self._find_client_payment_methods(providers))

    def _is_open_for_payment(self):
        """:return: whether Odoo lets this document be paid online, and no payment that
        arrived waits to be booked: Odoo would let it be paid a second time"""
        if not self._has_to_be_paid():
            return False
        return not self.transaction_ids.filtered(
            lambda tx: tx.state == "done" and not tx.is_post_processed
        )

    def _get_client_amount_due(self):
        """Give what is to be paid now: the open amount, less the discount for early
        payment as long as it is granted. The payment is booked by the same number.

        :return: amount in the document's currency
        :rtype: float
        """
        self.ensure_one()
        values = self._get_invoice_next_payment_values()
        amount = values.get("amount_due", self.amount_residual)
        return self.currency_id.round(amount)

    def _find_client_providers(self):
        """:return: the providers that a client of this document is offered: published
        ones of its company, for its customer, amount and currency

        :rtype: payment.provider
        """
        self.ensure_one()
        providers = self.env["payment.provider"]._get_compatible_providers(
            self.company_id.id,
            self.partner_id.id,
            self._get_client_amount_due(),
            currency_id=self.currency_id.id,
        )
        # OdooBot asks, who as a colleague is shown unpublished ones too
        return providers.filtered("is_published")

    def _find_client_payment_methods(self, providers):
        """:return: the ways of paying that these providers offer for this document

        :param payment.provider providers: from :meth:`_find_client_providers`
        :rtype: payment.method
        """
        self.ensure_one()
        return self.env["payment.method"]._get_compatible_payment_methods(
            providers.ids, self.partner_id.id, currency_id=self.currency_id.id
        )

    def _get_last_client_payment(self):
        """:return: the last try to pay this document online that came to something;
        no refund, no part of another one

        :rtype: payment.transaction
        """
        self.ensure_one()
        return self.transaction_ids.filtered(
            lambda tx: not tx.source_transaction_id and tx.operation != "validation"
        )._get_last()
