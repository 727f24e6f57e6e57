from . import invoice_delivery, public_url
