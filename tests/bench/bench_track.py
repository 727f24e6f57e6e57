"""The picture in the mail, against that of OCA's mail_tracking on the same server.

One database has both addons, and one Odoo with web workers serves both, as in
production. As many mails of theirs as deliveries of ours wait for their first hit,
which moves their state; a later one changes nothing. Kinds and sides take turns in
rounds and the best round counts, since whatever else the machine does only slows one
down. Times are those of all hits of a round divided by their number, several readers at
a time. What is loaded again is loaded three times, by whichever worker is free.

Queries are counted in this process, less those of a route without any (/web/health).
The private server of ``./dev`` writes without waiting for the disk, for both sides.
How it is started: the README.
"""

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil

import odoo
from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import Registry

from devenv import database, environment
from tests.bench import figures, invoices
from tests.bench.hits import HEALTH, Counter, Readers, get_path
from tests.helpers.odoo_server import OdooServer
from tests.visitor import browsers

CUSTOMERS = 50
WARM_UP = 60
#: Seconds after which a picture is loaded again, see ``FIRST_MOMENTS`` of the look.
MOMENTS = 11
#: Times that a picture is loaded again: previews, and readers who come back.
AGAIN = 3
#: Deliveries whose queries are counted; the most count.
COUNTED = 3
SENT_BEFORE = timedelta(hours=1)
#: How many times as fast as theirs our picture is to be.
TIMES = 2
#: Queries of ours at most.
MOST_SAME, MOST_MOVED = 3, 6
#: The page's script tells of a look after this, in seconds.
LOOK_SECONDS = 3.5
LOOK = {
    "visible_ms": 3200,
    "inputs": 4,
    "first_input_ms": 1200,
    "webdriver": False,
    "touch": False,
    "prerendered": False,
}
DELIVERY, THEIRS = "invoice.delivery", "mail.tracking.email"


class Server(OdooServer):
    """A server of one database, which it is told without a filter.

    With ``--db-filter`` Odoo opens a new connection to PostgreSQL and lists the
    databases for each visitor without a session, which takes longer than any picture.
    """

    def _command(self) -> list[str]:
        options = super()._command()
        return [one for one in options if not one.startswith("--db-filter")]

    def get_cpu_seconds(self) -> float:
        """Return what its processes have used of the processor, without PostgreSQL."""
        parent = psutil.Process(self._process.pid)
        times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
        return sum(time.user + time.system for time in times)


@dataclass
class Side:
    """One side's pictures.

    :ivar model: what they belong to
    :ivar opened: its state after the first hit
    :ivar ids: records in the order of ``paths``
    :ivar paths: of the pictures
    :ivar rounds: seconds a hit on the clock, by kind
    :ivar cpu_rounds: the same of the processor's time that Odoo used
    """

    model: str
    opened: str
    ids: list[int] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    rounds: dict[str, list[float]] = field(
        default_factory=lambda: {"moved": [], "same": []}
    )
    cpu_rounds: dict[str, list[float]] = field(
        default_factory=lambda: {"moved": [], "same": []}
    )

    def take(self, count: int) -> list[str]:
        """Return pictures that were not loaded yet."""
        taken, self.paths = self.paths[:count], self.paths[count:]
        return taken

    def load(self, readers: Readers, server: Server, kind: str, paths: list) -> None:
        """Load these pictures, and note what it took."""
        start = server.get_cpu_seconds()
        self.rounds[kind].append(readers.load(paths) / len(paths))
        self.cpu_rounds[kind].append((server.get_cpu_seconds() - start) / len(paths))


def get_best(rounds: dict[str, list[float]], kind: str) -> float:
    """Return seconds a hit of the best round, of both kinds where none is told."""
    kinds = [kind] if kind else list(rounds)
    return sum(min(rounds[name]) for name in kinds) / len(kinds)


def main() -> int:
    """Measure, print the figures and write them where ``--json`` says."""
    told = _read_arguments()
    dev = environment.prepare()
    name = f"isc_bench_track_{os.getpid()}"
    database.create(dev, name, modules=["mail_tracking"])
    options = [f"--database={name}", "--log-level=critical"]
    odoo.tools.config.parse_config(options)
    try:
        found = _measure(dev, name, told)
    finally:
        odoo.sql_db.close_all()
        database.drop(dev, name)
    for figure in found:
        print("{name} {ours:g} {peer:g} {ratio:.3f}".format(**figure), flush=True)
    if told.json:
        told.json.write_text(json.dumps(found), encoding="utf-8")
    return int(figures.judge(found))


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--count", type=int, default=300, help="pictures a round")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--readers", type=int, default=4, help="at a time")
    parser.add_argument("--workers", type=int, default=2, help="0: threads")
    parser.add_argument("--show", action="store_true", help="the statements counted")
    return parser.parse_args()


