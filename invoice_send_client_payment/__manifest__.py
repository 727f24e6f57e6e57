{
    "name": "Invoice Send Client: Payment",
    "summary": "Clients pay from their page and come back to it, never to the portal",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "Invoice Send Client contributors, Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/account-invoicing",
    "license": "LGPL-3",
    "depends": ["invoice_send_client", "account_payment"],
    "data": ["views/client_page_templates.xml", "views/pay_page_templates.xml"],
    "auto_install": True,
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
