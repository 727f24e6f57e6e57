from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import addresses


class InvoiceDeliveryCorrectAddress(models.TransientModel):
    """Send to another address what did not reach a recipient (requirements B17)."""

    _name = "invoice.delivery.correct.address"
    _description = "Correct Address of a Recipient"

    delivery_id = fields.Many2one(
        "invoice.delivery", required=True, readonly=True, ondelete="cascade"
    )
    # as the user: the window tells nothing of a recipient that he may not read
    old_email = fields.Char(
        related="delivery_id.email", string="Did not reach", related_sudo=False
    )
    problem = fields.Char(compute="_compute_problem")
    email = fields.Char(string="New address", required=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", compute="_compute_partner_id"
    )
    partner_email = fields.Char(
        related="partner_id.email", string="Known address", related_sudo=False
    )
    can_save_on_partner = fields.Boolean(compute="_compute_partner_id")
    save_on_partner = fields.Boolean(
        string="Save on customer",
        compute="_compute_save_on_partner",
        compute_sudo=False,
        store=True,
        readonly=False,
    )

    @api.constrains("delivery_id")
    def _check_delivery_id(self):
        """:raise AccessError: for a recipient that the user may not read"""
        # Odoo runs constraints with all rights
        self.sudo(False).delivery_id.check_access("read")

    @api.depends("delivery_id")
    def _compute_problem(self):
        for wizard in self:
            delivery = wizard.delivery_id
            wizard.problem = delivery and delivery._get_failure_text()

    @api.depends("delivery_id")
    def _compute_partner_id(self):
        for wizard in self:
            delivery = wizard.delivery_id
            wizard.partner_id = delivery.partner_id or delivery.move_id.partner_id
            partner = wizard.partner_id
            wizard.can_save_on_partner = bool(partner) and partner.has_access("write")

    @api.depends("delivery_id")
    def _compute_save_on_partner(self):
        """Offer to mend the customer's card where the wrong address comes from it."""
        for wizard in self:
            found = addresses.parse(wizard.partner_id.email)[0]
            known = [address.email for address in found]
            is_from_card = not known or wizard.old_email in known
            wizard.save_on_partner = wizard.can_save_on_partner and is_from_card

    def action_confirm(self):
        """Send to the new address, and keep it on the customer where asked to."""
        self.ensure_one()
        address = self._read_address()
        old = self.old_email
        if self.save_on_partner:
            self._save_on_partner(old, address)
        self.delivery_id._correct_address(address)
        return {"type": "ir.actions.act_window_close"}

    def _read_address(self):
        """:return: the one address that was typed

        :rtype: tools.addresses.Address
        :raise UserError: where it is none, or several
        """
        found, wrong = addresses.parse(self.email)
        if wrong or len(found) != 1:
            raise UserError(
                self.env._("This is not one e-mail address: %s", self.email)
            )
        return found[0]

    def _save_on_partner(self, old, address):
        """Put the new address where the old one stands, else in place of all."""
        text = self.partner_id.email
        known = [found.email for found in addresses.parse(text)[0]]
        plain = addresses.Address("", address.email)
        self.partner_id.email = addresses.replace(
            text if old in known else "", old, plain
        )
