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
# Row and how many times faster than natively it is to be.
TIMES = {"link": 15, "attachment": 4}
MOST_QUERIES = 14


def main() -> int:
    """Measure, print the figures and write them where ``--json`` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default=",".join(TIMES), help="rows, such as link")
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
    return _judge(figures)


class Bench:
    """The rows, each against native sendings of the same run.

    :param dev: the environment of ``./dev``
    :param taker: the mail server
    :param folder: an empty folder
    :param count: invoices of a row
    """

    def __init__(self, dev, taker: MailTaker, folder: Path, count: int) -> None:
        self.options = {"dev": dev, "taker": taker, "folder": folder}
        self.count = count

    def run(self, rows: list[str]) -> list[dict]:
        """Measure these rows; return their figures."""
        with contextlib.ExitStack() as stack:
            companies = {"ours": self.count * len(rows) + WARM_UP, "peer": 200}
            ours, peer = (
                stack.enter_context(
                    Company(**self.options, is_ours=kind == "ours", count=count)
                )
                for kind, count in companies.items()
            )
            stack.enter_context(ours.serve())
            stack.enter_context(peer.serve())
            ours.set_mode("link")
            peer.send(WARM_UP)
            ours.send(WARM_UP, pdfs=True)
            native, sent = [_tell("native", peer.send(NATIVE_COUNT))], {}
            for row in rows:
                ours.set_mode(row)
                sent[row] = _tell(row, ours.send(self.count, pdfs=row == "link"))
                native.append(_tell("native", peer.send(NATIVE_COUNT)))
            peer.set_parameter("report.print_delay", "0")
            hasty = _tell("native, print delay 0", peer.send(NATIVE_COUNT))
        best = min(native, key=lambda one: one.each)
        return [
            figure
            for row, one in sent.items()
            for figure in _make_figures(row, one, best, hasty)
        ]


def _tell(what: str, sent: Sent) -> Sent:
    """Say on standard error what one sending took."""
    print(
        f"{what}: {sent.count} invoices, each {sent.each:.4f} s,"
        f" {sent.press_seconds / sent.count:.4f} s of it the press,"
        f" {sent.queries / sent.count:.1f} queries; {sent.memory >> 20} MB",
        file=sys.stderr,
        flush=True,
    )
    return sent


def _make_figures(row: str, sent: Sent, native: Sent, hasty: Sent) -> list[dict]:
    start, end = f"{row}_{sent.count}", f"native_from_{NATIVE_COUNT}"
    seconds = f"{start}_seconds_an_invoice_{end}"
    delay = f"{seconds}_print_delay_0"
    figures = [
        _figure(seconds, sent.each, native.each, times=TIMES[row]),
        _figure(delay, sent.each, hasty.each),
    ]
    if row == "link":
        stored, name = sent.pdf_seconds / sent.count, f"{start}_until_pdfs_seconds"
        figures.append(_figure(f"{name}_{end}", stored, native.each, times=4))
    own, peer = (one.queries / one.count for one in (sent, native))
    most = {"most": MOST_QUERIES} if row == "link" else {}
    figures.append(_figure(f"{start}_queries_an_invoice_{end}", own, peer, **most))
    return figures


def _figure(name: str, ours: float, peer: float, **goal: float) -> dict:
    """Return a figure.

    :param goal: ``times``: ours is to be so many times faster; ``most``: ours is to be
        no more
    """
    ratio = round(ours / peer, 4)
    figure = {"name": name, "ours": round(ours, 4), "peer": round(peer, 4)}
    return {**figure, "ratio": ratio, "goal": goal}


def _judge(figures: list[dict]) -> int:
    """Tell which goals were missed; 1 where the machine can't be the reason."""
    firm = 0
    for figure in figures:
        times, most = (figure["goal"].get(kind) for kind in ("times", "most"))
        if times and figure["ours"] * times > figure["peer"]:
            words = f"{times} times as fast, not {1 / figure['ratio']:.1f}"
            print(f"goal missed: {figure['name']} {words}", file=sys.stderr)
        if most and figure["ours"] > most:
            words = f"at most {most:g}"
            print(f"goal missed: {figure['name']} {words}", file=sys.stderr)
            firm = 1
    return firm


if __name__ == "__main__":
    sys.exit(main())
