"""Companies that send invoices, one with our addon and one with Odoo alone.

Each has a database, filled in this process, and a server of its own, pressed by RPC as
the browser presses it. Scheduled actions but those of sending and of the mail
queue are off on both sides.
"""

import bisect
import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from odoo import SUPERUSER_ID, api, sql_db
from odoo.modules.registry import Registry

from devenv import database
from devenv.environment import Environment
from tests.bench import invoices
from tests.bench.mail_taker import MailTaker, Taken
from tests.helpers import polling
from tests.helpers.odoo_server import OdooServer
from tests.helpers.rpc import Client, RpcError

#: Odoo's own column of an invoice: e-Factura has it already, so it is not ticked.
NOT_TICKED = {"l10n_ro_edi_state": invoices.SQL("'invoice_validated'")}
CRON = "account.ir_cron_account_move_send"
#: Natively a scheduled action leaves its mails to the mail queue, which this one works.
QUEUE = "mail.ir_cron_mail_scheduler_action"
BATCH_WINDOW = "account.move.send.batch.wizard"
WINDOW = "account.move.send.wizard"
#: Lines of each invoice.
LINES = 5
#: Seconds without a mail after which a sending counts as failed.
PATIENCE = 120
#: Seconds an invoice that anything may take.
SLOWEST = 6
WATCHED = Path(__file__).parent / "watched"
BUCHAREST = {"street": "Strada Lungă 3", "city": "SECTOR1", "zip": "010101"}


@dataclass(frozen=True)
class Sent:
    """One sending, from the press of Send to the last mail taken.

    :ivar seconds: of all of them
    :ivar press_seconds: until the press was answered
    :ivar queries: of the process that sends
    :ivar memory: most bytes that this process held
    :ivar mails: by recipient
    :ivar pdf_seconds: until the legal PDFs were stored, where that was waited for
    """

    seconds: float
    press_seconds: float
    queries: float
    memory: int
    mails: dict[str, Taken]
    pdf_seconds: float = 0

    @property
    def count(self) -> int:
        """Invoices, each of which is one mail."""
        return len(self.mails)

    @property
    def each(self) -> float:
        """Seconds an invoice."""
        return self.seconds / self.count


