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

    @api.depends("sending_methods", "extra_edis", "move_id")
    def _compute_edi_wait_hint(self):
        for wizard in self:
            is_mailed = "email" in (wizard.sending_methods or [])
            is_wanted = wizard.company_id.invoice_wait_for_edi and is_mailed
            wizard.edi_wait_hint = is_wanted and wizard._describe_edi_wait()

    def _describe_edi_wait(self):
        """:return: what the mail waits for, in words; empty where no e-invoice applies

        :rtype: str
        """
        methods = self.sending_methods or []
        answer = self.move_id._get_invoice_edi_answer(methods)
        names = self.move_id._get_invoice_edi_names(methods, self.extra_edis or [])
        if answer.state == "refused" and answer.name not in names:
            return self.env._(
                "%(name)s refused this invoice, so the mail would not leave: %(words)s",
                name=answer.name,
                words=answer.words,
            )
        if answer.state == "waiting" and answer.name not in names:
            names.append(answer.name)
        if names:
            return self.env._(
                "The mail leaves once %s has accepted the invoice.", ", ".join(names)
            )
        if answer.files:
            return self.env._(
                "%s has accepted the invoice: its answer is attached.", answer.name
            )
        return ""

    def _get_sending_settings(self):
        # EXTENDS 'account'
        settings = super()._get_sending_settings()
        if "email" in settings["sending_methods"]:
            settings["waits_for_edi"] = self.waits_for_edi
        return settings
