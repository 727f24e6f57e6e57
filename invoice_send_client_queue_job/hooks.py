from odoo.addons.invoice_send_client.hooks import forget_foreign_keys


def uninstall_hook(env):
    """Delete our jobs: with one whose model is gone the list of jobs does not open.

    Their documents wait on; the scheduled action sends them, as without the queue.

    :param odoo.api.Environment env: of the superuser
    """
    ours = [("model_name", "=", "invoice.send.run.line")]
    env["queue.job"].search(ours).unlink()
    forget_foreign_keys(env, "invoice_send_client_queue_job")
