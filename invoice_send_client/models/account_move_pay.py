from urllib.parse import urlencode

from odoo import models


class AccountMove(models.Model):
    """Where the client pays, with the apps of payment that are installed."""

    # one model, several concerns: the rest stands in account_move.py
    _name = "account.move"
    _inherit = ["account.move"]

    def _get_invoice_pay_url(self):
        """Give the address at which the client pays, where that is possible.

        It carries the payment's own token and never the portal's. Odoo's page of the
        payment, however, leads on to the invoice in the portal, and tells the portal's
        token (``_get_extra_payment_form_values`` of ``account_payment``), for any
        invoice of that customer in that currency: see the roadmap.

        :return: path and query, ``""`` where nothing is to be paid online
        :rtype: str
        """
        self.ensure_one()
        # of ``account_payment``, which comes with ``payment`` but can be taken out
        if not hasattr(self, "_has_to_be_paid") or not self._has_to_be_paid():
            return ""
        return self._build_pay_url() if self._find_providers() else ""

    def _find_providers(self):
        """:return: the ways of paying that a client of this document is offered"""
        providers = self.env["payment.provider"]._get_compatible_providers(
            self.company_id.id,
            self.partner_id.id,
            self.amount_residual,
            currency_id=self.currency_id.id,
        )
        return providers.filtered("is_published")

    def _build_pay_url(self):
        # the app is installed, but this addon does not need it
        from odoo.addons.payment import utils

        partner, currency = self.partner_id.id, self.currency_id.id
        token = utils.generate_access_token(
            partner, self.amount_residual, currency, env=self.env
        )
        values = {
            "invoice_id": self.id,
            "amount": self.amount_residual,
            "currency_id": currency,
            "partner_id": partner,
            "company_id": self.company_id.id,
            "access_token": token,
        }
        return f"/payment/pay?{urlencode(values)}"
