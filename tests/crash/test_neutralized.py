"""A neutralized copy of a database sends nothing, whoever asks (B3, B5)."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from devenv import database
from tests.helpers import cron_worker, polling, review
from tests.helpers.odoo_server import OdooServer
from tests.helpers.review import Review
from tests.helpers.rpc import RpcError
from tests.helpers.seller import Seller

QUEUE = "mail.ir_cron_mail_scheduler_action"


@pytest.fixture(scope="module")
def server(dev_environment, tmp_path_factory) -> Iterator[OdooServer]:
    """An Odoo on a database of its own."""
    name = f"isc_test_{os.getpid()}-neutralized"
    database.create(dev_environment, name)
    log = tmp_path_factory.mktemp("neutralized") / "odoo.log"
    server = OdooServer(dev_environment, name, log)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        database.drop(dev_environment, name)


def neutralize(server: OdooServer) -> None:
    """Do to the database what is done to a copy (``odoo neutralize``)."""
    server.stop()
    subprocess.run(
        server.env.command("neutralize", f"--database={server.database}"),
        env=server.env.variables(),
        check=True,
        capture_output=True,
    )


class Copy:
    """The copy, in which mails wait: many of one press, one that was put off.

    :ivar mails: what had left before
    """

    def __init__(self, dev_environment, server, sink) -> None:
        seller = Seller(dev_environment, server, sink)
        company = {"invoice_mail_server_id": seller.mail_server_id}
        seller.admin.change("res.company", seller.company_id, company)
        emails = [seller.address("waiting") for _number in range(3)]
        self.move_ids = review.post_many(seller, emails)
        self.window = Review(seller, self.move_ids)
        self.window.press_send()
        put_off = seller.address("put_off")
        sink.treat(put_off, rcpt="451 4.7.1 Greylisted")
        self.move_ids.append(seller.invoice(put_off))
        seller.send(self.move_ids[-1])
        sink.treat(put_off)
        self.others = review.post_many(
            seller, [seller.address("press") for _number in range(4)]
        )
        self.seller = seller
        self.use_original()
        neutralize(server)
        server.cron_threads = 1
        server.start()
        self.seller = seller.through(server)
        self.mails = len(sink.mails)

    def use_original(self) -> None:
        """What else happens before the copy is made: nothing."""

    def states(self, move_ids) -> set[str]:
        """Return the states of these documents' recipients."""
        return {self.seller.delivery(move_id)["state"] for move_id in move_ids}


@pytest.fixture(scope="module")
def copy(dev_environment, server, sink) -> Copy:
    """The copy, served with a worker for scheduled actions."""
    return Copy(dev_environment, server, sink)


def test_press_of_send_for_many_says_that_nothing_is_sent(copy, sink):
    """The scheduled action is off in a copy: the window says so and sends nothing."""
    window = Review(copy.seller, copy.others[:2])
    with pytest.raises(RpcError, match="switched off"):
        window.press_send()
    assert len(sink.mails) == copy.mails


def test_press_of_send_for_one_says_that_it_is_a_copy(copy, sink):
    """The user reads why, and where to send from."""
    move_id = copy.others[2]
    [problem] = copy.seller.problems(copy.seller.send(move_id))
    assert "neutralized copy" in problem
    assert copy.states([move_id]) == {"error"}
    assert len(sink.mails) == copy.mails


def test_mail_queue_sends_nothing(copy, sink):
    """Odoo's own queue finds none of our mails."""
    copy.seller.run_cron(QUEUE)
    assert len(sink.mails) == copy.mails


def test_what_waited_in_the_original_does_not_wait_in_the_copy(copy, sink):
    """It is withdrawn, not left for whoever switches something on again."""
    assert copy.states(copy.move_ids) == {"cancel"}
    run = copy.window.run()
    assert (run["skipped_count"], run["waiting_count"]) == (3, 0)
    for move_id in copy.move_ids:
        assert not copy.seller.move(move_id)["invoice_delivery_state"]
    assert len(sink.mails) == copy.mails


def test_scheduled_action_switched_on_again_sends_nothing(copy, sink):
    """Neither what waited nor what is sent from now on, and that says why."""
    seller = copy.seller
    job_id = seller.admin.ref(cron_worker.SENDING)
    seller.admin.change("ir.cron", job_id, {"active": True})
    window = Review(seller, copy.others[:2])
    window.press_send()
    polling.until(lambda: window.run()["state"] == "done", "the worker", 90)
    assert window.run()["failed_count"] == 2
    for move_id in copy.others[:2]:
        delivery = seller.delivery(move_id)
        assert delivery["state"] == "error"
        assert "neutralized copy" in delivery["failure_reason"]
    assert copy.states(copy.move_ids) == {"cancel"}
    seller.user.call("invoice.send.run", "action_retry_failed", [window.run()["id"]])
    polling.until(lambda: window.run()["state"] == "done", "the worker", 90)
    assert copy.states(copy.others[:2]) == {"error"}
    assert len(sink.mails) == copy.mails
