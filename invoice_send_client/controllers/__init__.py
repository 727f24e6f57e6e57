from . import invoice_delivery, invoice_send_run, public_url