def _measure(dev, name: str, told: argparse.Namespace) -> list[dict]:
    ours, theirs = Side(DELIVERY, "open"), Side(THEIRS, "opened")
    with Registry(name).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        _fill(env, [ours, theirs], WARM_UP + COUNTED + 1 + told.count * told.rounds)
        pages = [get_path(d._get_landing_url()) for d in _add(env, COUNTED + 1)]
        cr.commit()
    queries = _count_queries(Counter(told.show), [ours, theirs], pages)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "odoo.log"
        server = Server(dev, name, log, workers=told.workers)
        server.start()
        try:
            _load(server, [ours, theirs], told)
        finally:
            server.stop()
    for side in (ours, theirs):
        _check(name, side)
    return [*_make_times(ours, theirs), *queries]


# -- what is opened --------------------------------------------------------------------


def _fill(env, sides: list[Side], count: int) -> None:
    """Make invoices, and so many mails of each side that were sent an hour ago."""
    env.company.write({"name": "Seller SRL", "email": "invoices@seller.example"})
    parameters = env["ir.config_parameter"]
    url = parameters.get_param("web.base.url")
    parameters.set_param("invoice_send_client.public_url", url)
    if "invoice_track_open" in env.company._fields:
        env.company["invoice_track_open"] = True
    invoices.load_chart(env, "generic_coa")
    customers = env["res.partner"].create(
        [
            {"name": f"Customer {i}", "email": f"c{i}@x.example"}
            for i in range(CUSTOMERS)
        ]
    )
    move = invoices.post(env, customers[0], lines=3)
    copies = count + COUNTED + 1
    invoices.copy(env, move, count=copies, customers=CUSTOMERS)
    ours, theirs = sides
    deliveries = _add(env, count)
    ours.ids = deliveries.ids
    ours.paths = [get_path(d._get_landing_url()) + "/open.gif" for d in deliveries]
    mails = _add_theirs(env, count)
    theirs.ids = mails.ids
    theirs.paths = [_get_their_path(mail) for mail in mails]
    env.flush_all()
    env.cr.commit()
    env.cr.execute(
        "ANALYZE invoice_delivery, invoice_delivery_event, mail_tracking_email, "
        "mail_tracking_event"
    )


def _add(env, count: int):
    """Return deliveries that were sent an hour ago, each of an invoice of its own."""
    moves = env["account.move"].search(
        [("sequence_prefix", "=", "BENCH/"), ("invoice_delivery_ids", "=", False)],
        limit=count,
        order="id",
    )
    deliveries = env[DELIVERY].create(
        [
            {
                "move_id": move.id,
                "partner_id": move.partner_id.id,
                "email": move.partner_id.email,
                "lang": "en_US",
            }
            for move in moves
        ]
    )
    deliveries._set_sent()
    deliveries.write({"sent_datetime": fields.Datetime.now() - SENT_BEFORE})
    if len(deliveries) != count:
        raise RuntimeError(f"{len(deliveries)} deliveries of {count}")
    return deliveries


def _add_theirs(env, count: int):
    """Return mails as mail_tracking notes them, with the event of their leaving."""
    sent = fields.Datetime.now() - SENT_BEFORE
    moves = env["account.move"].search(
        [("sequence_prefix", "=", "BENCH/")], limit=count, order="id"
    )
    values = [
        {"model": "account.move", "res_id": move.id, "message_type": "email_outgoing"}
        for move in moves
    ]
    mails = env[THEIRS].create(
        [
            {
                "name": move.name,
                "time": sent,
                "timestamp": sent.timestamp(),
                "mail_message_id": message.id,
                "partner_id": move.partner_id.id,
                "recipient": move.partner_id.email_formatted,
                "sender": env.company.email,
            }
            for move, message in zip(
                moves, env["mail.message"].create(values), strict=True
            )
        ]
    )
    mails.event_create("sent", {"time": sent, "timestamp": sent.timestamp()})
    return mails


def _get_their_path(mail) -> str:
    return get_path(re.search('src="([^"]+)"', mail._get_mail_tracking_img())[1])


