from . import account_move
from . import invoice_delivery
from . import payment_transaction
