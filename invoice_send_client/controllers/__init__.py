from . import (
    client_page,
    early,
    help,
    invoice_answer,
    invoice_delivery,
    invoice_mail,
    invoice_portal,
    invoice_send_run,
    public_url,
)
