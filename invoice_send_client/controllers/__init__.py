from . import (
    client_page,
    early,
    invoice_answer,
    invoice_delivery,
    invoice_help,
    invoice_mail,
    invoice_portal,
    invoice_send_run,
    public_url,
)
