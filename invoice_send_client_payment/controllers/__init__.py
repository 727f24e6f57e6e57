from . import invoice_pay
