from . import account_move_send_batch_wizard
from . import account_move_send_batch_wizard_line
from . import account_move_send_wizard
from . import account_move_send_wizard_letter
from . import account_move_send_wizard_recipients
from . import account_move_send_wizard_row
from . import invoice_delivery_correct_address
from . import invoice_send_run
