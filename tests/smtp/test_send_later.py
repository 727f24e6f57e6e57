"""Send later and the undo pause, with Odoo's own worker and no browser (B18)."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from tests.helpers import polling, review
from tests.helpers.odoo_server import OdooServer
from tests.helpers.review import Review
from tests.helpers.rpc import RpcError

RUN = "invoice.send.run"
#: Odoo's workers look at their jobs once a minute, each with a second more than the
#: one before; the rest is for the mail itself.
A_MINUTE = 60 + 5
UNDO_SECONDS = 10


@pytest.fixture(scope="module", autouse=True)
def worker(seller, dev_environment, tmp_path_factory) -> Iterator[OdooServer]:
    """An Odoo that runs scheduled actions by itself."""
    log = tmp_path_factory.mktemp("later") / "odoo.log"
    server = OdooServer(dev_environment, seller.database, log, cron_threads=1)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def make_window(seller):
    """Post invoices and open the window; returns it, the documents, their addresses."""

    def opened(count=2):
        emails = [seller.address("later") for _number in range(count)]
        move_ids = review.post_many(seller, emails)
        return Review(seller, move_ids), move_ids, emails

    return opened


def now() -> datetime:
    """Return the moment in UTC, as Odoo writes it down."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def sent_at(seller, move_id) -> datetime | None:
    """Return when the mail server took a document's mail."""
    moment = seller.delivery(move_id)["sent_datetime"]
    return datetime.fromisoformat(moment) if moment else None


def wait_until_sent(seller, move_ids, seconds) -> list[datetime]:
    """Wait for the mails of documents and return when they left."""
    polling.until(
        lambda: all(sent_at(seller, move_id) for move_id in move_ids),
        "the mails",
        seconds,
    )
    return [sent_at(seller, move_id) for move_id in move_ids]


def count_mails(sink, emails) -> list[int]:
    """Return how many mails each of these addresses has."""
    return [len(sink.mails_to(email)) for email in emails]


def test_mails_leave_in_time_without_a_browser(seller, sink, make_window):
    """Send later for many and for one, and the undo pause whose tab was closed.

    Not a second before, a minute after at most, each once.
    """
    later = now().replace(microsecond=0) + timedelta(seconds=20)
    chosen = f"{later:%Y-%m-%d %H:%M:%S}"
    window, move_ids, emails = make_window()
    window.type_for_all(scheduled_datetime=chosen)
    single = seller.invoice(seller.address("later"))
    action = seller.send(single, scheduled_datetime=chosen)
    assert "leaves on" in action["params"]["message"]
    window.press_send()
    with seller.company_setting(invoice_undo_seconds=UNDO_SECONDS):
        paused, paused_ids, paused_emails = make_window()
        pause = now().replace(microsecond=0) + timedelta(seconds=UNDO_SECONDS)
        paused.press_send()
    run_a_pass(seller)
    for start, ids in ((pause, paused_ids), (later, [*move_ids, single])):
        moments = wait_until_sent(seller, ids, 20 + A_MINUTE)
        assert all(start <= at <= start + timedelta(seconds=A_MINUTE) for at in moments)
    assert count_mails(sink, emails + paused_emails) == [1] * 4
    assert len(sink.mails_to(seller.delivery(single)["email"])) == 1
    assert window.run()["state"] == paused.run()["state"] == "done"


def test_what_waits_for_its_time_can_be_cancelled(seller, sink, make_window):
    """Nothing of it leaves, the run is over, and the invoice has no envelope."""
    window, move_ids, emails = make_window()
    later = now() + timedelta(seconds=2)
    window.type_for_all(scheduled_datetime=f"{later:%Y-%m-%d %H:%M:%S}")
    window.press_send()
    run_id = window.run()["id"]
    assert window.run()["waiting_count"] == 2
    seller.user.call(RUN, "action_cancel_waiting", [run_id])
    polling.until(lambda: now() > later, "the time that was chosen")
    run_a_pass(seller)
    assert count_mails(sink, emails) == [0, 0]
    run = window.run()
    assert (run["skipped_count"], run["waiting_count"], run["state"]) == (2, 0, "done")
    for move_id in move_ids:
        assert seller.delivery(move_id)["state"] == "cancel"
        assert not seller.move(move_id)["invoice_delivery_state"]
    with pytest.raises(RpcError, match="Nothing waits"):
        seller.user.call(RUN, "action_cancel_waiting", [run_id])


def run_a_pass(seller) -> None:
    """Run the scheduled action once; the worker may just be at it."""

    def has_run():
        try:
            seller.run_cron()
        except RpcError as error:
            assert "already executing" in str(error)
            return False
        return True

    polling.until(has_run, "a pass of the scheduled action", 60)


@pytest.fixture
def undo_pause(seller) -> Iterator[None]:
    """The company's pause, as it is by default."""
    with seller.company_setting(invoice_undo_seconds=UNDO_SECONDS):
        yield


def test_mails_leave_after_the_undo_pause_and_not_before(
    seller, sink, make_window, undo_pause
):
    """At its end the browser wakes the workers: they do not idle for a minute."""
    window, move_ids, emails = make_window()
    pressed = now()
    action = window.press_send()
    assert action["tag"] == "invoice_send_client.undo"
    assert action["params"]["seconds"] == UNDO_SECONDS
    run_a_pass(seller)
    assert count_mails(sink, emails) == [0, 0]
    end = pressed + timedelta(seconds=UNDO_SECONDS)
    assert now() < end, "the machine was too slow to tell anything"
    polling.until(lambda: now() > end + timedelta(seconds=1), "the end of the pause")
    seller.user.call(RUN, "action_start", action["params"]["run_ids"])
    moments = wait_until_sent(seller, move_ids, 20)
    assert all(at >= end - timedelta(seconds=1) for at in moments)
    assert count_mails(sink, emails) == [1, 1]


def test_undone_sending_never_leaves_and_can_be_sent_again(
    seller, sink, make_window, undo_pause
):
    """Undo gives the window back; what is sent from it then leaves once."""
    window, _move_ids, emails = make_window()
    [run_id] = window.press_send()["params"]["run_ids"]
    action = seller.user.call(RUN, "action_undo", [run_id])
    assert (action["res_model"], action["res_id"]) == (review.WINDOW, window.id)
    time.sleep(UNDO_SECONDS)
    run_a_pass(seller)
    assert count_mails(sink, emails) == [0, 0]
    [again] = window.press_send()["params"]["run_ids"]
    time.sleep(UNDO_SECONDS)
    seller.user.call(RUN, "action_start", [again])
    polling.until(lambda: window.run()["state"] == "done", "the end of the run", 60)
    assert count_mails(sink, emails) == [1, 1]


def test_undo_comes_too_late_once_mails_have_left(
    seller, sink, make_window, undo_pause
):
    """It says so, and withdraws nothing."""
    window, move_ids, emails = make_window()
    [run_id] = window.press_send()["params"]["run_ids"]
    time.sleep(UNDO_SECONDS)
    seller.user.call(RUN, "action_start", [run_id])
    wait_until_sent(seller, move_ids, 20)
    with pytest.raises(RpcError, match="too late"):
        seller.user.call(RUN, "action_undo", [run_id])
    assert count_mails(sink, emails) == [1, 1]
