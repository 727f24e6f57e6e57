from . import (
    test_account_move,
    test_account_move_send_wizard,
    test_addresses,
    test_invoice_delivery,
    test_invoice_send_run,
    test_client_page,
    test_links,
    test_security,
    test_settings,
    test_verdict,
)
