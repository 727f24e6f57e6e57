"""Sending invoices, against native Odoo at its best.

Real servers send by their own scheduled action to one mail server, which notes when
each mail was taken. Natively that is the window of many, worked on in passes of ten; it
takes as long for each invoice as for the next one, so it is measured on thirty, and
several times: the best counts. How the script is started: the README.
"""

import argparse
import contextlib
import json
import sys
import tempfile
from pathlib import Path

import odoo

from devenv import environment
from tests.bench.mail_taker import MailTaker
from tests.bench.sending import Company, Sent

COUNT = 200
NATIVE_COUNT = 30
WARM_UP = 10
ROWS = ("link",)


def main() -> int:
    """Measure, print the figures and write them where ``--json`` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default=",".join(ROWS), help="rows, such as link")
    parser.add_argument("--count", type=int, default=COUNT, help="invoices a row")
    told = parser.parse_args()
    dev = environment.prepare()
    odoo.tools.config.parse_config(["--log-level=critical"])
    with tempfile.TemporaryDirectory(prefix="bench_send_") as name:
        folder = Path(name)
        with MailTaker(folder) as taker:
            figures = Bench(dev, taker, folder, told.count).run(told.only.split(","))
    odoo.sql_db.close_all()
    for figure in figures:
        print("{name} {ours:g} {peer:g} {ratio:.3f}".format(**figure), flush=True)
    if told.json:
        told.json.write_text(json.dumps(figures), encoding="utf-8")
    return 0


class Bench:
    def __init__(self, dev, taker, folder, count) -> None:
        self.dev, self.taker, self.folder, self.count = dev, taker, folder, count

    def run(self, rows):
        with contextlib.ExitStack() as stack:
            options = {"dev": self.dev, "taker": self.taker, "folder": self.folder}
            ours = stack.enter_context(
                Company(**options, is_ours=True, count=self.count * 2 + 50)
            )
            peer = stack.enter_context(Company(**options, is_ours=False, count=200))
            with ours.serve(), peer.serve():
                ours.set_mode("link")
                show("native warm", peer.send(WARM_UP))
                show("ours warm", ours.send(WARM_UP, pdfs=True))
                for _ in range(2):
                    show("native", peer.send(NATIVE_COUNT))
                    show("ours", ours.send(self.count, pdfs=True))
                peer.set_parameter("report.print_delay", "0")
                show("native 0", peer.send(NATIVE_COUNT))
        return []


def show(what, sent: Sent):
    print(
        what,
        f"{sent.each:.4f} s {sent.press_seconds / sent.count:.4f} press"
        f" {sent.queries / sent.count:.2f} q {sent.memory >> 20} MB"
        f" pdf {sent.pdf_seconds / sent.count:.3f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
