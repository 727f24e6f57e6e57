"""Three hundred recipients over a mail server on its worst day (B1-B6).

One press of Send, worked on by Odoo's own scheduler. By hand a test only lets what was
put off be due at once, instead of after 1, 5, 15 and 60 minutes.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.helpers import cron_worker, polling, review
from tests.helpers.odoo_server import OdooServer
from tests.helpers.pdf_engine import PdfEngine
from tests.helpers.poison import poisoned_letter
from tests.helpers.review import Review

RECIPIENTS = 300
#: The first documents have four recipients each: to, to, cc, bcc.
SHARED, PER_DOCUMENT = 10, 4
#: Documents that go as attachment, the poison one among them.
ATTACHMENTS = 5
#: The server goes away after so many mails, for so many seconds.
GOES_AFTER, GONE_SECONDS = 60, 60
#: Odoo's patience with a silent server, in place of a minute.
PATIENCE = 2
#: Times that what waits is made due: more than a recipient has attempts.
ROUNDS = 10
POISON_LETTER, POISON_PDF = "Poisonletter", "Poisonpdf"


#: What Odoo says of a connection that ends without an answer.
CUT_OFF = "Connection unexpectedly closed"


@dataclass
class Kind:
    """Recipients that the mail server treats alike.

    :ivar count: how many
    :ivar manner: how they are treated
    :ivar failure_type: in what it ends, empty: sent
    :ivar words: of the server, in the reason
    :ivar mails: how many arrive
    """

    count: int
    manner: dict = field(default_factory=dict)
    failure_type: str = ""
    words: str = ""
    mails: int = 1


BAD = {
    # refuses
    "nobody": Kind(14, {"rcpt": "550 5.1.1 No such user"}, "refused", "550 5.1.1", 0),
    "big": Kind(8, {"data": "552 5.3.4 Too big"}, "refused", "552 5.3.4", 0),
    # delays
    "grey": Kind(14, {"rcpt": "451 4.7.1 Greylisted", "times": 1}),
    "busy": Kind(8, {"data": "451 4.3.0 Busy", "times": 2}),
    "full": Kind(5, {"rcpt": "452 4.2.2 Full"}, "deferred", "452 4.2.2 Full", 0),
    "slow": Kind(6, {"slow": 0.2}),
    # drops
    "drop_rcpt": Kind(6, {"drop": "rcpt", "times": 1}),
    "drop_data": Kind(6, {"drop": "data", "times": 1}),
    "never_rcpt": Kind(3, {"drop": "rcpt"}, "server", "closed", 0),
    "never_data": Kind(3, {"drop": "data"}, "server", "closed", 0),
    "drop_end": Kind(6, {"drop": "end"}, "unknown", "closed", 1),
    # times out
    "silent_rcpt": Kind(2, {"silent": "rcpt", "times": 1}),
    "silent_data": Kind(2, {"silent": "data", "times": 1}),
    "silent_end": Kind(2, {"silent": "end"}, "unknown", "timed out", 1),
}
#: Documents of their own.
POISONS = {
    POISON_LETTER: Kind(1, {}, "render", "division by zero", 0),
    POISON_PDF: Kind(1, {}, "pdf", "Wkhtmltopdf failed", 0),
}


class FaultRun:
    """The press of Send.

    :ivar kinds: kind by address
    :ivar documents: the addresses of each document, by its id
    """

    def __init__(self, seller) -> None:
        self.seller, self.sink = seller, seller.sink
        self.kinds: dict[str, Kind] = {}
        shared, alone = self._draw_addresses()
        groups = [shared[i::SHARED] for i in range(SHARED)] + [[a] for a in alone]
        firsts = [group[0] for group in groups]
        self.documents = dict(
            zip(review.post_many(seller, firsts), groups, strict=True)
        )
        self.window = self._open()

    def _draw_addresses(self):
        """Give each kind its addresses, in the order in which they are sent to."""
        poisoned = sum(kind.count for kind in POISONS.values())
        good = RECIPIENTS - poisoned - sum(kind.count for kind in BAD.values())
        emails = []
        for name, kind in {**BAD, "good": Kind(good)}.items():
            for _number in range(kind.count):
                email = self.seller.address(name)
                self.kinds[email] = kind
                self.sink.treat(email, **kind.manner)
                emails.append(email)
        random.Random(7).shuffle(emails)
        return emails[: SHARED * PER_DOCUMENT], emails[SHARED * PER_DOCUMENT :]

    def _open(self) -> Review:
        for name, kind in POISONS.items():
            email = self.seller.address(name.lower())
            self.kinds[email] = kind
            [move_id] = review.post_many(self.seller, [email], name=name)
            self.documents[move_id] = [email]
        window = Review(self.seller, list(self.documents))
        move_ids = list(self.documents)
        for move_id in move_ids[:SHARED]:
            first, second, copy, hidden = self.documents[move_id]
            window.type(
                move_id, email_to=f"{first}; {second}", email_cc=copy, email_bcc=hidden
            )
        for move_id in move_ids[-ATTACHMENTS:]:
            window.type(move_id, document_mode="attachment")
        return window

    # -- while it goes on --------------------------------------------------------------

    def count_taken(self) -> int:
        """Return how many mails of this run arrived."""
        return sum(mail.recipients[0] in self.kinds for mail in list(self.sink.mails))

    def lose_server(self) -> None:
        """Let the mail server go away for a minute, in the middle."""
        cron_worker.wake_until(
            self.seller, lambda: self.count_taken() >= GOES_AFTER, "the middle", 120
        )
        with self.sink.down():
            time.sleep(GONE_SECONDS)

    def finish(self) -> None:
        """Let what was put off be due, until nothing waits."""
        for _round in range(ROUNDS):
            polling.until(self._is_idle, "the end of a round", 180)
            if self.window.run()["state"] == "done":
                return
            self.seller.sql(
                "UPDATE invoice_delivery SET next_attempt_datetime = NULL"
                " WHERE run_id = %s AND next_attempt_datetime IS NOT NULL",
                self.run_id,
            )
            cron_worker.trigger(self.seller)
        raise AssertionError(f"after {ROUNDS} rounds: {self.window.run()}")

    def _is_idle(self) -> bool:
        """Tell whether all that waits has to wait for its time."""
        [(due,)] = self.seller.select(
            "SELECT count(*) FROM invoice_delivery WHERE run_id = %s"
            " AND state = 'outgoing' AND (next_attempt_datetime IS NULL OR"
            " next_attempt_datetime <= now() AT TIME ZONE 'UTC')",
            self.run_id,
        )
        return not due

    @property
    def run_id(self) -> int:
        """The run."""
        return self.window.run()["id"]

    # -- what became of it -------------------------------------------------------------

    def deliveries(self) -> dict[str, dict]:
        """Read what became of each recipient, by address."""
        names = ["email", "role", "state", "failure_type", "failure_reason"]
        names += ["attempt_count", "sent_datetime"]
        domain = [("run_id", "=", self.run_id)]
        found = self.seller.user.search("invoice.delivery", domain, *names)
        return {delivery["email"]: delivery for delivery in found}

    def has_failed(self, emails: list[str]) -> bool:
        """Tell whether one of these was not to be reached."""
        return any(self.kinds[email].failure_type for email in emails)


@pytest.fixture(scope="module")
def server_options() -> dict[str, int]:
    """How the Odoo is started that sends."""
    return {"cron_threads": 2}


@pytest.fixture(scope="module")
def fault_run(
    seller, dev_environment, tmp_path_factory, server_options
) -> Iterator[FaultRun]:
    """A run that is over."""
    folder = tmp_path_factory.mktemp("faults")
    engine = PdfEngine(dev_environment, folder)
    engine.harm(POISON_PDF, "kill -SEGV $$")
    server = OdooServer(
        dev_environment,
        seller.database,
        folder / "odoo.log",
        **server_options,
        **engine.variables(),
        **cron_worker.impatient(PATIENCE),
    )
    start = time.monotonic()
    run = FaultRun(seller)
    posted = time.monotonic()
    with poisoned_letter(seller, POISON_LETTER, "1/0"):
        try:
            server.launch()
            run.window.press_send()
            run.lose_server()
            back = time.monotonic()
            run.finish()
        finally:
            server.stop()
    end = time.monotonic()
    print(
        f"{posted - start:.0f} s to prepare, {back - posted:.0f} s to the server's"
        f" return, {end - back:.0f} s to the end"
    )
    yield run


def test_each_good_recipient_gets_exactly_one_mail(fault_run, sink):
    """However often it was put off, dropped or kept waiting before."""
    deliveries = fault_run.deliveries()
    good = {email for email, kind in fault_run.kinds.items() if not kind.failure_type}
    assert len(fault_run.kinds) == len(deliveries) == RECIPIENTS
    wrong = [
        deliveries[email]
        for email in good
        if deliveries[email]["state"] != "sent" or len(sink.mails_to(email)) != 1
    ]
    assert wrong == []
    assert all(sink.mail_to(email) for email in good)


def test_each_bad_recipient_says_why(fault_run, sink):
    """In the server's own words; what may have arrived arrived once at most."""
    deliveries = fault_run.deliveries()
    for email, kind in fault_run.kinds.items():
        if not kind.failure_type:
            continue
        delivery = deliveries[email]
        told = delivery["state"], delivery["failure_type"]
        assert told == ("error", kind.failure_type), delivery
        words = {kind.words}
        if "silent" in kind.manner:
            words.add(CUT_OFF)  # the server went away while it was silent
        assert any(w in delivery["failure_reason"] for w in words), delivery
        assert not delivery["sent_datetime"]
        assert len(sink.mails_to(email)) == kind.mails


