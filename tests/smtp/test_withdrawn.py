"""What is withdrawn while a worker waits for the mail server's greeting."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.helpers import review
from tests.helpers.review import Review
from tests.helpers.smtp_sink import Hold

LINK = re.compile(r"/invoice/d/[\w-]+")


@pytest.fixture
def greeted_late(sink) -> Callable:
    """Run something that sends; the block runs while it waits for the greeting."""

    @contextmanager
    def waiting(send: Callable, *args: object) -> Iterator[None]:
        sink.hold_greeting = hold = Hold()
        try:
            with ThreadPoolExecutor(1) as pool:
                sending = pool.submit(send, *args)
                try:
                    assert hold.reached.wait(60), "the mail server was not reached"
                    sink.hold_greeting = None
                    yield
                finally:
                    hold.release.set()
                sending.result(60)
        finally:
            sink.hold_greeting = None

    return waiting


def test_document_reset_to_draft_while_the_server_greets_is_not_mailed(
    seller, sink, greeted_late
):
    """The one who pressed Send waits for the server; somebody else has the document."""
    address = seller.address("client")
    move_id = seller.invoice(address)
    window_id = seller.window(move_id)
    with greeted_late(seller.press_send, window_id):
        seller.admin.call("account.move", "button_draft", [move_id])
    assert sink.mails_to(address) == []
    delivery = seller.delivery(move_id)
    assert (delivery["state"], delivery["sent_datetime"]) == ("cancel", False)


def test_run_cancelled_while_the_server_greets_sends_nothing(
    seller, sink, greeted_late
):
    """The whole run is withdrawn meanwhile, before its first mail."""
    emails = [seller.address("client") for _number in range(2)]
    move_ids = review.post_many(seller, emails)
    window = Review(seller, move_ids)
    window.press_send()
    [run_id, _name] = seller.delivery(move_ids[0])["run_id"]
    with greeted_late(seller.run_cron):
        seller.user.call("invoice.send.run", "action_cancel_waiting", [run_id])
    for email, move_id in zip(emails, move_ids, strict=True):
        assert sink.mails_to(email) == []
        assert seller.delivery(move_id)["state"] == "cancel"
    assert window.run()["sent_count"] == 0


def test_one_mail_goes_without_the_document_that_was_reset_meanwhile(
    seller, sink, greeted_late
):
    """Of two documents of one mail, the other one leaves, and its link alone."""
    address = seller.address("client")
    reset = seller.invoice(address)
    [kept] = seller.user.call("account.move", "copy", [reset])
    seller.user.change("account.move", kept, {"invoice_date": "2026-11-20"})
    seller.user.call("account.move", "action_post", [kept])
    window = Review(seller, [reset, kept])
    window.type_for_all(one_mail_per_customer=True)
    window.press_send()
    name = seller.move(reset)["name"]
    with greeted_late(seller.run_cron):
        seller.admin.call("account.move", "button_draft", [reset])
    mail = sink.mail_to(address)
    assert seller.move(kept)["name"] in mail.html and name not in mail.html
    assert len(set(LINK.findall(mail.html))) == 1
    assert seller.delivery(reset)["state"] == "cancel"
    assert seller.delivery(kept)["state"] == "sent"
