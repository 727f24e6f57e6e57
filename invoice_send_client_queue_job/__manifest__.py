{
    "name": "Invoice Send Client: Job Queue",
    "summary": "Documents are sent by the job queue, on as many machines as it has",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "Invoice Send Client contributors, Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/account-invoicing",
    "license": "LGPL-3",
    "images": ["static/description/my_messages.png"],
    "depends": ["invoice_send_client", "queue_job"],
    "data": ["data/queue_job_function.xml"],
    "auto_install": True,
    "installable": True,
}
