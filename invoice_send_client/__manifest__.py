{
    "name": "Invoice Send Client",
    "summary": "Send invoices to clients and know what became of each",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "Invoice Send Client contributors, Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/account-invoicing",
    "license": "LGPL-3",
    "depends": ["account"],
    "data": [
        "security/invoice_delivery_security.xml",
        "security/ir.model.access.csv",
        "data/mail_layout.xml",
        "views/client_page_templates.xml",
        "views/invoice_delivery_views.xml",
        "views/invoice_send_run_views.xml",
        "views/account_move_views.xml",
        "views/res_config_settings_views.xml",
        "wizard/account_move_send_wizard_views.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "invoice_send_client/static/src/components/**/*",
        ],
    },
    "installable": True,
}
