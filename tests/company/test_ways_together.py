"""Odoo's own ways of sending, each as it is natively, with all of them together."""

import pytest

from tests.helpers.romanian_seller import E_FACTURA, PEPPOL_SEND
from tests.shop.test_paid_online import ORDER

WINDOW = "account.move.send.wizard"

#: An order of the till whose customer wants an invoice, as its screen makes it.
TILL = """
env = env(user=env.ref("base.user_admin").id)
user = env["res.users"].search([("login", "=", "ana")])
user.group_ids |= env.ref("point_of_sale.group_pos_user")
journal = env["account.journal"].search([("type", "=", "cash")], limit=1)
method = env["pos.payment.method"].create({"name": "Cash", "journal_id": journal.id})
config = env["pos.config"].create(
    {"name": "Till", "payment_method_ids": [(6, 0, method.ids)]}
)
config.open_ui()
partner = env["res.partner"].browse(PARTNER)
product = env["product.product"].create(
    {"name": "Lamp", "list_price": 10.0, "available_in_pos": True, "taxes_id": TAXES}
)
taxes = product.taxes_id.compute_all(10.0, config.currency_id, 1, product, partner)
total, untaxed = taxes["total_included"], taxes["total_excluded"]
line = {
    "product_id": product.id,
    "qty": 1,
    "price_unit": 10.0,
    "price_subtotal": untaxed,
    "price_subtotal_incl": total,
    "tax_ids": [(6, 0, product.taxes_id.ids)],
}
order = env["pos.order"].create(
    {
        "session_id": config.current_session_id.id,
        "partner_id": partner.id,
        "lines": [(0, 0, line)],
        "amount_tax": total - untaxed,
        "amount_total": total,
        "amount_paid": 0.0,
        "amount_return": 0.0,
        "to_invoice": True,
    }
)
order.add_payment(
    {"pos_order_id": order.id, "amount": total, "payment_method_id": method.id}
)
order.action_pos_order_paid()
order.with_user(user).action_pos_order_invoice()
env.cr.commit()
"""

SALE = """
partner = env["res.partner"].browse(PARTNER)
product = env["product.product"].create(
    {"name": "Lamp", "list_price": 10.0, "invoice_policy": "order", "taxes_id": TAXES}
)
line = {"product_id": product.id, "product_uom_qty": 1}
order = env["sale.order"].create(
    {"partner_id": partner.id, "order_line": [(0, 0, line)]}
)
order.action_confirm()
order._create_invoices(final=True).action_post()
env.cr.commit()
"""


@pytest.fixture
def address(romanian) -> str:
    """An address of this test alone."""
    return romanian.address("client")


@pytest.fixture
def customer_id(romanian, address) -> int:
    """A customer in Bucharest, whom e-Factura applies to, and post as well."""
    move_id = romanian.romanian_invoice(address)
    move = romanian.user.fetch("account.move", move_id, "partner_id")
    return move["partner_id"][0]


def run_script(seller, script: str, partner_id: int) -> int:
    """Let another app make an invoice for a customer; return the newest one."""
    name = "account_sale_tax_id"
    company = seller.admin.fetch("res.company", seller.company_id, name)
    taxes = [(6, 0, company[name][:1])]
    seller.server.shell(f"PARTNER, TAXES = {partner_id}, {taxes}\n{script}")
    domain = [("partner_id", "=", partner_id), ("move_type", "=", "out_invoice")]
    return seller.admin.search("account.move", domain, "id")[-1]["id"]


def ticked(seller, move_id: int) -> dict[str, bool]:
    """Open the window as it comes, and read which boxes there are."""
    context = {"active_model": "account.move", "active_ids": [move_id]}
    window_id = seller.user.make(WINDOW, {}, **context)
    names = ("sending_method_checkboxes", "extra_edi_checkboxes")
    window = seller.user.fetch(WINDOW, window_id, *names)
    boxes = {**window[names[0]], **(window[names[1]] or {})}
    return {name: bool(box.get("checked")) for name, box in boxes.items()}


def test_window_has_every_way_with_its_own_default(romanian, internet, address):
    """E-mail by ours; e-Factura and Peppol by their apps; post costs money (R8)."""
    at_home = romanian.romanian_invoice(address, invoice_sending_method=False)
    abroad = romanian.belgian_invoice(address, invoice_sending_method=False)
    internet.asked.clear()
    expected = {"email": True, "network": False, "snailmail": False, "ro_edi": True}
    assert ticked(romanian, at_home) == {**expected, "peppol": False}
    assert ticked(romanian, abroad) == {**expected, "peppol": True}
    assert internet.asked == []


def test_all_ways_at_once(romanian, sink, internet, address):
    """One press of Send: tax office, Peppol, post and the mail, each once (R7)."""
    move_id = romanian.belgian_invoice(address)
    boxes = {"ro_edi": {"checked": False}}
    methods = ["email", "peppol", "snailmail"]
    internet.asked.clear()
    romanian.send(move_id, sending_methods=methods, extra_edi_checkboxes=boxes)
    assert len(internet.asked_for(PEPPOL_SEND)) == 1
    letters = romanian.admin.search(
        "snailmail.letter", [("res_id", "=", move_id)], "state"
    )
    assert [letter["state"] for letter in letters] == ["pending"]
    assert romanian.delivery(move_id)["state"] == "sent"
    assert len(sink.mails_to(address)) == 1


def test_e_factura_goes_first_and_the_mail_after_it(romanian, sink, internet, address):
    """As with e-Factura alone."""
    move_id = romanian.romanian_invoice(address)
    internet.asked.clear()
    romanian.send(move_id, document_mode="attachment")
    assert len(internet.asked_for(E_FACTURA)) == 1
    files = sorted(name.rpartition(".")[2] for name in sink.mail_to(address).files)
    assert files == ["pdf", "xml"]
    assert romanian.delivery(move_id)["state"] == "sent"


def test_invoice_of_the_till_leaves_once_and_is_followed(
    romanian, sink, address, customer_id
):
    """The till sends by itself; its mail is a delivery like any other (B28)."""
    move_id = run_script(romanian, TILL, customer_id)
    assert len(sink.mails_to(address)) == 1
    delivery = romanian.delivery(move_id)
    assert (delivery["state"], delivery["email"]) == ("sent", address)
    run = romanian.admin.fetch("invoice.send.run", delivery["run_id"][0], "user_id")
    assert run["user_id"][1] == "Ana Pop"


def test_invoice_of_an_order_is_sent_by_the_window(
    romanian, sink, address, customer_id
):
    """The sales app's invoices are invoices."""
    move_id = run_script(romanian, SALE, customer_id)
    romanian.send(move_id)
    assert len(sink.mails_to(address)) == 1
    assert romanian.delivery(move_id)["state"] == "sent"


@pytest.mark.parametrize(("automatic", "count"), [("True", 0), ("False", 1)])
def test_invoice_of_a_paid_order_leaves_once(romanian, automatic, count):
    """What the sales app sends once it is paid is not sent by itself beside it."""
    romanian.server.shell(f"AUTOMATIC, COUNT = {automatic!r}, {count}\n{ORDER}")
