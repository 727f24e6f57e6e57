"""A document that can't be prepared parks alone with its reason; others go (B3)."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest

from tests.helpers import cron_worker, polling, review
from tests.helpers.odoo_server import OdooServer
from tests.helpers.pdf_engine import PdfEngine
from tests.helpers.review import Review
from tests.helpers.row_lock import RowLock

TRIES, PAUSES = 5, [1, 5, 15, 60]
#: Words in customers' names, hence in their documents.
DEADLY, CHANGING, BROKEN = "Poisondeadly", "Poisonchanging", "Poisonbroken"


class Press:
    """One press of Send: a poison document first, good ones behind it.

    :ivar poison: the document that can't be prepared
    :ivar emails: the addresses of the good ones
    """

    def __init__(self, seller, name: str = "Alfa SRL") -> None:
        self.seller, self.sink = seller, seller.sink
        self.email = seller.address("poison")
        [self.poison] = review.post_many(seller, [self.email], name=name)
        self.emails = [seller.address("good") for _number in range(3)]
        good = review.post_many(seller, self.emails)
        self.window = Review(seller, [self.poison, *good])
        self.window.type(self.poison, document_mode="attachment")

    def are_others_sent(self) -> bool:
        """Tell whether each good one has its mail."""
        return all(len(self.sink.mails_to(email)) == 1 for email in self.emails)

    def pause(self) -> int | None:
        """Return for how many minutes the poison one is put off, if it is."""
        due = self.seller.delivery(self.poison)["next_attempt_datetime"]
        if not due:
            return None
        moment = datetime.fromisoformat(due).replace(tzinfo=timezone.utc)
        return round((moment - datetime.now(timezone.utc)).total_seconds() / 60)

    def let_be_due(self) -> None:
        """End the pause of the poison one, if it has one."""
        if self.pause():
            self.seller.make_due(self.poison)
            cron_worker.trigger(self.seller)

    def try_until_parked(self) -> list[int]:
        """Run the scheduled action again and again, each time after the pause.

        :return: the pauses in minutes
        """
        pauses = []
        while self.seller.delivery(self.poison)["state"] == "outgoing":
            assert len(pauses) < TRIES, pauses
            self.seller.run_cron()
            if (pause := self.pause()) is not None:
                pauses.append(pause)
                self.seller.make_due(self.poison)
        return pauses

    def assert_parked(self, failure_type: str, *words: str) -> None:
        """Check that the poison one says why it stays, and that all others went."""
        delivery = self.seller.delivery(self.poison)
        told = delivery["state"], delivery["failure_type"]
        assert told == ("error", failure_type), delivery
        assert all(word in delivery["failure_reason"] for word in words), delivery
        assert self.sink.mails_to(self.email) == []
        assert self.are_others_sent()
        run = self.window.run()
        assert (run["sent_count"], run["failed_count"]) == (3, 1)
        assert (run["waiting_count"], run["state"]) == (0, "done")
        assert self.seller.move(self.poison)["invoice_delivery_problem"]

    @property
    def name(self) -> str:
        """The poison document's name."""
        return self.seller.move(self.poison)["name"]

    def assert_sent_by_retry(self) -> None:
        """Check that "Retry the failed" sends it, once it can be prepared."""
        run_id = self.window.run()["id"]
        self.seller.user.call("invoice.send.run", "action_retry_failed", [run_id])
        self.seller.run_cron()
        assert self.seller.delivery(self.poison)["state"] == "sent"
        assert len(self.sink.mails_to(self.email)) == 1
        assert self.are_others_sent()


@pytest.fixture
def engine(dev_environment, tmp_path) -> PdfEngine:
    """A PDF engine that documents can harm."""
    return PdfEngine(dev_environment, tmp_path)


@pytest.fixture
def start(seller, dev_environment, engine, tmp_path) -> Iterator:
    """Start an Odoo with that engine on the session's database."""
    with contextlib.ExitStack() as stack:

        def started(**options):
            log = tmp_path / "odoo.log"
            variables = engine.variables()
            server = OdooServer(
                dev_environment, seller.database, log, **options, **variables
            )
            stack.callback(server.stop)
            server.start()
            return server

        yield started


