"""What the Pay button of the client's page opens, and what it does not (B14)."""

import html
import json
import re
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from tests.helpers import till as tills

PAY = re.compile(r'href="([^"]*/pay[^"]*)"')
ATTRIBUTE = re.compile(r'data-([\w-]+)="([^"]*)"')


@pytest.fixture(scope="module")
def till(dev_environment, tmp_path_factory):
    """A running Odoo with online payment."""
    with tills.opened(dev_environment, tmp_path_factory.mktemp("odoo")) as running:
        yield running


@pytest.fixture
def pay_path(till):
    """The address behind the Pay button of the first invoice."""
    page = requests.get(till.server.url + till.invoices[0]["path"], timeout=60)
    assert page.status_code == 200, till.server.last_words()
    return html.unescape(PAY.search(page.text)[1])


@pytest.fixture
def form(till, pay_path) -> dict[str, str]:
    """What the form of the payment tells its script, by the names of attributes."""
    text = get(till, pay_path).text
    return dict(ATTRIBUTE.findall(re.search(r'id="o_payment_form"[^>]*', text)[0]))


def get(till, path: str, **values: object) -> requests.Response:
    """Ask for an address, with more parameters."""
    query = f"?{urlencode(values)}" if values else ""
    url = f"{till.server.url}{path}{query}"
    return requests.get(url, timeout=60, allow_redirects=False)


def begin(session: requests.Session, till, form: dict, **values: object) -> dict:
    """Send the form of the payment as its script does; return the answer."""
    provider, method = till.ask(
        "(lambda p: [p.id, p.payment_method_ids.filtered('active')[:1].id])"
        "(env.ref('payment.payment_provider_demo'))"
    )
    params = {
        "provider_id": provider,
        "payment_method_id": method,
        "flow": "direct",
        "amount": 100.0,
        "access_token": form["access-token"],
        **values,
    }
    return call(session, till, form["transaction-route"], params)


def call(session: requests.Session, till, path: str, params: dict) -> dict:
    """Return what a JSON-RPC call is answered."""
    body = {"jsonrpc": "2.0", "method": "call", "params": params}
    return session.post(till.server.url + path, json=body, timeout=60).json()


def portal_tokens(till) -> list[str]:
    """Return the portal's tokens of all invoices that have one."""
    return till.ask(
        "[m.access_token for m in env['account.move'].search([]) if m.access_token]"
    )


def test_pay_button_leads_to_the_payment_and_makes_no_token_of_the_portal(
    till, pay_path
):
    assert pay_path == f"{till.invoices[0]['path']}/pay"
    answer = get(till, pay_path)
    assert answer.status_code == 200
    assert 'id="o_payment_form"' in answer.text
    assert portal_tokens(till) == []


@pytest.mark.parametrize("number", [0, 2], ids=["its own invoice", "another invoice"])
def test_page_of_the_payment_leads_nowhere_else(till, pay_path, number):
    answer = get(till, pay_path, invoice_id=till.invoices[number]["id"])
    assert answer.status_code == 200
    assert "/my" not in answer.text
    assert "access_token=" not in answer.text
    assert (till.invoices[number]["path"] in answer.text) is (number == 0)


def test_token_of_the_payment_opens_no_page_of_the_portal_and_none_of_odoo_s(
    till, form
):
    token = form["access-token"]
    assert re.fullmatch("[0-9a-f]{64}", token)
    for invoice in till.invoices:
        for more in ({}, {"report_type": "pdf", "download": "true"}):
            path = f"/my/invoices/{invoice['id']}"
            answer = get(till, path, access_token=token, **more)
            assert answer.status_code == 303
            assert urlsplit(answer.headers["Location"]).path == "/my"
        keys = ("partner_id", "currency_id")
        known = {key: invoice[key] for key in keys}
        for amount in ("100.0", "70.0"):
            values = {**known, "amount": amount, "access_token": token}
            for more in ({}, {"invoice_id": invoice["id"]}):
                answer = get(till, "/payment/pay", **values, **more)
                assert answer.status_code in (403, 404, 422)


def test_payment_from_begin_to_end_tells_nothing_of_the_portal(till, form):
    """Page, transaction, status and its poll; every invoice has a portal's token."""
    till.ask(
        "[m._portal_ensure_token() for m in env['account.move'].search([])]"
        " and env.cr.commit()"
    )
    tokens = portal_tokens(till)
    assert len(tokens) == len(till.invoices)
    session = requests.Session()
    answers = [get(till, f"{till.invoices[0]['path']}/pay").text]
    begun = begin(session, till, form, amount=1)
    assert begun["result"]["amount"] == 100
    answers.append(json.dumps(begun))
    told = {"reference": begun["result"]["reference"], "simulated_state": "pending"}
    told["payment_details"] = "1"
    call(session, till, "/payment/demo/simulate_payment", told)
    status = session.get(f"{till.server.url}/payment/status", timeout=60).text
    polled = call(session, till, "/payment/status/poll", {})
    assert polled["result"]["landing_route"] == till.invoices[0]["path"]
    answers += [status, json.dumps(polled)]
    answers.append(get(till, till.invoices[0]["path"]).text)
    for answer in answers:
        assert "/my/invoices" not in answer
        assert not [token for token in tokens if token in answer]
    # it waits for the provider: nobody pays a second time
    assert 'data-state="pending"' in answers[-1]
    assert not PAY.search(answers[-1])
    assert "error" in begin(session, till, form)


def test_another_one_s_form_begins_no_payment(till):
    text = get(till, f"{till.invoices[2]['path']}/pay").text
    theirs = dict(ATTRIBUTE.findall(re.search(r'id="o_payment_form"[^>]*', text)[0]))
    route = f"{till.invoices[1]['path']}/pay/transaction"
    answer = begin(requests.Session(), till, {**theirs, "transaction-route": route})
    assert "has changed" in answer["error"]["data"]["message"]


def test_nothing_is_to_be_paid_before_it_is_accepted_where_the_pdf_is_kept_back(till):
    # a script has to tell the server that it changed what is cached
    switch = (
        "env.company.invoice_accept_before_download = {}\n"
        "env.cr.commit()\nenv.registry.signal_changes()\n"
    )
    path = till.invoices[1]["path"]
    till.server.shell(switch.format(True))
    try:
        page = get(till, path)
        assert page.status_code == 200
        assert not PAY.search(page.text)
        assert get(till, f"{path}/pay").status_code == 303
    finally:
        till.server.shell(switch.format(False))
    assert PAY.search(get(till, path).text)
