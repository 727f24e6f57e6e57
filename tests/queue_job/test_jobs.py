"""With OCA's job queue: one job a document, by as many workers as it has."""

import time
from collections import Counter

import pytest

from tests.helpers import cron_worker, polling, review
from tests.helpers.review import Review
from tests.helpers.smtp_sink import Hold

DOCUMENTS = 12
#: The job runner looks for dead jobs ten seconds after it handed them out, once a
#: minute where nothing else happens (queue_job/jobrunner/runner.py).
DEAD_SECONDS = 120


def read_jobs(seller, kind: str = "mail") -> list[tuple]:
    """Read key, state, error and process of all jobs, oldest first."""
    return seller.select(
        "SELECT identity_key, state, exc_info, worker_pid FROM queue_job"
        " WHERE identity_key LIKE %s ORDER BY id",
        f"invoice_send_client-{kind}-%",
    )


def open_window(seller, count: int, **row) -> tuple[Review, list[str]]:
    """Open the review window of some documents; return it and their addresses."""
    emails = [seller.address("job") for _number in range(count)]
    move_ids = review.post_many(seller, emails)
    window = Review(seller, move_ids)
    for move_id in move_ids if row else ():
        window.type(move_id, **row)
    return window, emails


def press(seller, count: int = DOCUMENTS, **row) -> tuple[Review, list[str]]:
    """Press Send for some documents; return the window and their addresses."""
    window, emails = open_window(seller, count, **row)
    window.press_send()
    return window, emails


def wait_for_end(seller, window: Review, seconds: float = 90) -> None:
    """Wait until nothing of the run waits."""
    cron_worker.wake_until(
        seller, lambda: window.run()["state"] == "done", "the run's end", seconds
    )


def wait_for_jobs(seller, kind: str = "mail") -> list[tuple]:
    """Wait until all jobs are done, and return them."""
    polling.until(
        lambda: {job[1] for job in read_jobs(seller, kind)} == {"done"}, "the jobs", 60
    )
    return read_jobs(seller, kind)


@pytest.fixture(autouse=True)
def no_old_jobs(seller):
    """Each test counts its own jobs."""
    seller.sql("DELETE FROM queue_job")
    seller.sql("UPDATE invoice_send_run_line SET is_pdf_due = FALSE")


def test_one_job_a_document_and_two_workers_share_a_run(seller, sink, start):
    """Each document has one job, each recipient one mail, both workers some."""
    window, emails = press(seller, document_mode="attachment")
    start(workers=4, cron_threads=1, jobs=2)
    wait_for_end(seller, window)
    assert [len(sink.mails_to(email)) for email in emails] == [1] * DOCUMENTS
    run = window.run()
    assert (run["sent_count"], run["failed_count"]) == (DOCUMENTS, 0)
    jobs = wait_for_jobs(seller)
    assert len(jobs) == len({key for key, *_rest in jobs}) == DOCUMENTS
    assert len({pid for *_rest, pid in jobs}) > 1, Counter(job[3] for job in jobs)


def test_document_never_has_two_jobs_that_wait(seller):
    """However often the scheduled action comes, nobody works on jobs meanwhile."""
    window, emails = press(seller, 3)
    for _pass in range(3):
        seller.run_cron()
    jobs = read_jobs(seller)
    assert len({key for key, *_rest in jobs}) == len(jobs) == len(emails)
    assert {state for _key, state, *_rest in jobs} == {"pending"}
    assert window.run()["waiting_count"] == len(emails)


def test_scheduled_action_sends_what_no_job_runner_comes_to(seller, sink):
    """The runner is not started with Odoo: after a minute nothing waits for it."""
    window, emails = press(seller, 3)
    seller.run_cron()
    assert [len(sink.mails_to(email)) for email in emails] == [0] * 3
    seller.sql("UPDATE queue_job SET date_created = date_created - interval '1 minute'")
    seller.run_cron()
    assert [len(sink.mails_to(email)) for email in emails] == [1] * 3
    assert window.run()["state"] == "done"
    assert "Is the job runner configured" in seller.server.last_words()


def test_jobs_that_come_late_send_nothing_twice(seller, sink, start):
    """The runner is started after the scheduled action did the work."""
    window, emails = press(seller, 3)
    seller.run_cron()
    seller.sql("UPDATE queue_job SET date_created = date_created - interval '1 minute'")
    seller.run_cron()
    assert window.run()["state"] == "done"
    start(jobs=2)
    jobs = wait_for_jobs(seller)
    assert len(jobs) == 3
    assert [len(sink.mails_to(email)) for email in emails] == [1] * 3