def test_refusal_is_final_and_a_delay_has_five_attempts(fault_run, sink):
    """5xx at once; 4xx and drops before the end of DATA as often as B6 says."""
    deliveries = fault_run.deliveries()
    for email, kind in fault_run.kinds.items():
        if kind.failure_type in ("refused", "unknown"):
            assert sink.asked[email] == 1
        if kind.failure_type in ("deferred", "server"):
            assert deliveries[email]["attempt_count"] == 5
            # one or two may have been in the lost minute
            assert 3 <= sink.asked[email] <= 5


def test_nothing_waits_any_more(fault_run, seller):
    """No attempt is left open, and the run adds up to its documents."""
    run = fault_run.window.run()
    failed = sum(map(fault_run.has_failed, fault_run.documents.values()))
    assert run == {
        "id": run["id"],
        "sent_count": len(fault_run.documents) - failed,
        "failed_count": failed,
        "skipped_count": 0,
        "waiting_count": 0,
        "state": "done",
    }
    open_attempts = [
        ("run_id", "=", run["id"]),
        "|",
        ("attempt_datetime", "!=", False),
        ("next_attempt_datetime", "!=", False),
    ]
    assert seller.admin.count("invoice.delivery", open_attempts) == 0
    states = Counter(d["state"] for d in fault_run.deliveries().values())
    assert set(states) == {"sent", "error"}


def test_invoices_say_the_same(fault_run, seller):
    """Error where nothing got through, a red mark where something did not."""
    deliveries = fault_run.deliveries()
    names = ["invoice_delivery_state", "invoice_delivery_problem"]
    moves = seller.user.call("account.move", "read", list(fault_run.documents), names)
    for move in moves:
        emails = fault_run.documents[move["id"]]
        counted = [email for email in emails if deliveries[email]["role"] != "bcc"]
        arrived = [email for email in counted if not fault_run.has_failed([email])]
        told = move["invoice_delivery_state"], move["invoice_delivery_problem"]
        state = "sent" if arrived else "error"
        assert told == (state, fault_run.has_failed(counted)), emails


def test_scheduler_is_not_parked(fault_run, seller):
    """Nothing of all this counts as a failure of the scheduled action."""
    job = cron_worker.read_job(seller)
    assert (job["active"], job["failure_count"]) == (True, 0)
