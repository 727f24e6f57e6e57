"""A mail server that refuses, puts off, breaks off or is not there."""

import contextlib
import re

import pytest

from tests.helpers.rpc import RpcError


def assert_failed(seller, move_id, failure_type, *words):
    """Check that nothing got through and everything says so.

    :param seller: Seller SRL
    :param move_id: the document
    :param failure_type: the kind of failure
    :param words: what the reason must contain
    """
    delivery = seller.delivery(move_id)
    assert (delivery["state"], delivery["failure_type"]) == ("error", failure_type)
    assert all(word in delivery["failure_reason"] for word in words)
    assert not delivery["sent_datetime"]
    move = seller.move(move_id)
    assert move["invoice_delivery_state"] == "error"
    assert move["invoice_delivery_problem"]
    assert not move["invoice_sent_datetime"]


def assert_put_off(seller, move_id, *words):
    """Check that the recipient waits for another attempt, and no envelope is lit."""
    delivery = seller.delivery(move_id)
    assert delivery["state"] == "outgoing"
    assert delivery["next_attempt_datetime"]
    assert all(word in delivery["failure_reason"] for word in words)
    move = seller.move(move_id)
    assert move["invoice_delivery_state"] == "outgoing"
    assert not move["invoice_sent_datetime"]


def assert_retried(seller, sink, move_id, address):
    """Check that the next pass of the cron sends it, once."""
    seller.make_due(move_id)
    seller.run_cron()
    delivery = seller.delivery(move_id)
    assert delivery["state"] == "sent", delivery
    assert (delivery["failure_type"], delivery["failure_reason"]) == (False, False)
    assert seller.move(move_id)["invoice_delivery_state"] == "sent"
    seller.run_cron()
    assert len(sink.mails_to(address)) == 1


def run_everything_again(seller, move_id):
    """Let every scheduled action that could send it once more have its chance."""
    seller.make_due(move_id)
    seller.run_cron()
    seller.run_cron("mail.ir_cron_mail_scheduler_action")


@pytest.fixture
def address(seller):
    """An address of this test alone."""
    return seller.address("client")


@pytest.fixture
def move_id(seller, address):
    """An invoice for that address."""
    return seller.invoice(address)


def test_refused_recipient_shows_error_and_no_envelope(seller, sink, address, move_id):
    """550 at RCPT: an error with the server's own words, and never a second try."""
    sink.treat(address, rcpt="550 5.1.1 Mailbox does not exist")
    problems = seller.problems(seller.send(move_id))
    assert len(problems) == 1
    assert address in problems[0] and "5.1.1 Mailbox does not exist" in problems[0]
    assert_failed(seller, move_id, "refused", "550", "5.1.1 Mailbox does not exist")
    sink.treat(address)
    run_everything_again(seller, move_id)
    assert sink.mails_to(address) == []


def test_refused_window_keeps_what_was_typed(seller, sink, address, move_id):
    """After a refusal the window is there again with everything filled in."""
    sink.treat(address, rcpt="550 no")
    typed = {"subject": "My subject", "email_cc": "cc@client.example"}
    action = seller.send(move_id, email_from_name="Ion", **typed)
    names = ("subject", "email_to", "email_cc", "email_from_name")
    window = seller.user.fetch("account.move.send.wizard", action["res_id"], *names)
    assert window["subject"] == "My subject"
    assert address in window["email_to"]
    assert window["email_cc"] == "cc@client.example"
    assert window["email_from_name"] == "Ion"


def test_message_refused_after_its_end_is_an_error(seller, sink, address, move_id):
    """552 after DATA: refused for good."""
    sink.treat(address, data="552 5.3.4 Message too big")
    assert "5.3.4 Message too big" in seller.problems(seller.send(move_id))[0]
    assert_failed(seller, move_id, "refused", "552", "5.3.4 Message too big")


