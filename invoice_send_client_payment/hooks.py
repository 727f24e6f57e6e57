from odoo.addons.invoice_send_client.hooks import forget_foreign_keys


def uninstall_hook(env):
    """Take away what Odoo's own uninstallation leaves.

    :param odoo.api.Environment env: of the superuser
    """
    forget_foreign_keys(env, "invoice_send_client_payment")
