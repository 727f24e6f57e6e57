from odoo import api, models


class AccountMoveSendBatchWizardLine(models.TransientModel):
    """Says in a row of the review window that its mail waits for the e-invoice (B29)."""

    # one row, several concerns in files of their own
    _name = "account.move.send.batch.wizard.line"
    _inherit = ["account.move.send.batch.wizard.line"]

    @api.depends("sending_methods", "extra_edis", "blocked")
    def _compute_remark(self):
        # EXTENDS 'invoice_send_client'
        result = super()._compute_remark()
        Send = self.env["account.move.send"]
        for line in self:
            if not line.blocked and (hint := Send._get_row_edi_hint(line)):
                line.remark = f"{line.remark} {hint}"
        return result
