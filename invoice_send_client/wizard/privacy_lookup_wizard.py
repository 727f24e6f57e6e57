from odoo import models
from odoo.exceptions import UserError


class PrivacyLookupWizard(models.TransientModel):
    """Odoo's Privacy Lookup finds what was sent to a person (B20)."""

    _inherit = "privacy.lookup.wizard"

    def _get_query_models_blacklist(self):
        # EXTENDS 'privacy_lookup'
        # events go with their delivery; the wish not to be followed has to be kept
        return [
            *super()._get_query_models_blacklist(),
            "invoice.delivery.event",
            "invoice.delivery.opt.out",
        ]


class PrivacyLookupWizardLine(models.TransientModel):
    """Deleting takes back what was recorded, and leaves what was sent (B20)."""

    _inherit = "privacy.lookup.wizard.line"

    def action_unlink(self):
        # EXTENDS 'privacy_lookup'
        self.ensure_one()
        if self.res_model != "invoice.delivery" or self.is_unlinked:
            return super().action_unlink()
        # sudo: as natively, whoever may look persons up may erase what is found
        delivery = self.env["invoice.delivery"].sudo().browse(self.res_id).exists()
        if not delivery:
            raise UserError(self.env._("The record does not exist any more."))
        delivery._erase_tracking_by_user()
        self.execution_details = self.env._(
            "Erased tracking data of %(model)s #%(id)s",
            model=self.res_model_id.name,
            id=self.res_id,
        )
        self.is_unlinked = True
        return None
