from odoo import fields, models


class ResPartner(models.Model):
    """A customer that is not followed, and erasing what was recorded of one (B20)."""

    # one model, several concerns: the rest stands in res_partner.py
    _name = "res.partner"
    _inherit = ["res.partner"]

    # read on the commercial partner, as ``invoice_sending_method``
    invoice_no_tracking = fields.Boolean(
        string="Do not follow this customer's reading",
        help="Nothing is recorded of what this customer does with the links to its "
        "invoices, not even for links mailed before.",
    )

    def unlink(self):
        # EXTENDS 'base'
        # sudo: what was recorded of a contact goes with it, whoever deletes it
        deliveries = self.env["invoice.delivery"].sudo()
        found = deliveries.search(
            ["|", ("customer_id", "in", self.ids), ("partner_id", "in", self.ids)]
        )
        found._erase_tracking()
        found._forget_names()
        return super().unlink()

    def action_erase_invoice_tracking(self):
        """Ask whether what was recorded of this customer shall be erased.

        :return: the dialog
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "invoice_send_client.invoice_delivery_erase_action"
        )
        customer = self.commercial_partner_id
        return {**action, "context": {"default_partner_id": customer.id}}
