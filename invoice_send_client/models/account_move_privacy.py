from odoo import api, fields, models
from odoo.fields import Domain


class AccountMove(models.Model):
    """Says on a document that its client is not followed (B20)."""

    # one model, several concerns: the rest stands in account_move.py
    _name = "account.move"
    _inherit = ["account.move"]

    invoice_is_untracked = fields.Boolean(
        string="Not tracked",
        compute="_compute_invoice_is_untracked",
        search="_search_invoice_is_untracked",
        help="Nobody that the document was sent to is followed.",
    )

    @api.depends("invoice_delivery_ids.is_tracked")
    def _compute_invoice_is_untracked(self):
        # sudo: who may read the document may know that its client is not followed
        for move in self.sudo():
            current = move.invoice_delivery_ids.filtered("is_current")
            tracked = current.filtered("is_tracked")
            move.invoice_is_untracked = bool(current) and not tracked

    def _filter_unfollowed(self):
        """:return: the documents of which no sending would be followed, by their
        company's or their customer's switch"""
        Company = self.env["res.company"]

        def is_unfollowed(move):
            settings = Company._get_invoice_client_settings(move.company_id.id)
            # sudo: the customer's wish counts for whoever sends
            customer = move.commercial_partner_id.sudo()
            return not settings.is_tracked or customer.invoice_no_tracking

        return self.filtered(is_unfollowed)

    def _search_invoice_is_untracked(self, operator, value):
        if operator != "in":
            return NotImplemented
        sent, tracked = self._get_sent_domain(), self._get_followed_domain()
        untracked = sent & ~tracked
        return Domain.OR(untracked if each else ~untracked for each in value)

    @api.model
    def _get_sent_domain(self, *conditions):
        """:return: the domain of the documents that have deliveries since they were
            last posted

        :param conditions: domains that one of these deliveries has to meet
        :rtype: Domain
        """
        # sudo: who may read the document may know that its client is not followed
        deliveries = self.env["invoice.delivery"].sudo()
        current = Domain.AND([Domain("is_current", "=", True), *conditions])
        return Domain("id", "in", deliveries._search(current).subselect("move_id"))

    @api.model
    def _get_followed_domain(self):
        """:return: the domain of the documents of which a client's look would be known

        :rtype: Domain
        """
        followed = self.env["invoice.delivery"]._get_tracked_domain()
        return self._get_sent_domain(followed)
