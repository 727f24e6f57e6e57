from odoo import models
from odoo.tools import format_datetime


class InvoiceSendRun(models.Model):
    """A run as a table, to be kept or worked through outside Odoo."""

    # one model, several concerns: the record itself stands in invoice_send_run.py
    _name = "invoice.send.run"
    _inherit = ["invoice.send.run"]

    def _get_export_columns(self):
        """:return: headers of the table, in the language of the user"""
        return [
            self.env._("Document"),
            self.env._("Customer"),
            self.env._("Amount"),
            self.env._("Currency"),
            self.env._("Recipient"),
            self.env._("Role"),
            self.env._("Method"),
            self.env._("State"),
            self.env._("Sent on"),
            self.env._("Viewed on"),
            self.env._("Failure"),
            self.env._("The server's words"),
            self.env._("What to do"),
            self.env._("Other ways"),
        ]

    def _get_export_rows(self):
        """Give the table: what was not sent first, what was left out at its end.

        :return: a list of values for each recipient, for each document without one,
            and for each document that was left out
        :rtype: list[list]
        """
        self.ensure_one()
        # sudo: who may read a run may read what it says of its documents
        run = self.sudo()
        bare = run.line_ids.filtered(lambda line: not line.delivery_ids)
        ranks = {"error": 0, "bounce": 0, "outgoing": 1, "cancel": 3}
        deliveries = run.delivery_ids.sorted(lambda d: (ranks.get(d.state, 2), d.id))
        labels = run._get_export_labels()
        labels["ways"] = self.env["account.move.send"]._get_method_labels()
        return [
            *(run._get_export_delivery(delivery, labels) for delivery in deliveries),
            *(run._get_export_line(line, labels) for line in bare),
            *(run._get_export_skipped(*pair) for pair in run.skipped or []),
        ]

    def _get_export_labels(self):
        """:return: labels of the selections of ``invoice.delivery``, by field"""
        delivery_fields = self.env["invoice.delivery"]._fields
        names = ("role", "sending_method", "state", "failure_type")
        return {
            name: dict(delivery_fields[name]._description_selection(self.env))
            for name in names
        }

    def _get_export_document(self, move):
        """:return: the cells of a document"""
        return [
            move.name or "",
            move.commercial_partner_id.display_name or "",
            move.amount_total,
            move.currency_id.name,
        ]

    def _get_export_delivery(self, delivery, labels):
        return [
            *self._get_export_document(delivery.move_id),
            delivery.recipient or "",
            labels["role"][delivery.role],
            labels["sending_method"][delivery.sending_method],
            labels["state"][delivery.state],
            self._export_time(delivery.sent_datetime),
            self._export_time(delivery.view_datetime),
            labels["failure_type"].get(delivery.failure_type, ""),
            delivery.failure_reason or "",
            delivery.advice,
            delivery.other_ways or "",
        ]

    def _get_export_line(self, line, labels):
        """:return: the row of a document that goes by other ways than mail"""
        outcomes = {
            "waiting": self.env._("Waiting"),
            "failed": self.env._("Not sent"),
            "skipped": self.env._("Left out"),
            "sent": self.env._("Handed over"),
        }
        return [
            *self._get_export_document(line.move_id),
            "",
            "",
            ", ".join(labels["ways"].get(m, m) for m in line.sending_methods or []),
            outcomes[line._get_outcome()],
            "",
            "",
            labels["failure_type"].get(line.failure_type, ""),
            line.failure_reason or self._describe_nobody(line),
            line.advice,
            line.other_ways,
        ]

    def _describe_nobody(self, line):
        """:return: that a document was sent to nobody; empty where it was"""
        if not line.goes_to_nobody or line.state != "written":
            return ""
        return self.env._("Went to nobody: only the PDF was made.")

    def _get_export_skipped(self, document, reason):
        """:return: the row of a document that was left out at Send"""
        return [
            document,
            "",
            "",
            "",
            "",
            "",
            "",
            self.env._("Left out"),
            "",
            "",
            "",
            reason,
            "",
            "",
        ]

    def _export_time(self, moment):
        """:return: a moment in the user's time zone, as words: a table has no zone"""
        return format_datetime(self.env, moment) if moment else ""
