"""Mails as a real mail server gets them."""

import re

import pytest

from tests.helpers.rpc import RpcError

LINK = re.compile(r"http://127\.0\.0\.1:\d+/invoice/d/[\w-]+")


@pytest.fixture
def round_letter(seller):
    """Send one invoice to two in To, one in CC and one in BCC.

    :return: the document's id and the addresses by role
    """
    addresses = {role: seller.address(role) for role in ("to", "second", "cc", "bcc")}
    move_id = seller.invoice(addresses["to"])
    action = seller.send(
        move_id,
        email_to=f"{addresses['to']}; {addresses['second']}",
        email_cc=addresses["cc"],
        email_bcc=addresses["bcc"],
    )
    assert action["type"] == "ir.actions.act_window_close"
    return move_id, addresses


def test_link_mail_reaches_each_recipient_with_its_own_link_and_no_other(
    seller, sink, round_letter
):
    """Four recipients: four messages, one envelope each, four different links."""
    _move_id, addresses = round_letter
    mails = {role: sink.mail_to(address) for role, address in addresses.items()}
    links = [set(LINK.findall(mail.html)) for mail in mails.values()]
    assert [len(found) for found in links] == [1, 1, 1, 1]
    assert len(set.union(*links)) == 4
    for mail in mails.values():
        assert "access_token" not in mail.text
        assert "auth_signup_token" not in mail.text


def test_every_copy_shows_the_same_to_and_cc(sink, round_letter):
    """To and CC are real headers, the same in all copies (R13, R15)."""
    _move_id, addresses = round_letter
    for address in addresses.values():
        message = sink.mail_to(address).message
        to, cc = (message[name].addresses for name in ("To", "Cc"))
        assert [a.addr_spec for a in to] == [addresses["to"], addresses["second"]]
        assert [a.addr_spec for a in cc] == [addresses["cc"]]


def test_the_bcc_address_stands_in_no_copy(sink, round_letter):
    """The BCC recipient is in the envelope of its own copy and nowhere else (R16)."""
    _move_id, addresses = round_letter
    for address in addresses.values():
        mail = sink.mail_to(address)
        assert addresses["bcc"] not in mail.text
        assert addresses["bcc"].encode() not in mail.content
        assert "Bcc" not in mail.message


def test_every_recipient_has_a_delivery_of_its_own(seller, round_letter):
    """Panel and list say what the server said, recipient by recipient (B1, B2)."""
    move_id, addresses = round_letter
    deliveries = seller.deliveries(move_id)
    assert [(d["email"], d["role"], d["state"]) for d in deliveries] == [
        (addresses["to"], "to", "sent"),
        (addresses["second"], "to", "sent"),
        (addresses["cc"], "cc", "sent"),
        (addresses["bcc"], "bcc", "sent"),
    ]
    assert all(delivery["sent_datetime"] for delivery in deliveries)
    move = seller.move(move_id)
    assert move["invoice_delivery_state"] == "sent"
    assert move["invoice_sent_datetime"]
    assert not move["invoice_delivery_problem"]


def test_from_names_the_user_who_sends_and_the_company_address(seller, sink):
    """From: the user's name, changed for one sending where wanted (R10, R11, D6)."""
    for typed, shown in (({}, "Ana Pop"), ({"email_from_name": "Ion"}, "Ion")):
        address = seller.address("from")
        seller.send(seller.invoice(address), **typed)
        [sender] = sink.mail_to(address).message["From"].addresses
        expected = (shown, "invoices@seller.example")
        assert (sender.display_name, sender.addr_spec) == expected


def test_names_in_other_scripts_are_readable_in_window_and_mail(seller, sink):
    """A Bulgarian name is shown as written, and so it reaches the reader."""
    address = seller.address("beta")
    move_id = seller.invoice(address, name="Бета ООД, клон Ямбол")
    window_id = seller.window(move_id)
    window = seller.user.fetch("account.move.send.wizard", window_id, "email_to")
    assert "Бета ООД, клон Ямбол" in window["email_to"]
    seller.press_send(window_id)
    [shown] = sink.mail_to(address).message["To"].addresses
    assert shown.display_name == "Бета ООД, клон Ямбол"


def test_link_mail_carries_no_file(seller, sink):
    """In link mode the document stays here (R28)."""
    address = seller.address("link")
    seller.send(seller.invoice(address), document_mode="link")
    mail = sink.mail_to(address)
    assert mail.files == {}
    assert LINK.search(mail.html)


def test_attachment_mail_carries_the_pdf_and_the_link(seller, sink):
    """In attachment mode the PDF is in the mail and the link below it (D2)."""
    address = seller.address("attachment")
    move_id = seller.invoice(address)
    seller.send(move_id, document_mode="attachment")
    mail = sink.mail_to(address)
    [(name, content)] = mail.files.items()
    number = seller.move(move_id)["name"].replace("/", "_")
    assert name == f"{number}.pdf"
    assert content.startswith(b"%PDF")
    assert LINK.search(mail.html)


