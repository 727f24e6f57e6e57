"""120 documents, twenty deaths of the server: none lost, none twice (B3, B5)."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.helpers import cron_worker, polling, review
from tests.helpers.odoo_server import OdooServer
from tests.helpers.review import Review

DOCUMENTS = 120
KILLS = 20
WORKERS = 2
#: A start lives so many seconds, or recipients, after its first one: there has to be
#: work left for the last kill.
LONGEST_LIFE, MOST_RECIPIENTS = 1.2, 2
#: Seconds for the rest after the last start, Odoo's own idle minute included.
FINISH_SECONDS = 120
#: Name that the database knows the dying servers by.
APPLICATION = "invoice-crash-run"
#: Another run of the dice: SEED=42 ./dev test tests/crash/test_crash_run.py -s
SEED = int(os.environ.get("SEED", "15"))
#: Odoo with processes instead of threads: PREFORK=2
PREFORK = int(os.environ.get("PREFORK", "0"))

UNTOLD = """
    SELECT count(*) FROM invoice_send_run_line WHERE run_id = %s AND is_summary_due
"""
OPEN_ATTEMPTS = """
    SELECT id FROM invoice_delivery
     WHERE run_id = %s AND state = 'outgoing' AND attempt_datetime IS NOT NULL
"""


#: Connections that the database has not given up yet of a server that was killed: it
#: still does what it was told.
STILL_CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"


class CrashRun:
    """One press of Send, worked on by servers that die.

    :ivar broken: ids of the deliveries that were leaving, for each kill
    :ivar seconds: from the last start to the end of the run
    """

    def __init__(self, seller, server) -> None:
        self.seller, self.sink, self.server = seller, seller.sink, server
        self.emails = [seller.address("crash") for _number in range(DOCUMENTS)]
        self.move_ids = review.post_many(seller, self.emails)
        self.window = Review(seller, self.move_ids)
        self.window.press_send()
        self.run_id = self.window.run()["id"]
        self.broken: list[set[int]] = []
        self.seconds = 0.0

    def count_asked(self) -> int:
        """Return how many recipients the mail server was asked for so far."""
        return sum(self.sink.asked[email] for email in self.emails)

    def crash(self, life: float) -> None:
        """Start the server, and kill it some time after its first recipient."""
        before = self.count_asked()
        self.server.launch()
        cron_worker.wake_until(
            self.seller, lambda: self.count_asked() > before, "the first recipient", 60
        )
        end, most = time.monotonic() + life, before + MOST_RECIPIENTS
        polling.until(
            lambda: time.monotonic() >= end or self.count_asked() >= most, "its end"
        )
        self.server.kill()
        polling.until(
            lambda: self.seller.select(STILL_CONNECTED, APPLICATION) == [(0,)],
            "what the database does last",
        )
        # one that nobody has found yet since an earlier death counts for that one
        left = {found for (found,) in self.seller.select(OPEN_ATTEMPTS, self.run_id)}
        self.broken.append(left.difference(*self.broken))

    def finish(self) -> None:
        """Start the server once more and let it come to the end by itself."""
        start = time.monotonic()
        self.server.launch()
        polling.until(self.has_ended, "the end", FINISH_SECONDS)
        self.seconds = time.monotonic() - start

    def has_ended(self) -> bool:
        """Tell whether nothing waits, and all documents say what became of them."""
        if self.window.run()["state"] != "done":
            return False
        return self.seller.select(UNTOLD, self.run_id) == [(0,)]

    def deliveries(self) -> list[dict]:
        """Read what became of all recipients."""
        names = ["email", "state", "failure_type", "failure_reason", "move_id"]
        domain = [("run_id", "=", self.run_id)]
        return self.seller.user.search("invoice.delivery", domain, *names)


@pytest.fixture(scope="module")
def server_options() -> dict[str, int]:
    """How the Odoo is started that dies."""
    return {"cron_threads": WORKERS, "workers": PREFORK}


@pytest.fixture(scope="module")
def crash_run(
    seller, dev_environment, tmp_path_factory, server_options
) -> Iterator[CrashRun]:
    """A run that is over, after twenty deaths."""
    log = tmp_path_factory.mktemp("crash") / "odoo.log"
    server = OdooServer(
        dev_environment,
        seller.database,
        log,
        PGAPPNAME=APPLICATION,
        **server_options,
    )
    dice = random.Random(SEED)
    run = CrashRun(seller, server)
    try:
        for _kill in range(KILLS):
            run.crash(dice.uniform(0, LONGEST_LIFE))
        run.finish()
        print(
            f"seed {SEED}: mails leaving at each kill {[*map(len, run.broken)]},"
            f" {run.seconds:.0f} s from the last start to the end"
        )
        yield run
    finally:
        server.stop()


def test_no_document_is_lost(crash_run):
    """Each recipient was sent to or may have been, and the run adds up."""
    states = Counter(
        (delivery["state"], delivery["failure_type"])
        for delivery in crash_run.deliveries()
    )
    unknown = states[("error", "unknown")]
    assert states == Counter(
        {("sent", False): DOCUMENTS - unknown, ("error", "unknown"): unknown}
    )
    run = crash_run.window.run()
    counts = [run[f"{word}_count"] for word in ("sent", "failed", "skipped", "waiting")]
    assert counts == [DOCUMENTS - unknown, unknown, 0, 0]


def test_no_mail_arrives_twice(crash_run, sink):
    """One mail to each that counts as sent, one at most to each that may have it."""
    for delivery in crash_run.deliveries():
        mails = len(sink.mails_to(delivery["email"]))
        assert mails == 1 or (mails == 0 and delivery["state"] == "error"), delivery


def test_each_kill_leaves_one_unknown_a_worker_at_most(crash_run):
    """Only what was leaving at that moment is in doubt, and all of it is."""
    assert max(map(len, crash_run.broken)) <= WORKERS
    deliveries = crash_run.deliveries()
    unknown = {d["id"] for d in deliveries if d["failure_type"] == "unknown"}
    assert unknown == set().union(*crash_run.broken)
    assert len(crash_run.broken) == KILLS


def test_each_unknown_is_shown(crash_run, seller):
    """In words at the recipient, as a problem at the document."""
    for delivery in crash_run.deliveries():
        move = seller.move(delivery["move_id"][0])
        if delivery["state"] == "sent":
            assert move["invoice_delivery_state"] == "sent"
            assert not move["invoice_delivery_problem"]
            continue
        assert "may have arrived" in delivery["failure_reason"]
        assert move["invoice_delivery_state"] == "error"
        assert move["invoice_delivery_problem"] and not move["invoice_sent_datetime"]


def test_rest_is_done_soon_after_the_last_start(crash_run):
    """Within two minutes, though nobody woke the workers."""
    assert crash_run.seconds < FINISH_SECONDS


def test_job_is_not_parked_by_deaths(crash_run, seller):
    """Odoo takes a death for a time-out, and parks a job that times out too often."""
    assert cron_worker.read_job(seller)["active"]
    assert cron_worker.read_job(seller)["failure_count"] == 0
