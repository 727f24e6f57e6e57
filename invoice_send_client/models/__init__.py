from . import (
    account_move,
    account_move_confirm,
    account_move_send,
    account_move_send_letter,
    account_move_send_review,
    invoice_delivery,
    invoice_delivery_event,
    invoice_send_request,
    invoice_send_run,
    invoice_send_run_line,
    invoice_send_template,
    invoice_send_template_form,
    ir_mail_server,
    mail_mail,
    mail_template,
    res_company,
    res_config_settings,
    res_partner,
)

# after the models that they extend
from . import (
    account_move_edi_answer,
    account_move_send_edi,
    invoice_delivery_edi,
    invoice_send_run_edi,
    invoice_send_run_line_edi,
)
