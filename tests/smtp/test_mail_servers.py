"""Which mail server carries an invoice: the company's own, never a user's (D6)."""

import contextlib

import pytest

from tests.helpers import polling
from tests.helpers.smtp_sink import SmtpSink

SENDER = "accounts@seller.example"


@pytest.fixture
def make_server(seller):
    """Set up another outgoing mail server, a real one, until the test ends.

    :return: takes the values of the server and gives its id and what it took
    """
    with contextlib.ExitStack() as stack:
        created = []

        def make(**values):
            running = stack.enter_context(SmtpSink())
            server_id = seller.admin.make(
                "ir.mail_server",
                {
                    "name": "Another",
                    "smtp_host": "127.0.0.1",
                    "smtp_port": running.port,
                    "smtp_encryption": "none",
                    **values,
                },
            )
            created.append(server_id)
            return server_id, running

        yield make
        seller.admin.call("ir.mail_server", "unlink", created)


def test_company_s_own_server_carries_its_invoices(seller, sink, make_server):
    """Chosen in the settings, its sender too; without it Odoo's choice (R47, R49)."""
    server_id, own = make_server(sequence=99)
    address = seller.address("own")
    chosen = {"invoice_mail_server_id": server_id, "invoice_sender_email": SENDER}
    with seller.company_setting(**chosen):
        seller.send(seller.invoice(address))
    assert sink.mails_to(address) == []
    mail = own.mail_to(address)
    assert [a.addr_spec for a in mail.message["From"].addresses] == [SENDER]
    other = seller.address("usual")
    seller.send(seller.invoice(other))
    assert own.mails_to(other) == []
    [sender] = sink.mail_to(other).message["From"].addresses
    assert sender.addr_spec == "invoices@seller.example"


def test_mails_of_a_server_that_is_down_wait_for_it(seller, sink, make_server):
    """No other server jumps in for the one that was chosen (R49, B6)."""
    server_id, own = make_server()
    address = seller.address("down")
    move_id = seller.invoice(address)
    with seller.company_setting(invoice_mail_server_id=server_id):
        with own.down():
            seller.send(move_id)
        waiting = seller.delivery(move_id)
        assert (waiting["state"], waiting["attempt_count"]) == ("outgoing", 1)
        assert "refused" in waiting["failure_reason"]
        seller.sql("UPDATE invoice_send_server SET paused_until = NULL")
        seller.make_due(move_id)
        seller.run_cron()
    assert len(own.mails_to(address)) == 1
    assert sink.mails_to(address) == []


def test_personal_server_of_the_user_carries_none(seller, sink, make_server):
    """Odoo prefers it where the sender fits; an invoice is the company's (D6)."""
    sender = "ana.pop@seller.example"
    [ana] = seller.admin.search("res.users", [("login", "=", "ana")], "id")
    _server_id, personal = make_server(
        sequence=1,
        owner_user_id=ana["id"],
        from_filter=sender,
        smtp_user=sender,
        smtp_pass="Ana's password",
    )
    address, own_address = seller.address("personal"), seller.address("letter")
    with seller.company_setting(invoice_sender_email=sender):
        seller.send(seller.invoice(address))
    assert personal.mails == []
    [shown] = sink.mail_to(address).message["From"].addresses
    assert shown.addr_spec == sender
    # what Ana writes herself goes by it
    move_id = seller.invoice(own_address)
    [customer, _name] = seller.user.fetch("account.move", move_id, "partner_id")[
        "partner_id"
    ]
    values = {"body": "Hello", "partner_ids": [customer], "message_type": "comment"}
    seller.user.call("account.move", "message_post", [move_id], **values)
    polling.until(lambda: personal.mails_to(own_address), "Ana's own letter")
    assert sink.mails_to(own_address) == []