def _check(name: str, side: Side) -> None:
    """See that each picture that was loaded moved its state."""
    loaded = len(side.ids) - len(side.paths)
    with Registry(name).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        states = (
            env[side.model]
            .browse(side.ids[WARM_UP + COUNTED + 1 : loaded])
            .mapped("state")
        )
    wrong = [state for state in states if state != side.opened]
    if wrong:
        raise RuntimeError(f"{side.model}: {len(wrong)} of {loaded} are {set(wrong)}")


# -- times -----------------------------------------------------------------------------


def _load(server: Server, sides: list[Side], told: argparse.Namespace) -> None:
    """Load all pictures: those of a round once, and then again."""
    readers = Readers(server.url, told.readers)
    for side in sides:
        warm_up = side.take(WARM_UP)
        for _time in range(3):
            readers.load(warm_up)
    for number in range(told.rounds):
        rounds = [(side, side.take(told.count)) for side in sides]
        for kind in ("moved", "same"):
            # three loads within seconds are a machine's, and light nothing
            time.sleep(MOMENTS if kind == "same" else 0)
            # who comes first takes turns as well
            for side, paths in rounds[:: -1 if number % 2 else 1]:
                times = AGAIN if kind == "same" else 1
                side.load(readers, server, kind, paths * times)
    floor = Side("", "")
    for _number in range(told.rounds):
        floor.load(readers, server, "same", [HEALTH] * told.count)
    best = [
        get_best(taken, "same") * 1000 for taken in (floor.rounds, floor.cpu_rounds)
    ]
    words = "{}: {:.2f} ms a hit, {:.2f} ms of the processor's".format(HEALTH, *best)
    print(f"what every hit takes, {words}", file=sys.stderr)


def _make_times(ours: Side, theirs: Side) -> list[dict]:
    """Return milliseconds a hit, of both kinds and of each.

    The goal is that of the clock; the processor's time is what a busy machine changes
    least.
    """
    made = []
    for kind in ("", "moved", "same"):
        name = f"track_pixel_{kind or 'both'}"
        clock = [get_best(side.rounds, kind) * 1000 for side in (ours, theirs)]
        cpu = [get_best(side.cpu_rounds, kind) * 1000 for side in (ours, theirs)]
        made.append(figures.make(f"{name}_ms_a_hit", *clock, times=TIMES))
        made.append(figures.make(f"{name}_cpu_ms_a_hit", *cpu))
    return made


# -- queries ---------------------------------------------------------------------------


def _count_queries(counter: Counter, sides: list[Side], pages: list[str]) -> list[dict]:
    """Return the queries of pictures and of the page's script."""
    ours, theirs = (_count_pixels(counter, side) for side in sides)
    beacons = _count_beacons(counter, pages)
    return [
        figures.make(f"track_{what}_{kind}_queries", own, peer, most=most)
        for what, counts in (("pixel", ours), ("beacon", beacons))
        for kind, own, peer, most in (
            ("moved", counts[0], theirs[0], MOST_MOVED),
            ("same", counts[1], theirs[1], MOST_SAME),
        )
    ]


def _count_pixels(counter: Counter, side: Side) -> tuple[int, int]:
    """Return the most queries of a first hit and of one later, as they are timed."""
    first, *paths = side.take(COUNTED + 1)
    for _time in range(2):
        counter.ask(first)
    moved = [counter.count(path) for path in paths]
    time.sleep(MOMENTS)
    return max(moved), max(counter.count(path) for path in paths)


def _count_beacons(counter: Counter, pages: list[str]) -> tuple[int, int]:
    """Return the most queries of a look that counts and of one after it."""
    browser = browsers.chromium("Windows").but(lang="en-US,en;q=0.9")
    asks: list[Callable] = []
    for page in pages:
        html, _statements = counter.ask(page, headers=browser.headers("page"))
        nonce = re.search('data-nonce="([^"]+)"', html)[1]
        asks.append(_prepare_beacon(page, nonce, browser.headers("beacon")))
    time.sleep(LOOK_SECONDS)
    asks[0](counter.ask)
    moved = [ask(counter.count) for ask in asks[1:]]
    return max(moved), max(ask(counter.count) for ask in asks[1:])


def _prepare_beacon(page: str, nonce: str, headers: dict) -> Callable:
    data = json.dumps({**LOOK, "nonce": nonce})
    headers = {**headers, "Content-Type": "application/json"}
    return lambda ask: ask(f"{page}/seen", "POST", headers=headers, data=data)


if __name__ == "__main__":
    sys.exit(main())
