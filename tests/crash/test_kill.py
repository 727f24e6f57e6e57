"""The server is killed while a mail leaves: no second mail, ever (B5)."""

import threading
from collections.abc import Iterator

import pytest
import requests

from tests.helpers import polling
from tests.helpers.row_lock import RowLock
from tests.helpers.rpc import Client
from tests.helpers.seller import LOGIN, PASSWORD
from tests.helpers.smtp_sink import Hold

QUEUE = "mail.ir_cron_mail_scheduler_action"


def press_send_until_killed(seller, window_id: int) -> threading.Thread:
    """Press Send in a thread of its own; its request dies with the server."""
    server = seller.server
    client = Client(server.url, server.database, LOGIN, PASSWORD)

    def press() -> None:
        with pytest.raises(requests.ConnectionError):
            client.call(
                "account.move.send.wizard", "action_send_and_print", [window_id]
            )

    thread = threading.Thread(target=press)
    thread.start()
    return thread


@pytest.fixture
def hold() -> Iterator[Hold]:
    """A point at which the mail server keeps Odoo waiting; let go at the end."""
    hold = Hold()
    yield hold
    hold.release.set()


def unanswered(_seller, sink, address, _move_id):
    """Take the recipient's mail, and do not yet say "250 OK".

    :return: waits for that moment, ends it
    """
    hold = Hold()
    sink.treat(address, hold_answer=hold)
    return lambda: hold.reached.wait(30), hold.release.set


def uncommitted(seller, sink, address, move_id):
    """Say "250 OK", which Odoo can't write down: the delivery's row is locked.

    :return: waits for that moment, ends it
    """
    lock = RowLock(seller.connect(), move_id)
    sink.treat(address, on_taken=lock.take)
    return lambda: polling.until(lock.is_waited_for, "Odoo's verdict"), lock.release


@pytest.fixture(params=[unanswered, uncommitted])
def killed(request, seller, sink):
    """Kill the server while the mail leaves, and start it again.

    :return: the document's id and the client's address
    """
    address = seller.address("crash")
    move_id = seller.invoice(address)
    wait, release = request.param(seller, sink, address, move_id)
    thread = press_send_until_killed(seller, seller.window(move_id))
    try:
        assert wait(), "the mail server was not reached"
        assert len(sink.mails_to(address)) == 1
        seller.server.kill()
        thread.join(30)
    finally:
        release()
    sink.treat(address)
    seller.server.start()
    return move_id, address


def test_mail_that_left_in_a_crash_is_unknown_and_never_sent_again(
    seller, sink, killed
):
    """After the restart it may have arrived, and nothing sends it a second time."""
    move_id, address = killed
    assert seller.delivery(move_id)["state"] == "outgoing"
    for _pass in range(3):
        seller.run_cron()
        seller.run_cron(QUEUE)
    delivery = seller.delivery(move_id)
    assert (delivery["state"], delivery["failure_type"]) == ("error", "unknown")
    assert "may have arrived" in delivery["failure_reason"]
    assert not delivery["sent_datetime"]
    assert len(sink.mails_to(address)) == 1


def test_crash_of_one_document_leaves_the_next_one_to_be_sent(seller, sink, killed):
    """What was not begun is sent after the restart; the list shows the trouble."""
    move_id, _address = killed
    seller.run_cron()
    move = seller.move(move_id)
    assert move["invoice_delivery_state"] == "error"
    assert move["invoice_delivery_problem"]
    assert not move["invoice_sent_datetime"]
    other = seller.address("after")
    assert seller.send(seller.invoice(other))["type"] == "ir.actions.act_window_close"
    assert len(sink.mails_to(other)) == 1


def test_recipients_not_yet_asked_for_are_sent_after_the_crash(seller, sink, hold):
    """Of three recipients the second hangs: first sent, second unknown, third sent."""
    first, second, third = (seller.address(name) for name in ("one", "two", "three"))
    move_id = seller.invoice(first)
    sink.treat(second, hold_answer=hold)
    window_id = seller.window(move_id, email_to=f"{first}; {second}; {third}")
    thread = press_send_until_killed(seller, window_id)
    assert hold.reached.wait(30), "the mail server was not reached"
    seller.server.kill()
    thread.join(30)
    hold.release.set()
    sink.treat(second)
    seller.server.start()
    seller.run_cron()
    polling.until(
        lambda: all(d["state"] != "outgoing" for d in seller.deliveries(move_id)),
        "the recipients' verdicts",
    )
    states = {d["email"]: d["state"] for d in seller.deliveries(move_id)}
    assert states == {first: "sent", second: "error", third: "sent"}
    counts = [len(sink.mails_to(address)) for address in (first, second, third)]
    assert counts == [1, 1, 1]
