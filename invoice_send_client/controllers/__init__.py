from . import invoice_delivery
