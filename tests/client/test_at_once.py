"""Several requests for one link in the same moment, on a real server."""

import contextlib
import json
import re
import threading
import time
from collections import Counter

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.helpers import polling
from tests.helpers.client_page import BROWSER, LINK
from tests.helpers.row_lock import RowLock

NONCE = re.compile(r'data-nonce="([^"]+)"')

#: Where a test asks for new links from: what other tests on this server ask for is
#: counted against their network (see ``controllers.client_page.RATES``).
NETWORKS = (f"127.20.{number}.1" for number in range(256))

#: Seconds for which the client has the page before it answers: an answer of the first
#: moments is asked for again.
READING = 6


class Document:
    """An invoice that was mailed an hour ago, and its client's link."""

    def __init__(self, seller, sink, name: str) -> None:
        self.seller = seller
        address = seller.address(name)
        self.move_id = seller.invoice(address)
        seller.send(self.move_id)
        seller.make_older(self.move_id, 60)
        self.link = LINK.search(sink.mail_to(address).html)[0]

    def events(self) -> Counter:
        """Count the events of the only delivery by their kind."""
        rows = self.seller.select(
            "SELECT event_type FROM invoice_delivery_event WHERE delivery_id IN"
            " (SELECT id FROM invoice_delivery WHERE move_id = %s)",
            self.move_id,
        )
        return Counter(kind for (kind,) in rows)

    def state(self) -> tuple[str, str]:
        """Return the state of the only delivery, and what the document says of it."""
        [states] = self.seller.select(
            "SELECT delivery.state, move.invoice_delivery_state"
            " FROM invoice_delivery delivery"
            " JOIN account_move move ON move.id = delivery.move_id"
            " WHERE move.id = %s",
            self.move_id,
        )
        return states

    def open(self) -> str:
        """Open the page and return its nonce."""
        return NONCE.search(ask(self.link).text)[1]

    def notes(self, words: str) -> int:
        """Count the messages of the chatter that say something."""
        domain = [
            ("model", "=", "account.move"),
            ("res_id", "=", self.move_id),
            ("body", "ilike", words),
        ]
        return self.seller.admin.count("mail.message", domain)


def ask(url: str, network: str = "", **data: object) -> requests.Response:
    """Ask for a page, or send a form, as the client's browser does.

    :param network: address of this machine to ask from
    """
    method = "POST" if data else "GET"
    with requests.Session() as session:
        session.mount("http://", From(network))
        return session.request(
            method, url, data=data, headers=BROWSER, timeout=120, allow_redirects=False
        )


class From(HTTPAdapter):
    """Asks from an address of one's choice."""

    def __init__(self, network: str) -> None:
        self.source = (network, 0) if network else None
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        """Let the connections begin there."""
        return super().init_poolmanager(*args, source_address=self.source, **kwargs)


