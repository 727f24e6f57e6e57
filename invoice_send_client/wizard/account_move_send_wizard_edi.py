from odoo import api, fields, models


class AccountMoveSendWizard(models.TransientModel):
    """Says in the send window that the mail waits for the e-invoice (B29)."""

    # one window, several concerns in files of their own
    _name = "account.move.send.wizard"
    _inherit = ["account.move.send.wizard"]

    waits_for_edi = fields.Boolean(
        string="Wait for the e-invoice",
        compute="_compute_waits_for_edi",
        store=True,
        readonly=False,
        help="Untick it to mail this invoice at once, whatever is answered.",
    )
    edi_wait_hint = fields.Char(compute="_compute_edi_wait_hint")

    @api.depends("company_id")
    def _compute_waits_for_edi(self):
        for wizard in self:
            wizard.waits_for_edi = wizard.company_id.invoice_wait_for_edi

    @api.depends("sending_methods", "extra_edis", "move_id", "waits_for_edi")
    def _compute_edi_wait_hint(self):
        for wizard in self:
            hint = self._describe_edi_wait(
                wizard.move_id, wizard.sending_methods or [], wizard.extra_edis or []
            )
            if hint and not wizard.waits_for_edi:
                hint = self.env._("The mail leaves at once, whatever the answer is.")
            wizard.edi_wait_hint = hint

    def _get_sending_settings(self):
        # EXTENDS 'account'
        settings = super()._get_sending_settings()
        if "email" in settings["sending_methods"]:
            settings["waits_for_edi"] = self.waits_for_edi
        return settings
