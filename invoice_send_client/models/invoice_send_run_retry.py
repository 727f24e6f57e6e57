from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import DELIVERY_PROBLEMS
from ..tools import addresses

#: States in which a delivery did not bring the document, nor will by itself.
NOT_BROUGHT = (*DELIVERY_PROBLEMS, "cancel")

#: Finds the runs in which ``_find_retryable`` finds something.
RETRYABLE = """
    SELECT d.run_id
      FROM invoice_delivery AS d
      JOIN account_move AS move ON move.id = d.move_id
     WHERE d.run_id IN %(runs)s AND d.state IN %(problems)s
       AND d.is_current AND move.state = 'posted' AND NOT EXISTS (
           SELECT FROM invoice_delivery AS later
            WHERE later.move_id = d.move_id AND later.id > d.id
              AND later.is_current AND later.state NOT IN %(not_brought)s
              AND later.sending_method = d.sending_method
              AND (lower(later.email), later.portal_user_id,
                   later.receiving_company_id) IS NOT DISTINCT FROM
                  (lower(d.email), d.portal_user_id, d.receiving_company_id))
     UNION
    SELECT line.run_id
      FROM invoice_send_run_line AS line
      JOIN account_move AS move ON move.id = line.move_id
     WHERE line.run_id IN %(runs)s AND line.state = 'failed'
       AND move.state = 'posted'
       AND NOT EXISTS (SELECT FROM invoice_delivery WHERE line_id = line.id)
       AND NOT EXISTS (
           SELECT FROM invoice_send_run_line AS later
            WHERE later.move_id = line.move_id AND later.id > line.id)
"""


class InvoiceSendRun(models.Model):
    """What of a run is sent again by "Retry the failed" (B4).

    What failed of documents that are still posted, but for what a later sending has
    brought since: nobody gets the same twice because an old run is opened.
    """

    # one model, several concerns: the record itself stands in invoice_send_run.py
    _name = "invoice.send.run"
    _inherit = ["invoice.send.run"]

    can_retry = fields.Boolean(
        compute="_compute_can_retry",
        help="Something failed that the user can send again from here.",
    )

    @api.depends("delivery_ids.state", "line_ids.state")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_can_retry(self):
        offered = self._find_retryable_ids() & self._find_writable_ids()
        for run in self:
            run.can_retry = run.id in offered

    def _find_retryable_ids(self):
        """Tell which of these runs have something to send again, in one query.

        :return: their ids
        :rtype: set[int]
        """
        if not self.ids:
            return set()
        flushed = {
            "invoice.delivery": ["state", "is_current", "email"],
            "invoice.send.run.line": ["state"],
            "account.move": ["state"],
        }
        for model, names in flushed.items():
            self.env[model].flush_model(names)
        query = SQL(
            RETRYABLE,
            runs=tuple(self.ids),
            problems=DELIVERY_PROBLEMS,
            not_brought=NOT_BROUGHT,
        )
        self.env.cr.execute(query)
        return {run_id for (run_id,) in self.env.cr.fetchall()}

    def _find_retryable(self):
        """Find what can be sent again.

        :return: recipients, documents that have none, and the recipients whom a later
            sending has reached or is to reach
        :rtype: tuple[invoice.delivery, invoice.send.run.line, invoice.delivery]
        """
        failed = self.delivery_ids.filtered(
            lambda d: d.state in DELIVERY_PROBLEMS and d._has_open_document()
        )
        lines = self.line_ids.filtered(
            lambda line: line.state == "failed"
            and not line.delivery_ids
            and line.move_id.state == "posted"
        )
        last_lines = lines.move_id._get_last_send_line_ids()
        lines = lines.filtered(lambda line: last_lines[line.move_id.id] == line.id)
        overtaken = failed._find_overtaken()
        return failed - overtaken, lines, overtaken

    def action_retry_failed(self):
        """Send again whatever of the run the client did not get.

        :return: who was left out, nothing where nobody was
        :rtype: dict | None
        :raise UserError: where nothing can be sent again
        """
        self.check_access("read")
        # sudo: what failed; whether the user may send it is asked for each document
        failed, lines, overtaken = self.sudo()._find_retryable()
        if not failed and not lines:
            raise UserError(self._describe_nothing_to_retry(overtaken))
        lines.move_id.sudo(False).check_access("write")
        lines._set_retry()
        if failed:
            failed.sudo(False).action_retry()  # which starts the run
        else:
            lines.run_id._start()
        # sudo: runs have no writer but the sending; who asked for it is told the end
        self.sudo().is_result_due = True
        return self._tell_overtaken(overtaken)

    def _describe_nothing_to_retry(self, overtaken):
        """:return: why nothing is sent again, in words

        :param overtaken: the recipients whom a later sending has reached
        """
        if overtaken:
            return self._describe_overtaken(overtaken)
        if any(run.failed_count for run in self):
            return self.env._(
                "What failed here can't be sent again: the documents were reset to "
                "draft or sent again since. Send them anew."
            )
        return self.env._("Nothing failed in this sending.")

    def _describe_overtaken(self, overtaken):
        """:return: how many are left out, and why"""
        return self.env._(
            "Recipients left out: %s. A later sending of the same document has reached "
            "them or is on its way.",
            len(overtaken),
        )

    def _tell_overtaken(self, overtaken):
        """:return: the notification of who was left out; nothing where nobody was"""
        if not overtaken:
            return None
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "message": self._describe_overtaken(overtaken),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


class InvoiceDelivery(models.Model):
    """Which failures a later sending has made good."""

    _name = "invoice.delivery"
    _inherit = ["invoice.delivery"]

    def _find_overtaken(self):
        """Find whom a later sending of the same document has reached, or is to reach.

        :return: those of these deliveries
        :rtype: invoice.delivery
        """
        brought = self.search(
            [
                ("move_id", "in", self.move_id.ids),
                ("is_current", "=", True),
                ("state", "not in", NOT_BROUGHT),
            ],
            order="id desc",
        )
        last = {}
        for delivery in brought:
            last.setdefault(delivery._get_recipient_key(), delivery.id)
        return self.filtered(lambda d: last.get(d._get_recipient_key(), 0) > d.id)

    def _get_recipient_key(self):
        """:return: what the sendings of one document to one recipient have alike"""
        email = self.email or ""
        email = (addresses.to_ascii(email) or email).lower()
        brought_to = self.portal_user_id.id, self.receiving_company_id.id
        return self.move_id.id, self.sending_method, email, *brought_to