def at_once(*calls) -> list:
    """Call all of these in the same moment and return what they give, in order."""
    gate = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def run(number, call):
        gate.wait()
        results[number] = call()

    threads = [
        threading.Thread(target=run, args=(number, call))
        for number, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def document(request, seller, sink):
    """A document of the test's own."""
    return Document(seller, sink, "atonce")


def test_many_readers_at_once_get_the_page_and_are_noted_once_each(document):
    answers = at_once(*[lambda: ask(document.link)] * 10)
    assert {answer.status_code for answer in answers} == {200}
    assert document.events()["open"] == 10
    assert len({NONCE.search(answer.text)[1] for answer in answers}) == 10


def test_many_pictures_at_once_are_noted_once_each(document):
    picture = f"{document.link}/open.gif"
    answers = at_once(*[lambda: ask(picture)] * 10)
    assert {answer.status_code for answer in answers} == {200}
    assert document.events()["open"] == 10
    # a burst is a machine's; whoever had to wait for his turn comes after it
    assert document.state() in [("sent", "sent"), ("open", "open")]


def test_many_beacons_at_once_are_noted_once_each(document):
    nonce = document.open()
    beacon = {"nonce": nonce, "visible_ms": 5000, "inputs": 3, "first_input_ms": 900}
    calls = [
        lambda: requests.post(
            f"{document.link}/seen", json.dumps(beacon), headers=BROWSER, timeout=120
        )
    ] * 6
    assert {answer.status_code for answer in at_once(*calls)} == {204}
    assert document.events()["view"] == 6


def test_beacon_is_noted_where_somebody_else_changes_the_delivery(document):
    """Odoo asks the controller again, and the beacon is still there."""
    beacon = {"nonce": document.open(), "visible_ms": 5000}
    beacon |= {"inputs": 3, "first_input_ms": 900}
    time.sleep(READING)
    with contextlib.closing(document.seller.connect()) as other:
        lock = RowLock(other, document.move_id)
        lock.take()
        with other.cursor() as cursor:
            change = "UPDATE invoice_delivery SET write_date = now() WHERE move_id = %s"
            cursor.execute(change, [document.move_id])
        arguments = (f"{document.link}/seen", json.dumps(beacon))
        options = {"headers": BROWSER, "timeout": 120}
        post = threading.Thread(target=requests.post, args=arguments, kwargs=options)
        post.start()
        polling.until(lock.is_waited_for, "the beacon waits")
        other.commit()
        post.join()
    assert document.events()["view"] == 1


def test_pdf_that_two_ask_for_at_once_is_made_once(document):
    answers = at_once(*[lambda: ask(f"{document.link}/pdf")] * 4)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    files = document.seller.select(
        "SELECT id FROM ir_attachment WHERE res_model = 'account.move' AND res_id = %s"
        " AND mimetype = 'application/pdf'",
        document.move_id,
    )
    assert len(files) == 1
    assert document.events()["download"] == 4


def test_form_that_is_sent_twice_at_once_is_one_answer(document):
    nonce = document.open()
    time.sleep(READING)
    form = {"nonce": nonce, "name": "Ana Pop"}
    answers = at_once(*[lambda: ask(f"{document.link}/accept", **form)] * 3)
    assert {answer.status_code for answer in answers} == {303}
    assert document.events()["accept"] == 1
    assert document.notes("Accepted by Ana Pop") == 1
    assert document.seller.delivery(document.move_id)["state"] == "accept"


def test_of_two_answers_at_once_both_are_kept_and_the_last_is_in_force(document):
    nonces = [document.open(), document.open()]
    time.sleep(READING)
    said = {"name": "Ana Pop", "reason": "Too much"}
    answers = at_once(
        lambda: ask(f"{document.link}/accept", nonce=nonces[0], **said),
        lambda: ask(f"{document.link}/return", nonce=nonces[1], **said),
    )
    assert {answer.status_code for answer in answers} == {303}
    assert document.events()["accept"] == document.events()["return"] == 1
    [(last, in_force, state)] = document.seller.select(
        "SELECT (SELECT event_type FROM invoice_delivery_event WHERE delivery_id = d.id"
        " AND event_type IN ('accept', 'return') ORDER BY event_datetime DESC, id DESC"
        " LIMIT 1), e.event_type, d.state FROM invoice_delivery d"
        " JOIN invoice_delivery_event e ON e.id = d.answer_event_id"
        " WHERE d.move_id = %s",
        document.move_id,
    )
    assert last == in_force == state
    move = document.seller.move(document.move_id)
    assert move["invoice_delivery_state"] == state
    # what is returned is somebody's work as long as it is not accepted after all
    open_activities = document.seller.admin.count(
        "mail.activity",
        [("res_model", "=", "account.move"), ("res_id", "=", document.move_id)],
    )
    assert open_activities == (state == "return")


def test_document_that_is_reset_while_it_is_accepted_is_either(document):
    nonce = document.open()
    time.sleep(READING)
    form = {"nonce": nonce, "name": "Ana Pop"}
    answer, _done = at_once(
        lambda: ask(f"{document.link}/accept", **form),
        lambda: document.seller.user.call(
            "account.move", "button_draft", [document.move_id]
        ),
    )
    assert answer.status_code in (303, 404)
    was_accepted = answer.status_code == 303
    assert document.events()["accept"] == was_accepted
    [(state, is_alive, is_current)] = document.seller.select(
        "SELECT state, is_link_alive, is_current FROM invoice_delivery"
        " WHERE move_id = %s",
        document.move_id,
    )
    assert (state == "accept") == was_accepted
    assert not is_alive and not is_current
    assert not document.seller.move(document.move_id)["invoice_delivery_state"]
    assert ask(f"{document.link}/accept", **form).status_code == 404


def test_renewals_asked_for_at_once_mail_no_more_than_those_of_a_day(document):
    """Whoever asks while another one is served gets the same answer, and no mail."""
    [delivery] = document.seller.deliveries(document.move_id)
    document.seller.user.call("invoice.delivery", "action_renew_link", [delivery["id"]])
    form = {"network": next(NETWORKS), "a": "b"}
    answers = at_once(*[lambda: ask(f"{document.link}/renew", **form)] * 6)
    assert {answer.status_code for answer in answers} == {404}
    assert 1 <= document.events()["linkmail"] == document.events()["renew"] <= 3
    for _again in range(3):
        assert ask(f"{document.link}/renew", **form).status_code == 404
    assert document.events()["linkmail"] == document.events()["renew"] == 3


def test_client_who_looks_before_the_mail_server_said_yes_is_noted_once(seller, sink):
    """The worker writes its verdict on what the visitor changed meanwhile."""
    address = seller.address("early")
    move_id = seller.invoice(address)
    statuses = []

    def look():
        link = LINK.search(sink.mails_to(address)[-1].html)[0]
        for path in ("", "/open.gif", "/pdf"):
            statuses.append(ask(link + path).status_code)

    sink.treat(address, on_taken=look)
    seller.send(move_id)
    polling.until(
        lambda: seller.delivery(move_id)["state"] != "outgoing", "the verdict"
    )
    assert statuses == [200, 200, 200]
    assert len(sink.mails_to(address)) == 1
    delivery = seller.delivery(move_id)
    assert delivery["state"] in ("sent", "open")
    assert delivery["attempt_count"] == 1
    rows = seller.select(
        "SELECT event_type, count(*) FROM invoice_delivery_event"
        " WHERE delivery_id = %s GROUP BY 1",
        delivery["id"],
    )
    assert dict(rows) == {"sent": 1, "open": 2, "download": 1}


def test_filter_that_does_all_before_it_takes_the_mail_lights_no_eye(seller, sink):
    """A gateway follows the links while the mail server waits for its word."""
    address = seller.address("gateway")
    move_id = seller.invoice(address)
    statuses = []

    def walk():
        link = LINK.search(sink.mails_to(address)[-1].html)[0]
        nonce = NONCE.search(ask(link).text)[1]
        time.sleep(2.5)  # as slow as a person's hand
        form = {"nonce": nonce, "name": "Gateway"}
        statuses.append(ask(link, nonce=nonce).status_code)
        statuses.append(ask(f"{link}/pdf?nonce={nonce}").status_code)
        statuses.append(ask(f"{link}/accept", **form).status_code)

    sink.treat(address, on_taken=walk)
    seller.send(move_id)
    state = polling.until(
        lambda: seller.delivery(move_id)["state"].replace("outgoing", ""), "the verdict"
    )
    assert statuses == [200, 200, 422]
    assert state in ("sent", "open")
    assert not seller.delivery(move_id)["view_datetime"]
