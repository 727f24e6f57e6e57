from odoo import models


class AccountMoveSendWizard(models.TransientModel):
    """Says where the choice of link or file is made that a client is not followed."""

    # one window, several concerns: the rest stands in account_move_send_wizard.py
    _name = "account.move.send.wizard"
    _inherit = ["account.move.send.wizard"]

    def _is_client_tracked(self):
        """:return: whether what this document's client does would be recorded"""
        line = self._make_preview_line(self.move_id)
        return line._is_tracked()

    def _get_untracked_hint(self):
        """:return: what link and file mean for a client that is not followed"""
        if self.document_mode == "link":
            return self.env._(
                "The mail carries a plain link. This client is not tracked: you don't "
                "see when it is opened."
            )
        return self.env._(
            "The mail carries the file and no link: this client is not tracked."
        )
