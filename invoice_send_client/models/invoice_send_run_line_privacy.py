from odoo import models


class InvoiceSendRunLine(models.Model):
    """A letter to a client that is not followed has no picture (B20, D2)."""

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    def _is_tracked(self, recipients=None):
        """:return: whether the client of these lines is followed

        :param recipients: ``invoice.delivery`` of one mail: none of them opted out;
            not asked where there are none yet
        :rtype: bool
        """
        move = self[:1].move_id
        settings = self.env["res.company"]._get_invoice_client_settings(
            move.company_id.id
        )
        # sudo: the customer's wish counts for whoever sends
        customer = move.commercial_partner_id.sudo()
        if not settings.is_tracked or customer.invoice_no_tracking:
            return False
        return not (recipients and any(recipients.mapped("is_opted_out")))

    def _prepare_privacy_values(self, is_tracked):
        """:return: what the frame of the mail has to know, for its template

        :param bool is_tracked: of :meth:`_is_tracked`
        """
        first = self[:1]
        settings = self.env["res.company"]._get_invoice_client_settings(
            first.move_id.company_id.id
        )
        return {
            "is_tracked": is_tracked,
            # a client that gets the file and is not followed needs no link (D2)
            "has_link": is_tracked or first.document_mode == "link",
            "has_picture": is_tracked and settings.has_picture,
        }
