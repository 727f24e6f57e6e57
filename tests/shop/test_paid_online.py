"""What the sales app sends once it is paid is not sent by itself beside it (B28)."""

import pytest

#: An order that is paid online and invoiced, its customer wanting invoices at once.
ORDER = """
env.company.invoice_send_on_confirm = True
partner = env["res.partner"].create({"name": "Alfa", "email": "ana@alfa.example"})
product = env["product.product"].create(
    {"name": "Lamp", "list_price": 10.0, "invoice_policy": "order"}
)
line = {"product_id": product.id, "product_uom_qty": 1}
order = env["sale.order"].create(
    {"partner_id": partner.id, "order_line": [(0, 0, line)]}
)
order.action_confirm()
invoice = order._create_invoices(final=True)
method = env["payment.method"].with_context(active_test=False).search([], limit=1)
provider = env["payment.provider"].create({"name": "Test", "code": "none"})
env["payment.transaction"].create(
    {
        "provider_id": provider.id,
        "payment_method_id": method.id,
        "reference": f"automatic: {AUTOMATIC}",
        "amount": order.amount_total,
        "currency_id": order.currency_id.id,
        "partner_id": partner.id,
        "sale_order_ids": [(6, 0, order.ids)],
        "invoice_ids": [(6, 0, invoice.ids)],
    }
)
parameters = env["ir.config_parameter"]
parameters.set_param("sale.automatic_invoice", AUTOMATIC)
invoice.action_post()
requests = env["invoice.send.request"]
assert requests.search_count([("move_id", "=", invoice.id)]) == 1
requests.sudo()._write_runs()
assert not requests.search_count([("move_id", "=", invoice.id)])
assert len(invoice.invoice_delivery_ids) == COUNT, invoice.invoice_delivery_ids
"""


@pytest.mark.parametrize(
    ("automatic", "count"),
    [("True", 0), ("False", 1)],
    ids=["sent by the shop", "not sent by the shop"],
)
def test_invoice_of_a_paid_order_leaves_by_itself_unless_the_shop_sends_it(
    shop, automatic, count
):
    script = f"AUTOMATIC, COUNT = {automatic!r}, {count}\n{ORDER}"
    shop.shell(script)
