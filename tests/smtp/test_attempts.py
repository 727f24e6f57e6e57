"""How often a recipient is tried, and how long it waits in between (B6)."""

import contextlib
from datetime import datetime, timezone

import pytest

PAUSES = [1, 5, 15, 60]


def minutes_to_wait(seller, move_id) -> int:
    """Return for how many minutes a recipient is put off."""
    due = seller.delivery(move_id)["next_attempt_datetime"]
    moment = datetime.fromisoformat(due).replace(tzinfo=timezone.utc)
    return round((moment - datetime.now(timezone.utc)).total_seconds() / 60)


def greylisting(sink, address):
    """The server puts the recipient off."""
    sink.treat(address, rcpt="451 4.7.1 Greylisted")
    return contextlib.nullcontext()


def dropping(sink, address):
    """The server closes before the message."""
    sink.treat(address, drop="data")
    return contextlib.nullcontext()


def gone(sink, _address):
    """There is no server."""
    return sink.down()


@contextlib.contextmanager
def overloaded(sink, _address):
    """The server sends everybody away."""
    sink.connect_answer = "421 4.3.2 Too many connections"
    try:
        yield
    finally:
        sink.connect_answer = ""


@pytest.mark.parametrize(
    ("trouble", "failure_type", "words"),
    [
        (greylisting, "deferred", "451 4.7.1 Greylisted"),
        (dropping, "server", "closed"),
        (gone, "server", "refused"),
        (overloaded, "server", "421 4.3.2 Too many connections"),
    ],
)
def test_recipient_has_five_attempts_with_longer_and_longer_pauses(
    seller, sink, trouble, failure_type, words
):
    """1, 5, 15 and 60 minutes, and then the last words of the server."""
    address = seller.address("attempts")
    move_id = seller.invoice(address)
    pauses = []
    with trouble(sink, address):
        seller.send(move_id)
        while seller.delivery(move_id)["state"] == "outgoing":
            pauses.append(minutes_to_wait(seller, move_id))
            assert words in seller.delivery(move_id)["failure_reason"]
            seller.make_due(move_id)
            seller.run_cron()
    assert pauses == PAUSES
    delivery = seller.delivery(move_id)
    assert (delivery["state"], delivery["failure_type"]) == ("error", failure_type)
    assert words in delivery["failure_reason"]
    assert delivery["attempt_count"] == len(PAUSES) + 1
    assert sink.mails_to(address) == []
    # the server is back: a user's Send does not wait for the end of its pause
    other = seller.invoice(seller.address("back"))
    seller.send(other)
    assert seller.delivery(other)["state"] == "sent"


def test_refused_login_is_tried_again_with_the_words_of_the_server(seller, sink):
    """A password that was changed is put right soon: it is worth other attempts."""
    login = {"smtp_user": "seller", "smtp_pass": "old"}
    seller.admin.change("ir.mail_server", seller.mail_server_id, login)
    sink.login_answer = "535 5.7.8 Bad credentials"
    address = seller.address("login")
    move_id = seller.invoice(address)
    try:
        seller.send(move_id)
        delivery = seller.delivery(move_id)
        assert delivery["state"] == "outgoing"
        assert "535 5.7.8 Bad credentials" in delivery["failure_reason"]
        sink.login_answer = ""
        seller.make_due(move_id)
        seller.run_cron()
        assert seller.delivery(move_id)["state"] == "sent"
        assert len(sink.mails_to(address)) == 1
    finally:
        sink.login_answer = ""
        nobody = {"smtp_user": False, "smtp_pass": False}
        seller.admin.change("ir.mail_server", seller.mail_server_id, nobody)
