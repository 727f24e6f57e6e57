"""Sending invoices, against native Odoo at its best.

Real servers send by their own scheduled action to one mail server, which notes when
each mail was taken. Natively that is the window of many, worked on in passes of ten; it
takes as long for each invoice as for the next one, so it is measured on thirty, and
several times: the best counts. How the script is started: the README.
"""

import argparse
import json
import sys
import time
import traceback
from pathlib import Path

import odoo

from devenv import environment
from tests.bench import figures
from tests.bench.sending_rows import Counts, Rows

ROWS = ("link", "attachment", "unpatched", "romanian", "many")


def main() -> int:
    """Measure, print the figures and write them where ``--json`` says."""
    told = _read_arguments()
    dev = environment.prepare()
    odoo.tools.config.parse_config(["--log-level=critical"])
    found, failed = [], []
    with Rows(dev, Counts(told.count, told.many)) as rows:
        for name in told.only.split(","):
            start = time.monotonic()
            made = _measure(rows, name)
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
            found += made
            if not made:
                failed.append(name)
    if told.json:
        told.json.write_text(json.dumps(found), encoding="utf-8")
    missed = figures.judge(found)
    for name in failed:
        print(f"not measured: {name}", file=sys.stderr)
    return 1 if missed or failed else 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default=",".join(ROWS), help="rows, such as link")
    parser.add_argument("--count", type=int, default=200, help="invoices a row")
    parser.add_argument("--many", type=int, default=4000, help="those of row many")
    return parser.parse_args()


def _measure(rows: Rows, name: str) -> list[dict]:
    """Return the figures of a row, printed; none where it failed, which is told."""
    try:
        made = getattr(rows, f"measure_{name}")()
    # whatever goes wrong in one row, the others are measured
    except Exception:
        print(f"row {name} failed:", file=sys.stderr)
        traceback.print_exc()
        return []
    for figure in made:
        print("{name} {ours:g} {peer:g} {ratio:.3f}".format(**figure), flush=True)
    return made


if __name__ == "__main__":
    sys.exit(main())