class Company:
    """Seller SRL with posted invoices, each to a customer of its own.

    :param dev: the environment of ``./dev``
    :param label: tells it apart from the others of this run
    :param is_ours: with our addon
    :param count: invoices
    :param romanian: in Bucharest, its customers get CIUS-RO documents

    :ivar taker: its mail server
    """

    def __init__(
        self,
        dev: Environment,
        label: str,
        *,
        is_ours: bool,
        count: int,
        romanian: bool = False,
    ) -> None:
        self.dev = dev
        self.is_ours, self.count, self.romanian = is_ours, count, romanian
        kind = "ours" if is_ours else "peer"
        self.name = f"isc_bench_send_{label}_{kind}_{os.getpid()}"
        self._stack = contextlib.ExitStack()
        self._next = 0

    def __enter__(self) -> "Company":
        with contextlib.ExitStack() as stack:
            temporary = tempfile.TemporaryDirectory(prefix="bench_send_")
            self.folder = Path(stack.enter_context(temporary))
            self.log, self.watch = self.folder / "log", self.folder / "watch"
            self.taker = stack.enter_context(MailTaker(self.folder))
            stack.callback(database.drop, self.dev, self.name)
            self._make()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)

    # -- the company and its invoices --------------------------------------------------

    def _make(self) -> None:
        modules = ["l10n_ro", "l10n_ro_edi"] if self.romanian else []
        database.create(self.dev, self.name, modules=modules, bare=not self.is_ours)
        with Registry(self.name).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            self._fill(env)
            domain = [("sequence_prefix", "=", "BENCH/")]
            moves = env["account.move"].search(domain, order="sequence_number")
            self._move_ids = moves.ids
            self._emails = moves.mapped("partner_id.email")
        Registry.delete(self.name)
        sql_db.close_db(self.name)

    def _fill(self, env) -> None:
        self._write_company(env)
        invoices.load_chart(env, "ro" if self.romanian else "generic_coa")
        env.ref("base.user_admin").email = "ana.pop@seller.example"
        # the bench measures what it presses, nothing that runs beside it
        kept = env.ref(CRON) + env.ref(QUEUE)
        (env["ir.cron"].search([]) - kept).active = False
        env["ir.mail_server"].create(
            {
                "name": "Taker",
                "smtp_host": "127.0.0.1",
                "smtp_port": self.taker.port,
                "smtp_encryption": "none",
            }
        )
        quick = env["res.partner"].with_context(tracking_disable=True)
        customers = quick.create(
            [self._get_customer(env, number) for number in range(self.count + 1)]
        )
        taxes = env.company.account_sale_tax_id if self.romanian else None
        move = invoices.post(env, customers[0], lines=LINES, taxes=taxes)
        own = {"payment_reference": invoices.SQL("'BENCH/' || number")}
        own |= NOT_TICKED if self.romanian else {}
        total = len(customers)
        invoices.copy(env, move, count=self.count, customers=total, own=own)

    def _write_company(self, env) -> None:
        values = {
            "name": "Seller SRL",
            "email": "invoices@seller.example",
            "external_report_layout_id": env.ref("web.external_layout_standard").id,
        }
        if self.is_ours:
            values["invoice_undo_seconds"] = 0
        if self.romanian:
            values |= self._get_place(env)
            values |= {"vat": "RO1234567897", "phone": "+40 21 345 6789"}
            env["res.partner.bank"].create(
                {
                    "acc_number": "RO98RNCB1234567890123456",
                    "partner_id": env.company.partner_id.id,
                }
            )
        env.company.write(values)

    def _get_place(self, env) -> dict:
        country, state = env.ref("base.ro"), env.ref("base.RO_B")
        return {**BUCHAREST, "country_id": country.id, "state_id": state.id}

    def _get_customer(self, env, number: int) -> dict:
        values = {
            "name": f"Alfa {number}",
            "email": f"office@alfa{number}.example",
            "is_company": True,
            "street": "Main Street 1",
            "city": "Capital",
            "zip": "10101",
            "invoice_sending_method": "email",
        }
        if self.romanian:
            values |= self._get_place(env)
            values |= {"vat": "RO18547290", "invoice_edi_format": "ciusro"}
        return values

    # -- its server --------------------------------------------------------------------

    @contextlib.contextmanager
    def serve(
        self, *, programs: Path | None = None, is_apart: bool = False
    ) -> Iterator["Company"]:
        """Run its server inside the block, with a worker that sends.

        :param programs: a directory that PATH is to start with
        :param is_apart: the worker, which is watched, is in a process of its own
        """
        watched = {"PYTHONPATH": str(WATCHED), "BENCH_WATCH": str(self.watch)}
        path = self.dev.variables()["PATH"]
        more = {"PATH": f"{programs}{os.pathsep}{path}"} if programs else {}
        with contextlib.ExitStack() as stack:
            worker = self._start(stack, cron_threads=1, **watched, **more)
            server = self._start(stack, **more) if is_apart else worker
            self._client = Client(server.url, self.name, "admin", "admin")
            self._cron_ids = [self._client.ref(name) for name in (CRON, QUEUE)]
            for key in ("web.base.url", "report.url", "invoice_send_client.public_url"):
                self.set_parameter(key, server.url)
            self.set_parameter("web.base.url.freeze", "True")
            self._wait_for_rest()
            yield self

    def _start(self, stack: contextlib.ExitStack, **options) -> OdooServer:
        server = OdooServer(self.dev, self.name, self.log, **options)
        stack.callback(server.stop)
        server.start()
        return server

    def set_parameter(self, key: str, value: str | bool) -> None:
        """Set a system parameter; False removes it."""
        self._client.call("ir.config_parameter", "set_param", key, value)

    def set_mode(self, document_mode: str) -> None:
        """Say how our addon gives documents: ``link`` or ``attachment``."""
        [company] = self._client.search("res.company", [], "id")
        values = {"invoice_document_mode": document_mode}
        self._client.change("res.company", company["id"], values)

    # -- sending -----------------------------------------------------------------------

    def send(self, count: int, *, pdfs: bool = False) -> Sent:
        """Send the next invoices by the window of many, until the worker rests.

        :param count: how many
        :param pdfs: wait for the legal PDFs as well, and tell when they were stored
        :return: what it took
        """
        move_ids, emails = self._take(count)
        window_id = self._open(BATCH_WINDOW, move_ids)
        before = len(self.taker.taken())
        start = time.time()
        self._client.call(BATCH_WINDOW, "action_send_and_print", [window_id])
        pressed = time.time()
        if not self.is_ours:
            self._work_on_queue(move_ids)
        mails = self._wait_for_mails(before, emails)
        stored = self._wait_for_pdfs(move_ids) - start if pdfs else 0
        sent = self._describe(mails, start, pressed, stored)
        self._wait_for_rest()
        return sent

    def send_singly(self, count: int) -> Sent:
        """Send the next invoices one at a time, by the window of one.

        :param count: how many
        :return: what it took, the opening of the windows not among it
        """
        one = []
        move_ids, emails = self._take(count)
        for move_id, email in zip(move_ids, emails, strict=True):
            window_id = self._open(WINDOW, [move_id])
            before = len(self.taker.taken())
            start = time.time()
            self._client.call(WINDOW, "action_send_and_print", [window_id])
            pressed = time.time()
            mails = self._wait_for_mails(before, [email])
            one.append(self._describe(mails, start, pressed))
        return Sent(
            seconds=sum(sent.seconds for sent in one),
            press_seconds=sum(sent.press_seconds for sent in one),
            queries=sum(sent.queries for sent in one),
            memory=max(sent.memory for sent in one),
            mails={email: mail for sent in one for email, mail in sent.mails.items()},
        )

    def _take(self, count: int) -> tuple[list[int], list[str]]:
        """Return the invoices that come next, and whom they go to."""
        part = slice(self._next, self._next + count)
        if part.stop > len(self._move_ids):
            raise RuntimeError(f"{self.name} has no {count} invoices left")
        self._next = part.stop
        return self._move_ids[part], self._emails[part]

    def _open(self, window: str, move_ids: list[int]) -> int:
        context = {"active_model": "account.move", "active_ids": move_ids}
        return self._client.make(window, {}, **context)

    def _wait_for_mails(self, before: int, emails: list[str]) -> dict[str, Taken]:
        missing, mails, seen = set(emails), {}, before
        latest = time.monotonic()
        while missing:
            for mail in self.taker.taken()[seen:]:
                seen, latest = seen + 1, time.monotonic()
                if mail.address not in missing:
                    raise RuntimeError(f"not expected: a mail to {mail.address}")
                missing.remove(mail.address)
                mails[mail.address] = mail
            if time.monotonic() - latest > PATIENCE:
                log = self.log.read_text("utf-8", "replace")
                raise RuntimeError(f"{len(missing)} mails did not come: {log[-3000:]}")
            time.sleep(0.02)
        return mails

    def _describe(self, mails, start, pressed, stored: float = 0) -> Sent:
        end = max(mail.at for mail in mails.values())
        queries, memory = self._read_watch(start, end)
        return Sent(
            seconds=end - start,
            press_seconds=pressed - start,
            queries=queries,
            memory=memory,
            mails=mails,
            pdf_seconds=stored,
        )

    def _read_watch(self, start: float, end: float) -> tuple[float, int]:
        """Return the queries between two moments, and the most memory."""
        notes = self._read_notes()
        times = [note[0] for note in notes]
        first, last = bisect.bisect(times, start) - 1, bisect.bisect(times, end)
        queries = notes[last][1] - notes[first][1]
        return queries, int(max(note[2] for note in notes[first : last + 1]))

    def get_memory(self) -> int:
        """Return the bytes that the process that sends holds now."""
        return int(self._read_notes()[-1][2])

    def _read_notes(self) -> list[tuple[float, ...]]:
        time.sleep(0.1)  # the line after the end is written
        lines = self.watch.read_text("ascii").rpartition("\n")[0].splitlines()
        return [tuple(map(float, line.split())) for line in lines]

    # -- the database beside the server ------------------------------------------------

    def _wait_for_pdfs(self, move_ids: list[int]) -> float:
        """Wait for the legal PDFs; return when all were stored."""
        statement = """SELECT count(DISTINCT res_id) FROM ir_attachment
                        WHERE res_model = 'account.move' AND res_id = ANY(%s)
                          AND res_field = 'invoice_pdf_report_file'"""
        with self._connect() as cursor:

            def are_stored() -> bool:
                cursor.execute(statement, [move_ids])
                return cursor.fetchone()[0] == len(move_ids)

            polling.until(are_stored, "the legal PDFs", _most_seconds(move_ids))
        return time.time()

    def count_files(self, field_name: str) -> int:
        """Return how many invoices have a file of this field, such as the PDF."""
        statement = """SELECT count(DISTINCT res_id) FROM ir_attachment
                        WHERE res_model = 'account.move' AND res_field = %s"""
        with self._connect() as cursor:
            cursor.execute(statement, [field_name])
            return cursor.fetchone()[0]

    def _work_on_queue(self, move_ids: list[int]) -> None:
        """Let the mails of a native sending leave as soon as all are in the queue.

        Left alone, they wait there for its hour: that is no work, so it is not counted.
        """
        statement = """SELECT 1 FROM account_move
                        WHERE id = ANY(%s) AND sending_data IS NOT NULL"""
        with self._connect() as cursor:
            limit = time.monotonic() + _most_seconds(move_ids)
            while time.monotonic() < limit:
                cursor.execute(statement, [move_ids])
                if not cursor.fetchone():
                    break
                time.sleep(0.02)
        polling.until(self._trigger_queue, "the mail queue", _most_seconds())

    def _trigger_queue(self) -> bool:
        """Let the mail queue be worked on; False while the worker is at it."""
        try:
            self._client.call("ir.cron", "method_direct_trigger", self._cron_ids[1:])
        except RpcError as error:
            if not error.name.endswith("UserError"):
                raise
            return False
        return True

    def _wait_for_rest(self) -> None:
        """Wait until the worker has nothing to do any more."""
        # the second as the worker itself looks for a job that nobody has
        due = """SELECT 1 FROM ir_cron_trigger
                  WHERE cron_id = ANY(%s) AND call_at <= now() at time zone 'UTC'"""
        free = "SELECT 1 FROM ir_cron WHERE id = ANY(%s) FOR NO KEY UPDATE SKIP LOCKED"
        with self._connect() as cursor:

            def rests() -> bool:
                cursor.execute(free, [self._cron_ids])
                is_free = len(cursor.fetchall()) == len(self._cron_ids)
                cursor.execute(due, [self._cron_ids])
                return is_free and not cursor.fetchone()

            polling.until(rests, "the end of the worker's pass", _most_seconds())

    @contextlib.contextmanager
    def _connect(self) -> Iterator:
        server = self.dev.server
        connection = psycopg2.connect(
            dbname=self.name, host=server.host, port=server.port, user=server.user
        )
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            yield cursor


def _most_seconds(move_ids: list[int] = ()) -> float:
    """Return the seconds after which work on these invoices counts as failed."""
    return PATIENCE + SLOWEST * len(move_ids)
