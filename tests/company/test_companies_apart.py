"""Two companies of one database: each has its own, and sees nothing of the other's."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from tests.helpers.buyer import Buyer
from tests.helpers.rpc import Client, RpcError
from tests.helpers.smtp_sink import SmtpSink

#: What stands of a sending.
RECORDS = (
    "invoice.delivery",
    "invoice.delivery.event",
    "invoice.mail",
    "invoice.send.run",
    "invoice.send.run.line",
    "invoice.send.template",
    "invoice.delivery.opt.out",
)
LETTER = {
    "seller": "<p>Bună ziua, de la vânzător</p>",
    "buyer": "<p>Добър ден от купувача</p>",
}


@dataclass
class Side:
    """One of two companies, and what it sent.

    :ivar company_id: it
    :ivar user: who invoices for it, and for it alone
    :ivar sink: its mail server
    :ivar address: whom it sent to
    :ivar move_id: what it sent
    """

    company_id: int
    user: Client
    sink: SmtpSink
    address: str = ""
    move_id: int = 0


@pytest.fixture(scope="module")
def second_sink() -> Iterator[SmtpSink]:
    """The second company's mail server."""
    with SmtpSink() as running:
        yield running


@pytest.fixture(scope="module")
def sides(seller, sink, second_sink) -> dict[str, Side]:
    """Both companies, each with settings, a server and a letter of its own."""
    buyer = Buyer(seller)
    second = {**server_values(second_sink), "name": "Second", "sequence": 99}
    settings = {
        seller.company_id: {
            "invoice_document_mode": "link",
            "invoice_mail_server_id": seller.mail_server_id,
            "invoice_sender_email": "invoices@seller.example",
        },
        buyer.company_id: {
            "invoice_document_mode": "attachment",
            "invoice_mail_server_id": seller.admin.make("ir.mail_server", second),
            "invoice_sender_email": "office@buyer.example",
            "invoice_track_open": True,
        },
    }
    for company_id, values in settings.items():
        seller.admin.change("res.company", company_id, values)
    found = {
        "seller": Side(seller.company_id, seller.user, sink),
        "buyer": Side(buyer.company_id, buyer.user, second_sink),
    }
    for name, side in found.items():
        write_letter(seller.admin, side, LETTER[name])
        send(seller, side)
    return found


def server_values(sink: SmtpSink) -> dict:
    """Return the settings of a mail server."""
    return {
        "smtp_host": "127.0.0.1",
        "smtp_port": sink.port,
        "smtp_encryption": "none",
    }


def write_letter(admin: Client, side: Side, text: str) -> None:
    """Let a company have a letter of its own."""
    values = {
        "name": "Own letter",
        "model_id": admin.ref("account.model_account_move"),
        "subject": "{{ object.name }}",
        "body_html": text,
    }
    letter = {
        "lang": "en",
        "document_type": "invoice",
        "company_id": side.company_id,
        "mail_template_id": admin.make("mail.template", values),
    }
    admin.make("invoice.send.template", letter)


def send(seller, side: Side) -> None:
    """Make an invoice and press Send, as the window comes."""
    side.address = seller.address("client")
    customer = {
        "name": "Alfa SRL",
        "email": side.address,
        "invoice_sending_method": "email",
    }
    company = {"allowed_company_ids": [side.company_id]}
    partner_id = seller.admin.make("res.partner", customer, **company)
    line = {"name": "Work", "price_unit": 100.0, "tax_ids": [(5,)]}
    values = {
        "move_type": "out_invoice",
        "partner_id": partner_id,
        "invoice_line_ids": [(0, 0, line)],
    }
    user = side.user
    side.move_id = user.make("account.move", values)
    user.call("account.move", "action_post", [side.move_id])
    context = {"active_model": "account.move", "active_ids": [side.move_id]}
    window_id = user.make("account.move.send.wizard", {}, **context)
    user.call("account.move.send.wizard", "action_send_and_print", [window_id])
    seller.sql(
        "INSERT INTO invoice_delivery_opt_out (company_id, email) VALUES (%s, %s)",
        side.company_id,
        f"no.{side.address}",
    )


def test_each_sends_its_letter_by_its_server_in_its_way(sides):
    """From, server, letter, link or file, picture: nothing is mixed (R47, R49)."""
    mine, other = sides["seller"], sides["buyer"]
    mail, second = mine.sink.mail_to(mine.address), other.sink.mail_to(other.address)
    assert other.sink.mails_to(mine.address) == mine.sink.mails_to(other.address) == []
    assert "invoices@seller.example" in mail.message["From"]
    assert "office@buyer.example" in second.message["From"]
    assert "vânzător" in mail.html and "купувача" in second.html
    assert (len(mail.files), len(second.files)) == (0, 1)
    assert ("open.gif" in mail.html, "open.gif" in second.html) == (False, True)


@pytest.mark.parametrize("model", RECORDS)
@pytest.mark.parametrize("name", ["seller", "buyer"])
def test_users_of_one_see_their_own_and_nothing_of_the_other(
    sides, seller, name, model
):
    """Deliveries, events, mails, runs, letters (B16): by search and by id."""
    side = sides[name]
    [other] = [side for key, side in sides.items() if key != name]
    everything = seller.admin.call(
        model,
        "search_read",
        [],
        ["company_id"],
        context={"allowed_company_ids": [side.company_id, other.company_id]},
    )
    theirs = [
        row["id"]
        for row in everything
        if row["company_id"] and row["company_id"][0] == other.company_id
    ]
    assert theirs
    try:
        rows = side.user.search(model, [], "company_id")
    except RpcError as error:  # not for invoicing users at all
        assert "AccessError" in error.name and model == "invoice.delivery.opt.out"
    else:
        owners = {(row["company_id"] or [False])[0] for row in rows}
        assert owners - {False} == {side.company_id}
    with pytest.raises(RpcError) as refused:
        side.user.call(model, "read", theirs, ["company_id"])
    assert "AccessError" in refused.value.name


@pytest.mark.parametrize("name", ["seller", "buyer"])
@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("invoice.mail", "/invoice/mail/%d/letter"),
        ("invoice.mail", "/invoice/mail/%d/eml"),
        ("invoice.delivery", "/invoice/preview/%d"),
    ],
)
def test_pages_for_staff_are_for_the_companys_own(sides, seller, name, model, path):
    """The owner reads them; the other company's user is told that there is nothing."""
    for key, side in sides.items():
        [row] = side.user.search(model, [("email", "=", side.address)], "id")
        cookies = {"session_id": sides[name].user.session_id}
        answer = requests.get(
            seller.server.url + path % row["id"], cookies=cookies, timeout=60
        )
        assert answer.status_code == (200 if key == name else 404)


@pytest.mark.parametrize("name", ["seller", "buyer"])
def test_documents_are_out_of_the_others_reach(sides, name):
    """Neither the panel nor the window opens on the other company's document."""
    [other] = [side for key, side in sides.items() if key != name]
    user = sides[name].user
    for method in ("get_invoice_delivery_panel", "action_open_send_window"):
        with pytest.raises(RpcError) as refused:
            user.call("account.move", method, [other.move_id])
        assert "AccessError" in refused.value.name
