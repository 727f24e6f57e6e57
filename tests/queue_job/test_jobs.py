"""With OCA's job queue: one job a document, by as many workers as it has."""

from collections import Counter

from tests.helpers import cron_worker, polling, review
from tests.helpers.review import Review

DOCUMENTS = 12


def read_jobs(seller, kind: str = "mail") -> list[tuple]:
    """Read key, state, error and process of all jobs, oldest first."""
    return seller.select(
        "SELECT identity_key, state, exc_info, worker_pid FROM queue_job"
        " WHERE identity_key LIKE %s ORDER BY id",
        f"invoice_send_client-{kind}-%",
    )


def press(seller, count: int = DOCUMENTS, **row) -> tuple[Review, list[str]]:
    """Press Send for some documents; return the window and their addresses."""
    emails = [seller.address("job") for _number in range(count)]
    move_ids = review.post_many(seller, emails)
    window = Review(seller, move_ids)
    for move_id in move_ids if row else ():
        window.type(move_id, **row)
    window.press_send()
    return window, emails


def wait_for_end(seller, window: Review, seconds: float = 90) -> None:
    """Wait until nothing of the run waits."""
    cron_worker.wake_until(
        seller, lambda: window.run()["state"] == "done", "the run's end", seconds
    )


def test_one_job_a_document_and_two_workers_share_a_run(seller, sink, start):
    """Each document has one job, each recipient one mail, both workers some."""
    before = len(read_jobs(seller))
    window, emails = press(seller, document_mode="attachment")
    start(workers=4, cron_threads=1, jobs=2)
    wait_for_end(seller, window)
    assert [len(sink.mails_to(email)) for email in emails] == [1] * DOCUMENTS
    run = window.run()
    assert (run["sent_count"], run["failed_count"]) == (DOCUMENTS, 0)
    polling.until(
        lambda: {job[1] for job in read_jobs(seller)} == {"done"}, "the jobs' end"
    )
    jobs = read_jobs(seller)[before:]
    assert len(jobs) == len({key for key, *_rest in jobs}) == DOCUMENTS
    assert len({pid for *_rest, pid in jobs}) > 1, Counter(job[3] for job in jobs)
