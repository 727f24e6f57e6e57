from odoo import api, fields, models

READERS = "account.group_account_readonly,account.group_account_invoice"


class ResPartner(models.Model):
    """The mails that a customer got."""

    # one model, several concerns: the rest stands in res_partner.py
    _name = "res.partner"
    _inherit = ["res.partner"]

    invoice_mail_count = fields.Integer(
        string="Mails", compute="_compute_invoice_mail_count", groups=READERS
    )

    @api.depends_context("allowed_company_ids")
    def _compute_invoice_mail_count(self):
        customers = self.commercial_partner_id
        counts = dict(
            self.env["invoice.mail"]._read_group(
                [("partner_id", "in", customers.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.invoice_mail_count = counts.get(partner.commercial_partner_id, 0)

    def action_open_invoice_mails(self):
        """Open the mails with invoices that this customer got.

        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "invoice_send_client.invoice_mail_action"
        )
        customer = self.commercial_partner_id
        return {**action, "domain": [("partner_id", "=", customer.id)]}
