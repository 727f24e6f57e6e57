from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools import sql as schema

from .const import PUBLIC_URL_PARAMETER

#: What documents keep of their sending, and its type in the database. Nothing was sent
#: before this addon was there, so all of it is empty.
MOVE_COLUMNS = {
    "invoice_delivery_state": "varchar",
    "invoice_delivery_problem": "bool",
    "invoice_delivery_recipients": "varchar",
    "invoice_network_recipients": "varchar",
    "invoice_sent_datetime": "timestamp",
    "invoice_view_datetime": "timestamp",
}


def pre_init_hook(env):
    """Create empty columns before Odoo does, which would compute each of them for all
    entries of the database, and write every row.

    :param odoo.api.Environment env: of the superuser
    """
    for name, column_type in MOVE_COLUMNS.items():
        if not schema.column_exists(env.cr, "account_move", name):
            schema.create_column(env.cr, "account_move", name, column_type)


def uninstall_hook(env):
    """Take away what Odoo's own uninstallation leaves.

    It removes what has an external id of ours, with tables and columns. What people and
    code made is left: values that no screen knows any more, the confirmed address,
    filters, exports and files of records that are gone. What users wrote stays: letters
    of their own become plain e-mail templates, activities To-Dos.

    :param odoo.api.Environment env: of the superuser
    """
    forget_foreign_keys(env, "invoice_send_client")
    _forget_network(env)
    names = [
        name
        for name, model in env.registry.items()
        if model._original_module == "invoice_send_client"
    ]
    parameters = env["ir.config_parameter"]
    parameters.search([("key", "=", PUBLIC_URL_PARAMETER)]).unlink()
    filters = env["ir.filters"].with_context(active_test=False)
    filters.search([("model_id", "in", names)]).unlink()
    env["ir.exports"].search([("resource", "in", names)]).unlink()
    # copies for sendings that wait, and now never leave: nobody wrote them
    letters = env["mail.template"].with_context(active_test=False)
    letters.search([("is_kept_letter", "=", True)]).unlink()
    _delete_files(env, names)


def forget_foreign_keys(env, module):
    """Take foreign keys off Odoo's list, which gives them no external id.

    Those of tables that stay would stand there for good.

    :param odoo.api.Environment env: of the superuser
    :param str module: the addon that is uninstalled
    """
    ours = [("module.name", "=", module), ("type", "=", "f")]
    env["ir.model.constraint"].search(ours).unlink()


def _forget_network(env):
    """Leave no customer, and no default, with a way of sending that is gone.

    Odoo does it for the companies of the superuser alone, and not for defaults.
    """
    env["ir.default"].discard_values(
        "res.partner", "invoice_sending_method", ["network"]
    )
    # SQL: one statement for all companies, which the ORM asks one after the other
    env["res.partner"].flush_model(["invoice_sending_method"])
    env.cr.execute(
        SQL(
            """
            UPDATE res_partner
               SET invoice_sending_method = (
                       SELECT jsonb_object_agg(key, value)
                         FROM jsonb_each(invoice_sending_method)
                        WHERE value != %(network)s
                   )
             WHERE jsonb_path_exists(
                       invoice_sending_method, '$.* ? (@ == "network")'
                   )
            """,
            network='"network"',
        )
    )
    env["res.partner"].invalidate_model(["invoice_sending_method"])


def _delete_files(env, names):
    """Delete the files of our records, less those that the chatter shows.

    :param list names: our models
    """
    # "id" in the domain: Odoo would leave out the files of fields
    ours = Domain("res_model", "in", names) & Domain("id", "!=", False)
    files = env["ir.attachment"].search(ours)
    shown = env["mail.message"].search([("attachment_ids", "in", files.ids)])
    (files - shown.attachment_ids).unlink()
