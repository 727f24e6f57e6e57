from . import invoice_delivery, invoice_mail, invoice_send_run, public_url
