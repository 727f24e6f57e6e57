from odoo import fields, models


class InvoiceDelivery(models.Model):
    """The way from a recipient to the mails that left for it."""

    # one model, several concerns: the rest stands in invoice_delivery.py
    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    invoice_mail_ids = fields.Many2many(
        "invoice.mail",
        "invoice_mail_delivery_rel",
        string="Mails",
        readonly=True,
        help="What was sent, word by word; sent again, there are several.",
    )

    def action_open_mails(self):
        """Open the mail that left for this recipient, or the list of several.

        :rtype: dict
        """
        self.ensure_one()
        mails = self.invoice_mail_ids
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "invoice_send_client.invoice_mail_action"
        )
        if len(mails) == 1:
            return {**action, "res_id": mails.id, "views": [(False, "form")]}
        return {**action, "domain": [("id", "in", mails.ids)]}
