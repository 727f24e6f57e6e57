from odoo import models


class IrHttp(models.AbstractModel):
    """What a page knows of the user's sendings as it is loaded."""

    _inherit = "ir.http"

    def session_info(self):
        # EXTENDS 'web'
        info = super().session_info()
        if self.env.user._is_internal():
            # the tray needs no call of its own when a page is loaded
            run = self.env["invoice.send.run"]
            info["invoice_send_messages"] = run._get_tray_values()
        return info
