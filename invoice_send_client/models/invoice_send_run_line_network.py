from odoo import models


class InvoiceSendRunLine(models.Model):
    """Who gets the documents of these lines inside the system (R9)."""

    # one model, several concerns: the record itself stands in invoice_send_run_line.py
    _name = "invoice.send.run.line"
    _inherit = ["invoice.send.run.line"]

    def _prepare_network_deliveries(self):
        """:return: values of the deliveries inside the system, for all lines at once

        :rtype: list[dict]
        """
        lines = self.filtered(lambda x: "network" in (x.sending_methods or []))
        if not lines:
            return []
        lines._withdraw_network()
        found = self.env["account.move.send"]._get_network_recipients(lines.move_id)
        return [
            {
                **line._prepare_common_delivery_values(),
                "sending_method": "network",
                "role": "to",
                **recipient,
            }
            for line in lines
            for recipient in found[line.move_id.id]
        ]

    def _withdraw_network(self):
        """Cancel what still waits from an earlier sending: this one takes its place."""
        self.env["invoice.delivery"].search(
            [
                ("sending_method", "=", "network"),
                ("move_id", "in", self.move_id.ids),
                ("state", "=", "outgoing"),
            ]
        )._set_replaced(self.run_id)
