from . import account_move_send_wizard
from . import invoice_delivery_correct_address
