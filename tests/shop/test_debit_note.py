"""A debit note goes to the client like any document (R27)."""

DEBIT_NOTE = """
partner = env["res.partner"].create({"name": "Alfa", "email": "ana@alfa.example"})
invoice = env["account.move"].create(
    {
        "move_type": "out_invoice",
        "partner_id": partner.id,
        "invoice_line_ids": [(0, 0, {"name": "Lamp", "price_unit": 10.0})],
    }
)
invoice.action_post()
window = env["account.debit.note"].with_context(
    active_model="account.move", active_ids=invoice.ids
)
action = window.create({"copy_lines": True, "reason": "Short"}).create_debit()
note = env["account.move"].browse(action["res_id"])
assert note.debit_origin_id == invoice
note.action_post()
assert note.display_send_button
action = note.action_open_send_window()
wizard = env[action["res_model"]].with_context(**action["context"]).create({})
assert wizard.email_to == "Alfa <ana@alfa.example>", wizard.email_to
assert note.name in wizard.subject, wizard.subject
letter = env.ref("invoice_send_client.mail_template_en_invoice")
assert wizard.template_id == letter, wizard.template_id
wizard.scheduled_datetime = "2050-01-01 08:00:00"
wizard.action_send_and_print()
assert note.invoice_delivery_ids.email == "ana@alfa.example"
assert note.invoice_delivery_state == "outgoing"
assert not invoice.invoice_delivery_ids
"""


def test_debit_note_is_sent_by_the_same_window_with_the_letter_of_invoices(shop):
    shop.shell(DEBIT_NOTE)
