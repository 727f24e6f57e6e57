"""The list of invoices with our columns, against the same list without them.

80 rows of 10,000 invoices by ``web_search_read``, as the web client asks for them; the
runs with and without our columns alternate. A run is the best of some loads, since
whatever else the machine does only slows one down. How it is started: the README.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import time
from pathlib import Path

from lxml import etree

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import SQL

from devenv import database, environment
from tests.bench import invoices

INVOICES = 10_000
CUSTOMERS = 200
ROWS = 80
RUNS = 20
LOADS_A_RUN = 5
CONTEXT = {"default_move_type": "out_invoice"}
DOMAIN = [("move_type", "in", ("out_invoice", "out_refund", "out_receipt"))]
# The column and what its widget reads, see invoice_delivery_state.esm.js.
COLUMNS = {
    "invoice_delivery_state",
    "invoice_delivery_problem",
    "invoice_delivery_recipients",
    "invoice_sent_datetime",
    "invoice_view_datetime",
}
# What a sending leaves on an invoice, in turns: number modulo six -> values.
SUMMARIES = """
    (0, NULL, NULL, NULL, NULL, FALSE),
    (1, 'sent', 'ana@alfa.example', now(), NULL, FALSE),
    (2, 'view', 'ana@alfa.example, ion@alfa.example', now(), now(), FALSE),
    (3, 'accept', 'office@beta.example', now(), now(), FALSE),
    (4, 'return', 'office@gamma.example', now(), now(), FALSE),
    (5, 'error', 'nobody@delta.example', NULL, NULL, TRUE)
"""


def main() -> int:
    """Measure, print the figures and write them where ``--json`` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    dev = environment.prepare()
    name = f"isc_bench_list_{os.getpid()}"
    database.create(dev, name)
    odoo.tools.config.parse_config([f"--database={name}", "--log-level=warn"])
    try:
        figures = _run(name)
    finally:
        odoo.sql_db.close_all()
        database.drop(dev, name)
    for figure in figures:
        print("{name} {ours:g} {peer:g} {ratio:.3f}".format(**figure), flush=True)
    if told.json:
        told.json.write_text(json.dumps(figures), encoding="utf-8")
    return 0


def _run(name: str) -> list[dict]:
    with Registry(name).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, CONTEXT)
        _fill(env)
        return _measure(env["account.move"])


def _fill(env) -> None:
    """Make the invoices, with what sendings left on them."""
    invoices.load_chart(env, "generic_coa")
    partners = env["res.partner"].create(
        [{"name": f"Alfa {number}"} for number in range(CUSTOMERS)]
    )
    move = invoices.post(env, partners[0], lines=3)
    invoices.copy(
        env,
        move,
        count=INVOICES - 1,
        customers=CUSTOMERS,
        own={
            "invoice_delivery_state": SQL("summary.state"),
            "invoice_delivery_recipients": SQL("recipients"),
            "invoice_sent_datetime": SQL("sent::timestamp"),
            "invoice_view_datetime": SQL("viewed::timestamp"),
            "invoice_delivery_problem": SQL("problem"),
        },
        beside=SQL(
            """JOIN (VALUES %s) AS summary
                    (turn, state, recipients, sent, viewed, problem)
                 ON turn = number %% 6""",
            SQL(SUMMARIES),
        ),
    )


def _specification(moves) -> dict:
    """Return what the web client asks of each row of the list."""
    view = moves.env.ref("account.view_out_invoice_tree")
    arch = etree.fromstring(moves.get_view(view.id, "list")["arch"])
    names = {node.get("name") for node in arch.xpath("/list/field")} | COLUMNS
    return {
        name: {"fields": {"display_name": {}}}
        if moves._fields[name].type == "many2one"
        else {}
        for name in sorted(names)
    }


def _load(moves, specification: dict) -> tuple[float, int]:
    """Load the first page; return milliseconds and queries."""
    moves.env.invalidate_all()
    gc.collect()
    queries, start = moves.env.cr.sql_log_count, time.perf_counter()
    result = moves.web_search_read(DOMAIN, specification, limit=ROWS)
    spent = (time.perf_counter() - start) * 1000
    if len(result["records"]) != ROWS or result["length"] < INVOICES:
        raise RuntimeError(f"wrong list: {result['length']} invoices")
    return spent, moves.env.cr.sql_log_count - queries


def _measure(moves) -> list[dict]:
    """Return the figures: milliseconds and queries of one page of the list."""
    whole = _specification(moves)
    native = {name: spec for name, spec in whole.items() if name not in COLUMNS}
    kinds = {"ours": whole, "peer": native}
    taken = {kind: [] for kind in kinds}
    for kind in ("ours", "peer") * 2:
        _load(moves, kinds[kind])  # warm caches
    for _run_again in range(RUNS):
        loads = {kind: [] for kind in kinds}
        for turn in range(LOADS_A_RUN):
            # who comes first takes turns as well
            for kind in sorted(kinds, reverse=bool(turn % 2)):
                loads[kind].append(_load(moves, kinds[kind]))
        for kind in kinds:
            taken[kind].append(min(loads[kind]))
    place = f"list_{ROWS}_of_{INVOICES}"
    units = ("ms", "queries")
    medians = {
        kind: [statistics.median(row[i] for row in rows) for i in range(len(units))]
        for kind, rows in taken.items()
    }
    return [
        {
            "name": f"{place}_{unit}",
            "ours": round(medians["ours"][i], 2),
            "peer": round(medians["peer"][i], 2),
            "ratio": round(medians["ours"][i] / medians["peer"][i], 3),
        }
        for i, unit in enumerate(units)
    ]


if __name__ == "__main__":
    sys.exit(main())
