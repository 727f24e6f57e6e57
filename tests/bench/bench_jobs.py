"""Two workers of the job queue with a PDF engine each, against one with one.

Attachment mode: each document has its PDF made and leaves by SMTP. The same Odoo with
its job runner serves both; only the channel's capacity differs. Documents of both kinds
take turns in rounds, since whatever else the machine does slows one down. The time is
from the first job's begin to the last job's end. How it is started: the README.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from devenv import database, environment
from tests.helpers import cron_worker, polling, review
from tests.helpers.odoo_server import OdooServer
from tests.helpers.review import Review
from tests.helpers.seller import Seller
from tests.helpers.smtp_sink import SmtpSink

DOCUMENTS = 24
ROUNDS = 3
#: Requests of the PDF engine and of users have to be answered beside the jobs.
WORKERS = 4
WARM_UP = 4
#: Two workers send at least so many times as fast as one.
GOAL = 1.6


def main() -> int:
    """Measure, print the figure and write it where ``--json`` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    dev = environment.prepare()
    name = f"isc_bench_jobs_{os.getpid()}"
    database.create(dev, name, modules=["queue_job"])
    try:
        with tempfile.TemporaryDirectory() as folder, SmtpSink() as sink:
            figure = _run(dev, name, sink, Path(folder) / "odoo.log")
    finally:
        database.drop(dev, name)
    print("{name} {ours:g} {peer:g} {ratio:.3f}".format(**figure), flush=True)
    if told.json:
        told.json.write_text(json.dumps([figure]), encoding="utf-8")
    if 1 / figure["ratio"] < GOAL:
        sys.stderr.write(f"missed: {1 / figure['ratio']:.2f} x, not {GOAL} x\n")
    return 0


def _run(dev, name: str, sink: SmtpSink, log: Path) -> dict:
    quiet = OdooServer(dev, name, log)
    quiet.start()
    try:
        seller = Seller(dev, quiet, sink)
        taken = {jobs: [] for jobs in (1, 2)}
        for _round in range(ROUNDS):
            for jobs in taken:
                taken[jobs].append(_send(seller, log, jobs))
    finally:
        quiet.stop()
    ours, peer = statistics.median(taken[2]), statistics.median(taken[1])
    return {
        "name": "jobs_2_workers_1_worker_seconds_per_document",
        "ours": round(ours, 3),
        "peer": round(peer, 3),
        "ratio": round(ours / peer, 3),
    }


def _send(seller: Seller, log: Path, jobs: int) -> float:
    """Send the documents by so many workers; return seconds for one document."""
    seller.sql("DELETE FROM queue_job")
    server = OdooServer(
        seller.env, seller.database, log, cron_threads=1, workers=WORKERS, jobs=jobs
    )
    server.start()
    parameters = ("web.base.url", "report.url", "invoice_send_client.public_url")
    for key in parameters:  # the engine asks the Odoo that works
        seller.admin.call("ir.config_parameter", "set_param", key, server.url)
    try:
        _press(seller, WARM_UP)
        seller.sql("DELETE FROM queue_job")
        _press(seller, DOCUMENTS)
    finally:
        server.stop()
    [(seconds, count)] = seller.select(
        "SELECT extract(epoch FROM max(date_done) - min(date_started)), count(*)"
        " FROM queue_job WHERE state = 'done'"
    )
    if count != DOCUMENTS:
        raise RuntimeError(f"{count} jobs of {DOCUMENTS} were done")
    return float(seconds) / DOCUMENTS


def _press(seller: Seller, count: int) -> None:
    """Press Send for new documents, and wait until they are sent."""
    emails = [seller.address("bench") for _number in range(count)]
    move_ids = review.post_many(seller, emails)
    window = Review(seller, move_ids)
    for move_id in move_ids:
        window.type(move_id, document_mode="attachment")
    window.press_send()
    cron_worker.wake_until(
        seller, lambda: window.run()["state"] == "done", "the documents", 300
    )
    unfinished = "SELECT 1 FROM queue_job WHERE state != 'done' LIMIT 1"
    polling.until(lambda: not seller.select(unfinished), "the jobs' end")
    if window.run()["sent_count"] != count:
        raise RuntimeError(f"not all sent: {window.run()}")


if __name__ == "__main__":
    sys.exit(main())
