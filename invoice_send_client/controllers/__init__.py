from . import invoice_delivery, invoice_mail, public_url