def test_job_that_dies_loses_nothing_and_sends_nothing_twice(seller, sink, start):
    """Killed while two mails leave: those may have arrived, all others go."""
    window, emails = press(seller, 4)
    leaving = dict.fromkeys(emails[:2])
    for email in leaving:
        leaving[email] = Hold()
        sink.treat(email, hold_answer=leaving[email])
    server = start(cron_threads=1, jobs=len(leaving))
    for hold in leaving.values():
        cron_worker.wake_until(seller, hold.reached.is_set, "the mails that hang", 60)
    server.kill()
    for email, hold in leaving.items():
        hold.release.set()
        sink.treat(email)
    start(cron_threads=1, jobs=2)
    wait_for_end(seller, window, DEAD_SECONDS)
    domain = [("run_id", "=", window.run()["id"])]
    deliveries = seller.user.search(
        "invoice.delivery", domain, "email", "state", "failure_type"
    )
    states = {d["email"]: (d["state"], d["failure_type"]) for d in deliveries}
    assert {states.pop(email) for email in leaving} == {("error", "unknown")}
    assert [*states.values()] == [("sent", False)] * 2
    assert [len(sink.mails_to(email)) for email in emails] == [1] * 4
    wait_for_jobs(seller)


def test_limit_of_a_mail_server_holds_for_all_workers(seller, sink, start):
    """Three mails a minute, two jobs at a time: three leave, the rest have places."""
    seller.admin.change(
        "ir.mail_server", seller.mail_server_id, {"invoice_mails_per_minute": 3}
    )
    # what other tests sent in this minute
    seller.sql(
        "UPDATE invoice_delivery"
        " SET last_attempt_datetime = last_attempt_datetime - interval '2 minutes'"
    )
    try:
        window, emails = press(seller, 9)
        start(cron_threads=1, jobs=2)
        cron_worker.wake_until(
            seller, lambda: len(read_jobs(seller)) == 9, "the jobs", 60
        )
        wait_for_jobs(seller)
        assert sum(len(sink.mails_to(email)) for email in emails) == 3
        [(first, last)] = seller.select(
            "SELECT min(next_attempt_datetime), max(next_attempt_datetime)"
            " FROM invoice_delivery WHERE run_id = %s AND state = 'outgoing'",
            window.run()["id"],
        )
        assert 50 <= (last - first).total_seconds() <= 70
        seller.user.call(
            "invoice.send.run", "action_cancel_waiting", [window.run()["id"]]
        )
    finally:
        seller.admin.change(
            "ir.mail_server", seller.mail_server_id, {"invoice_mails_per_minute": 0}
        )


def test_pdf_that_no_mail_waited_for_has_a_job_after_the_mails(seller, sink, start):
    """In link mode: each mail's job asks for one, behind all mails that are due."""
    window, emails = press(seller, 3, document_mode="link")
    start(cron_threads=1, jobs=1)
    wait_for_end(seller, window)
    polling.until(lambda: len(read_jobs(seller, "pdf")) == 3, "the PDFs' jobs")
    wait_for_jobs(seller, "pdf")
    [(mails, pdfs)] = seller.select(
        "SELECT max(date_done) FILTER (WHERE priority = 10),"
        " min(date_started) FILTER (WHERE priority = 20) FROM queue_job"
    )
    assert mails <= pdfs
    due = seller.select("SELECT id FROM invoice_send_run_line WHERE is_pdf_due")
    assert due == []
    assert all(len(sink.mails_to(email)) == 1 for email in emails)


def test_user_without_rights_to_jobs_is_told_the_end(seller, start):
    """Who pressed Send hears of it, and reads no job."""
    window, _emails = press(seller, 2)
    start(cron_threads=1, jobs=2)
    wait_for_end(seller, window)
    wait_for_jobs(seller)
    run_id = window.run()["id"]
    [run] = seller.admin.search(
        "invoice.send.run", [("id", "=", run_id)], "is_result_due"
    )
    assert not run["is_result_due"]
    told = seller.select("SELECT message FROM bus_bus")
    assert any("invoice_send_client.result" in message for (message,) in told)
    assert not seller.user.call("queue.job", "has_access", [], "read")
    owners = seller.select("SELECT DISTINCT user_id, company_id FROM queue_job")
    assert owners == [(1, seller.company_id)]


def test_one_document_is_sent_at_once_and_needs_no_job(seller, sink):
    """Its user waits for the mail server's word in the window."""
    address = seller.address("single")
    start = time.monotonic()
    seller.send(seller.invoice(address))
    assert len(sink.mails_to(address)) == 1 and time.monotonic() - start < 30
    assert read_jobs(seller) == []
