from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import addresses


class InvoiceDeliveryErase(models.TransientModel):
    """Erase what was recorded of a customer, or of an address (requirements B20).

    For the companies that the user works in. Who may open this window may erase.
    """

    _name = "invoice.delivery.erase"
    _description = "Erase Tracking Data"

    partner_id = fields.Many2one("res.partner", string="Customer", ondelete="cascade")
    email = fields.Char(string="Address")
    stop_following = fields.Boolean(
        string="Do not follow from now on",
        help="Nothing is recorded of what is sent later either.",
    )
    delivery_count = fields.Integer(compute="_compute_counts")
    visit_count = fields.Integer(compute="_compute_counts")

    @api.depends("partner_id", "email")
    def _compute_counts(self):
        for wizard in self:
            visits = wizard._find_deliveries()._find_visits()
            wizard.delivery_count = len(visits.delivery_id)
            wizard.visit_count = len(visits)

    def _find_deliveries(self):
        """:return: the deliveries in question, among those that the user may read

        :rtype: invoice.delivery
        """
        self.ensure_one()
        Delivery = self.env["invoice.delivery"]
        if self.partner_id:
            customer = self.partner_id.commercial_partner_id
            return Delivery.search(
                [
                    ("company_id", "in", self.env.companies.ids),
                    "|",
                    ("customer_id", "=", customer.id),
                    ("partner_id", "child_of", customer.id),
                ]
            )
        found = addresses.parse(self.email)[0]
        return Delivery.union(
            *(
                Delivery._find_by_address(self.env.companies, address.email)
                for address in found
            )
        )

    def action_erase(self):
        """Erase, and say of how many mails.

        :return: a notification
        :rtype: dict
        :raise UserError: where the address is none
        """
        self.ensure_one()
        if not self.partner_id:
            self._check_address()
        erased = self._find_deliveries()._erase_tracking_by_user()
        if self.stop_following:
            self._stop_following()
        message = self.env._(
            "All recorded visits are erased, mails concerned: %s. When a mail was "
            "sent, and whether it was viewed, stays on its document.",
            len(erased),
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message
                if erased
                else self.env._("Nothing was recorded, so there was nothing to erase."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _check_address(self):
        found, wrong = addresses.parse(self.email)
        if wrong or not found:
            raise UserError(
                self.env._("This is no e-mail address: %s", self.email or "")
            )

    def _stop_following(self):
        """Follow the customer, or the address, no more."""
        if self.partner_id:
            self.partner_id.check_access("read")
            # sudo: who may erase may heed the wish, and nothing else of the contact
            self.partner_id.sudo().commercial_partner_id.invoice_no_tracking = True
            return
        for address in addresses.parse(self.email)[0]:
            self.env["invoice.delivery.opt.out"]._add(self.env.companies, address.email)
        # sudo: deliveries have no writer but the sending; who erases may do this too
        self._find_deliveries().sudo().is_opted_out = True
