from odoo import models
from odoo.exceptions import UserError


class InvoiceSendRun(models.Model):
    """Undo: what was sent comes back into the window it was sent from (B18)."""

    _inherit = "invoice.send.run"

    def action_undo(self):
        """Withdraw these runs before anything of them left, and open their window.

        What waited from earlier sendings, and made room for these, waits again.

        :return: the review window with everything as it was
        :rtype: dict
        :raise UserError: where something has left, or somebody else has sent it
        """
        runs = self._check_sender()
        if runs.user_id != self.env.user:
            raise UserError(self.env._("This sending belongs to another user."))
        if runs._get_waiting_deliveries() != runs.delivery_ids or any(
            line.state != "waiting" for line in runs.line_ids
        ):
            raise UserError(
                self.env._(
                    "It is too late to undo: the first documents have left. What still "
                    "waits can be cancelled under “My messages”."
                )
            )
        runs.action_cancel_waiting()
        runs._bring_back_replaced()
        # the newest first: a press of Send writes several runs, one a company
        window = self.env["account.move.send.batch.wizard"].search(
            [("run_id", "in", self.ids)], limit=1
        )
        if not window:
            return {"type": "ir.actions.client", "tag": "soft_reload"}
        window._take_back(runs)
        return window._get_window_action()

    def _bring_back_replaced(self):
        """Let go on what these runs took the place of; they are withdrawn."""
        replaced = self.env["invoice.delivery"].search(
            [("replaced_by_run_id", "in", self.ids), ("state", "=", "cancel")]
        )
        if back := replaced._set_back():
            # the cron finds out when the first of them is due
            self._trigger_cron()
            for run in back.run_id:
                run._tell_progress()
