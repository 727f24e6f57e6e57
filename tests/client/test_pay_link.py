"""What the Pay button of the client's page opens, and what it does not (B14)."""

import html
import json
import os
import re
import subprocess
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from devenv import database
from tests.helpers.odoo_server import OdooServer

PAY = re.compile(r'href="(/payment/pay[^"]*)"')

#: Invoices of two customers with one amount, and of the first with another one, that
#: can be paid online.
INVOICES = """
import json
company = env.company
env["account.chart.template"].try_loading("generic_coa", company)
env["ir.config_parameter"].set_param("account_payment.enable_portal_payment", "True")
provider = env["payment.provider"].create({"name": "Test", "code": "none"})
method = env["payment.method"].with_context(active_test=False).search([], limit=1)
provider.write(
    {
        "state": "test",
        "is_published": True,
        "payment_method_ids": [(6, 0, method.ids)],
    }
)
method.active = True
env.cr.commit()
partners = env["res.partner"].create(
    [{"name": name, "email": f"{name}@x.example"} for name in ("ana", "ion")]
)
moves = env["account.move"].create(
    [
        {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_line_ids": [
                (0, 0, {"name": "Lamp", "price_unit": price, "tax_ids": [(5,)]})
            ],
        }
        for partner, price in (
            (partners[0], 100), (partners[1], 100), (partners[0], 70)
        )
    ]
)
moves.action_post()
deliveries = env["invoice.delivery"].create(
    [{"move_id": move.id, "email": move.partner_id.email} for move in moves]
)
deliveries.state = "sent"
env.cr.commit()
with open(RESULT, "w") as result:
    json.dump(
        [
            {"id": move.id, "path": f"/invoice/d/{delivery._get_token()}"}
            for move, delivery in zip(moves, deliveries)
        ],
        result,
    )
"""


@pytest.fixture(scope="module")
def till(dev_environment, tmp_path_factory):
    """A running Odoo with online payment; returns it and the invoices."""
    name = f"isc_test_{os.getpid()}-till"
    database.create(dev_environment, name, modules=["account_payment"])
    folder = tmp_path_factory.mktemp("odoo")
    server = OdooServer(dev_environment, name, folder / "till.log")
    try:
        result = folder / "invoices.json"
        server.shell(f"RESULT = {str(result)!r}\n{INVOICES}")
        server.start()
        yield server, json.loads(result.read_text())
    finally:
        server.stop()
        database.drop(dev_environment, name)


@pytest.fixture
def pay_path(till):
    """The address behind the Pay button of the first invoice."""
    server, invoices = till
    page = requests.get(server.url + invoices[0]["path"], timeout=60)
    assert page.status_code == 200, server.last_words()
    return html.unescape(PAY.search(page.text)[1])


def get(till, path: str, **values: object) -> requests.Response:
    """Ask for an address, some of its parameters changed."""
    parts = urlsplit(path)
    query = {**dict(parse_qsl(parts.query)), **values}
    url = f"{till[0].url}{parts.path}?{urlencode(query)}"
    return requests.get(url, timeout=60, allow_redirects=False)


def test_pay_button_carries_the_payment_s_token_and_makes_none_of_the_portal(
    till, pay_path
):
    server, invoices = till
    query = dict(parse_qsl(urlsplit(pay_path).query))
    assert query["invoice_id"] == str(invoices[0]["id"])
    assert re.fullmatch("[0-9a-f]{64}", query["access_token"])
    done = subprocess.run(
        server.env.command("shell", f"--database={server.database}", "--no-http"),
        env=server.env.variables(),
        input="print('TOKENS', env['account.move'].search([]).mapped('access_token'))",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "TOKENS [False, False, False]" in done.stdout


def test_pay_button_leads_to_the_payment(till, pay_path):
    answer = get(till, pay_path)
    assert answer.status_code == 200
    assert 'id="o_payment_form"' in answer.text


def test_token_of_the_payment_opens_no_page_of_the_portal(till, pay_path):
    token = dict(parse_qsl(urlsplit(pay_path).query))["access_token"]
    for invoice in till[1]:
        for more in ({}, {"report_type": "pdf", "download": "true"}):
            path = f"/my/invoices/{invoice['id']}"
            answer = get(till, path, access_token=token, **more)
            assert answer.status_code == 303
            assert urlsplit(answer.headers["Location"]).path == "/my"


@pytest.mark.parametrize(
    "change",
    [{"amount": "1"}, {"amount": "70"}, {"other": 1}, {"access_token": "0" * 64}],
    ids=["amount", "amount of another invoice", "invoice of another", "token"],
)
def test_token_of_the_payment_pays_no_other_amount_and_for_nobody_else(
    till, pay_path, change
):
    values = dict(change)
    if other := values.pop("other", None):
        values["invoice_id"] = till[1][other]["id"]
    assert get(till, pay_path, **values).status_code in (403, 404, 422)


@pytest.mark.xfail(
    reason="Odoo's page of the payment gives the portal's token away, of this invoice "
    "and of any other of the same customer in the same currency",
    strict=True,
)
@pytest.mark.parametrize("number", [0, 2], ids=["its own invoice", "another invoice"])
def test_page_of_the_payment_leads_nowhere_else(till, pay_path, number):
    answer = get(till, pay_path, invoice_id=till[1][number]["id"])
    assert "/my/invoices/" not in answer.text


def test_nothing_is_to_be_paid_before_it_is_accepted_where_the_pdf_is_kept_back(till):
    """The page of the payment leads to the portal, which has the PDF."""
    server, invoices = till
    # a script has to tell the server that it changed what is cached
    switch = (
        "env.company.invoice_accept_before_download = {}\n"
        "env.cr.commit()\nenv.registry.signal_changes()\n"
    )
    server.shell(switch.format(True))
    try:
        page = requests.get(server.url + invoices[0]["path"], timeout=60)
        assert page.status_code == 200
        assert not PAY.search(page.text)
    finally:
        server.shell(switch.format(False))