@pytest.mark.parametrize("point", ["rcpt", "data"])
def test_recipient_put_off_is_tried_again(seller, sink, address, move_id, point):
    """451: it waits, and the next pass sends it (B6)."""
    sink.treat(address, **{point: "451 4.7.1 Greylisted"})
    seller.send(move_id)
    assert_put_off(seller, move_id, "451", "4.7.1 Greylisted")
    sink.treat(address)
    assert_retried(seller, sink, move_id, address)


def test_pressing_send_again_while_put_off_sends_one_mail(
    seller, sink, address, move_id
):
    """A recipient that waits is not sent to twice when the user presses again."""
    sink.treat(address, rcpt="451 4.7.1 Greylisted")
    window_id = seller.window(move_id)
    seller.press_send(window_id)
    sink.treat(address)
    with contextlib.suppress(RpcError):
        seller.press_send(window_id)
    seller.make_due(move_id)
    seller.run_cron()
    assert len(sink.mails_to(address)) == 1


def test_pass_before_its_time_leaves_a_put_off_recipient_alone(
    seller, sink, address, move_id
):
    """The cron does not try before the pause is over."""
    sink.treat(address, rcpt="451 later")
    seller.send(move_id)
    sink.treat(address)
    seller.run_cron()
    assert seller.delivery(move_id)["state"] == "outgoing"
    assert sink.mails_to(address) == []


def test_recipient_put_off_too_often_is_an_error(seller, sink, address, move_id):
    """When the tries are used up it ends with the server's last words."""
    sink.treat(address, rcpt="451 4.7.1 Never")
    seller.send(move_id)
    pauses = []
    while seller.delivery(move_id)["state"] == "outgoing" and len(pauses) < 20:
        pauses.append(seller.delivery(move_id)["next_attempt_datetime"])
        seller.make_due(move_id)
        seller.run_cron()
    assert pauses == sorted(set(pauses))
    assert_failed(seller, move_id, "deferred", "451", "4.7.1 Never")


@pytest.mark.parametrize("point", ["rcpt", "data"])
def test_connection_dropped_before_the_message_is_tried_again(
    seller, sink, address, move_id, point
):
    """A drop before DATA took nothing: it waits and is sent later (B6)."""
    sink.treat(address, drop=point)
    seller.send(move_id)
    assert_put_off(seller, move_id)
    sink.treat(address)
    assert_retried(seller, sink, move_id, address)


def test_connection_dropped_after_the_message_is_never_sent_again(
    seller, sink, address, move_id
):
    """A drop after the last byte: it may have arrived, no second mail (B5)."""
    sink.treat(address, drop="end")
    assert address in seller.problems(seller.send(move_id))[0]
    assert_failed(seller, move_id, "unknown")
    sink.treat(address)
    run_everything_again(seller, move_id)
    assert len(sink.mails_to(address)) == 1
    assert seller.delivery(move_id)["state"] == "error"


def test_mail_server_that_is_down_is_tried_again(seller, sink, address, move_id):
    """No connection: it waits and is sent when the server is back (B6)."""
    with sink.down():
        seller.send(move_id)
        assert_put_off(seller, move_id)
    assert_retried(seller, sink, move_id, address)


def test_one_of_three_refused_does_not_stop_the_others(seller, sink):
    """The others get theirs: sent, with a red mark for the refused one (D4)."""
    first, refused, last = (seller.address(name) for name in ("one", "two", "three"))
    sink.treat(refused, rcpt="550 5.7.1 Not you")
    move_id = seller.invoice(first)
    action = seller.send(move_id, email_to=f"{first}, {refused}, {last}")
    assert [refused in problem for problem in seller.problems(action)] == [True]
    states = {d["email"]: d["state"] for d in seller.deliveries(move_id)}
    assert states == {first: "sent", refused: "error", last: "sent"}
    assert len(sink.mails_to(first)) == len(sink.mails_to(last)) == 1
    move = seller.move(move_id)
    assert move["invoice_delivery_state"] == "sent"
    assert move["invoice_delivery_problem"]
    assert re.match(r"\d{4}-", move["invoice_sent_datetime"])
