from odoo import api, models


class AccountMoveSendBatchWizardLine(models.TransientModel):
    """Says in a row of the review window what its mail waits for (B29)."""

    # one row, several concerns in files of their own
    _name = "account.move.send.batch.wizard.line"
    _inherit = ["account.move.send.batch.wizard.line"]

    @api.depends("sending_methods", "extra_edis", "blocked", "warning")
    def _compute_remark(self):
        # EXTENDS 'invoice_send_client'
        result = super()._compute_remark()
        Send = self.env["account.move.send"]
        for line in self:
            methods, extra_edis = line.sending_methods or [], line.extra_edis or []
            hint = Send._describe_edi_wait(line.move_id, methods, extra_edis)
            # what was refused stands among the warnings
            if hint and not line.blocked and hint not in (line.warning or ""):
                line.remark = f"{line.remark} {hint}"
        return result