def test_document_that_kills_its_worker_is_parked_and_holds_up_nobody(
    seller, engine, start
):
    """The worker dies at each try: with the others at hand, then with it alone; from
    then on the others come first."""
    engine.harm(DEADLY, "kill -9 $PPID; exit 1")
    press = Press(seller, DEADLY)
    start(workers=1, cron_threads=1)
    press.window.press_send()
    cron_worker.wake_until(seller, press.are_others_sent, "the others' mails", 120)
    assert engine.begun(DEADLY) <= 2

    def is_done():
        press.let_be_due()
        return press.window.run()["state"] == "done"

    cron_worker.wake_until(seller, is_done, "the end of the run", 120)
    assert engine.begun(DEADLY) == TRIES
    press.assert_parked("render", press.name, str(TRIES))
    job = cron_worker.read_job(seller)
    assert (job["active"], job["failure_count"]) == (True, 0)


def test_locked_document_is_put_off_and_parked_and_holds_up_nobody(seller):
    """Somebody keeps the document locked: five tries, longer and longer pauses."""
    press = Press(seller)
    press.window.press_send()
    lock = RowLock(seller.connect(), press.poison, RowLock.DOCUMENT)
    lock.take()
    try:
        seller.run_cron()
        assert press.are_others_sent()
        assert press.pause() == PAUSES[0]
        reason = seller.delivery(press.poison)["failure_reason"]
        assert "changed by somebody else" in reason
        seller.run_cron()
        assert press.pause() == PAUSES[0]  # not before its time
        seller.make_due(press.poison)
        assert press.try_until_parked() == PAUSES[1:]
        assert seller.delivery(press.poison)["state"] == "error"
    finally:
        lock.release()
    seller.run_cron()  # the invoice itself can say it from now on
    press.assert_parked("render", press.name, "changed by somebody else")
    press.assert_sent_by_retry()


def test_document_that_is_changed_at_each_try_is_parked_and_holds_up_nobody(
    seller, dev_environment, engine, start
):
    """Somebody changes the document while it is prepared: PostgreSQL refuses ours."""
    press = Press(seller, CHANGING)
    statement = (
        "UPDATE account_move SET write_date = write_date + interval '1 second'"
        f" WHERE id = {press.poison}"
    )
    psql = dev_environment.server.programs / "psql"
    engine.harm(CHANGING, f'{psql} -Xqc "{statement}" {seller.database} >&2')
    press.window.press_send()
    pauses = _through(press, start(cron_threads=0)).try_until_parked()
    assert pauses == PAUSES
    assert engine.begun(CHANGING) == 1 + TRIES  # with the others, then alone
    press.assert_parked("render", press.name, "changed by somebody else")


def _through(press, server):
    press.seller = press.seller.through(server)
    return press


@pytest.mark.parametrize(
    ("harm", "words"),
    [("kill -SEGV $$", "Wkhtmltopdf failed"), ("exit 1", "PDF could not be made")],
)
def test_document_whose_pdf_fails_is_parked_at_once_and_holds_up_nobody(
    seller, engine, start, harm, words
):
    """The engine crashes, or gives an empty file: another try would change nothing."""
    engine.harm(BROKEN, harm)
    press = _through(Press(seller, BROKEN), start(cron_threads=0))
    press.window.press_send()
    assert press.try_until_parked() == []
    assert engine.begun(BROKEN) == 1
    press.assert_parked("pdf", words)


def test_put_off_document_does_not_hold_up_what_is_sent_meanwhile(seller, sink):
    """While one waits for its time, the next press of Send goes at once."""
    press = Press(seller)
    press.window.press_send()
    lock = RowLock(seller.connect(), press.poison, RowLock.DOCUMENT)
    lock.take()
    try:
        seller.run_cron()
        other = seller.address("meanwhile")
        seller.send(seller.invoice(other))
        assert len(sink.mails_to(other)) == 1
    finally:
        lock.release()
    seller.make_due(press.poison)
    seller.run_cron()
    polling.until(lambda: press.window.run()["state"] == "done", "the run's end")
    assert seller.delivery(press.poison)["state"] == "sent"
