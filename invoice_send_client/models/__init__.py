from . import (
    account_move,
    account_move_send,
    account_move_send_review,
    invoice_delivery,
    invoice_delivery_event,
    invoice_send_run,
    invoice_send_run_line,
    ir_mail_server,
    mail_mail,
    res_company,
    res_config_settings,
)