def test_second_sending_is_a_second_run_with_links_of_its_own(seller, sink):
    """Sending again keeps the old deliveries and starts new ones (B13)."""
    address = seller.address("twice")
    move_id = seller.invoice(address)
    seller.send(move_id)
    seller.send(move_id)
    first, second = seller.deliveries(move_id)
    assert first["state"] == second["state"] == "sent"
    assert first["run_id"] != second["run_id"]
    links = {LINK.search(mail.html)[0] for mail in sink.mails_to(address)}
    assert len(links) == 2


def test_address_typed_twice_gets_one_mail_and_one_rcpt(seller, sink):
    """The same address in To, CC and BCC, in any spelling, is one recipient (R14)."""
    address = seller.address("again")
    typed = {
        "email_to": f"{address}, {address.upper()}; Ana <{address}>",
        "email_cc": address,
        "email_bcc": address,
    }
    move_id = seller.invoice(address)
    seller.send(move_id, **typed)
    assert [mail.recipients for mail in sink.mails_to(address)] == [[address]]
    assert len(seller.deliveries(move_id)) == 1


def test_international_domain_is_shown_as_written_and_mailed_in_ascii(seller, sink):
    """The window shows the Cyrillic domain, the envelope its ASCII form."""
    name = seller.address("ana").partition("@")[0]
    move_id = seller.invoice(f"{name}@бета.example", name="Бета ООД")
    window_id = seller.window(move_id)
    window = seller.user.fetch("account.move.send.wizard", window_id, "email_to")
    assert f"{name}@бета.example" in window["email_to"]
    assert seller.press_send(window_id)["type"] == "ir.actions.act_window_close"
    sink.mail_to(f"{name}@xn--80abm6c.example")


# -- what must not leave ---------------------------------------------------------------


def written(seller) -> dict[str, int]:
    """Count what a sending writes."""
    models = ("invoice.send.run", "invoice.delivery", "mail.message", "res.partner")
    return {model: seller.admin.count(model) for model in models}


@pytest.mark.parametrize("field", ["email_to", "email_cc", "email_bcc"])
def test_wrong_address_is_named_and_nothing_is_written(seller, sink, field):
    """One wrong piece stops the sending before anything is written (R14)."""
    address = seller.address("right")
    window_id = seller.window(
        seller.invoice(address), **{"email_to": address, field: f"{address}; ion@@x"}
    )
    before = written(seller)
    with pytest.raises(RpcError, match="ion@@x"):
        seller.press_send(window_id)
    assert written(seller) == before
    assert sink.mails_to(address) == []


@pytest.mark.parametrize("card", ["not an address", "right@client.example; c@@d"])
def test_wrong_address_on_the_customers_card_is_shown_and_named(seller, card):
    """What stands on the card stands in To; Send names the wrong piece (R13, R14)."""
    wrong = card.rpartition("; ")[2]
    window_id = seller.window(seller.invoice(card))
    window = seller.user.fetch("account.move.send.wizard", window_id, "email_to")
    assert wrong in window["email_to"]
    with pytest.raises(RpcError, match=wrong):
        seller.press_send(window_id)


EVIL = "evil@attacker.example"


@pytest.mark.parametrize(
    "typed",
    [
        {"subject": f"Invoice\r\nBcc: {EVIL}\r\n\r\nbody"},
        {"subject": f"Invoice\nBcc: {EVIL}"},
        {"email_from_name": f"Ana\r\nBcc: {EVIL}"},
        {"email_from_name": f'Ana" <{EVIL}>, "'},
        {"email_to": '"Ana\r\nX-Evil: 1" <%s>'},
        {"email_to": "%s\r\nX-Evil: 1"},
        {"email_cc": f"ion@client.example\r\nBcc: {EVIL}"},
    ],
)
def test_typed_text_makes_no_header_and_no_recipient(seller, sink, typed):
    """A line end in a field adds neither a header nor a recipient."""
    address = seller.address("inject")
    values = {name: text.replace("%s", address) for name, text in typed.items()}
    taken = len(sink.mails)
    move_id = seller.invoice(address)
    try:
        seller.send(move_id, **values)
    except RpcError as refusal:
        assert refusal.name == "odoo.exceptions.UserError"
    # What can't be written into a header now can't be later either.
    assert {d["state"] for d in seller.deliveries(move_id)} <= {"sent", "error"}
    for mail in sink.mails[taken:]:
        assert EVIL not in mail.recipients
        assert not {"Bcc", "X-Evil"} & set(mail.message.keys())
        [sender] = mail.message["From"].addresses
        assert sender.addr_spec == "invoices@seller.example"
