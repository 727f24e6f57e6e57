"""The rows of the sending benchmark: each has its own figures and its own company."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from devenv import pdf
from devenv.environment import Environment
from tests.bench import figures, pages
from tests.bench.sending import Company, Sent

WARM_UP = 10
#: Natively the invoices of one window of many are worked on in passes of this many.
PASS = 10
MOST_QUERIES = 14
#: Bytes of a MB.
MB = 1 << 20
MOST_MORE_MB = 60
#: Sendings of a row's count before the one of very many, and as many after it, which is
#: held against all of them together: a single one, of some four seconds, came out
#: between 0.019 and 0.036, and machines change within the minutes that very many take.
FEW_TIMES = 5
DELAY = "report.print_delay"


@dataclass(frozen=True)
class Counts:
    """Invoices that are sent.

    :ivar row: in a row, at most
    :ivar many: in the row that looks at memory
    """

    row: int = 200
    many: int = 4000

    def get_ours(self, most: int) -> int:
        """Return how many of ours a slower row sends."""
        return min(self.row, most)

    def get_native(self, most: int) -> int:
        """Return how many are sent natively: whole passes."""
        return max(PASS, min(self.row, most) // PASS * PASS)


@dataclass
class Native:
    """What native sendings took; the best counts.

    :ivar usual: with Odoo's print delay, a second
    :ivar hasty: without it
    """

    usual: list[Sent] = field(default_factory=list)
    hasty: list[Sent] = field(default_factory=list)

    @property
    def best(self) -> Sent:
        """The best one with Odoo's print delay."""
        return min(self.usual, key=lambda sent: sent.each)

    def make_figures(self, start: str, sent: Sent, times: float) -> list[dict]:
        """Return the seconds an invoice against both.

        :param start: of the figures' names
        :param sent: our sending
        :param times: how many times faster it is to be
        """
        name = f"{start}_seconds_an_invoice_native_from_{self.best.count}"
        hasty = min(one.each for one in self.hasty)
        return [
            figures.make(name, sent.each, self.best.each, times=times),
            figures.make(f"{name}_print_delay_0", sent.each, hasty),
        ]


class Rows:
    """Context manager: the rows, each against native sendings of the same run.

    :param dev: the environment of ``./dev``
    :param counts: how many invoices
    """

    def __init__(self, dev: Environment, counts: Counts) -> None:
        self.dev, self.counts = dev, counts
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Rows":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)

    # -- links and attachments ---------------------------------------------------------

    def measure_link(self) -> list[dict]:
        """Measure mails with links, until the last mail and until the last PDF."""
        with self._serve_ours("link", self.counts.row) as ours:
            sent = self._tell("link", ours.send(self.counts.row, pdfs=True))
        self._send_natively()
        start, native = f"link_{sent.count}", self._native.best
        name, stored = f"native_from_{native.count}", sent.pdf_seconds / sent.count
        own, peer = (one.queries / one.count for one in (sent, native))
        return [
            *self._native.make_figures(start, sent, 15),
            figures.make(f"{start}_until_pdfs_{name}", stored, native.each, times=4),
            figures.make(f"{start}_queries_{name}", own, peer, most=MOST_QUERIES),
        ]

    def measure_attachment(self) -> list[dict]:
        """Measure mails with PDFs, which are to be those of native mails."""
        with self._serve_ours("attachment", self.counts.row) as ours:
            sent = self._tell("attachment", ours.send(self.counts.row))
            self._send_natively()
            same, compared = self._compare_pdfs(sent)
        start = f"attachment_{sent.count}"
        return [
            *self._native.make_figures(start, sent, 4),
            figures.make(f"{start}_same_pdfs", same, compared, least=compared),
        ]

    def _compare_pdfs(self, sent: Sent) -> tuple[int, int]:
        """Return how many PDFs are as natively, and how many were compared."""
        mails = {k: mail for one in self._native.usual for k, mail in one.mails.items()}
        both = [address for address in sent.mails if address in mails]
        if len(both) < PASS // 2:
            raise RuntimeError(f"only {len(both)} PDFs were sent natively as well")
        found = {
            address: pages.compare(sent.mails[address].pdf(), mails[address].pdf())
            for address in both
        }
        different = {address: where for address, where in found.items() if where}
        for address, where in different.items():
            print(f"PDF to {address} differs on {where}", file=sys.stderr)
        return len(both) - len(different), len(both)

    @cached_property
    def _peer(self) -> Company:
        """The company that the first two rows are held against."""
        count = WARM_UP + 6 * self.counts.get_native(30)
        company = Company(self.dev, "native", is_ours=False, count=count)
        with contextlib.ExitStack() as stack:
            stack.enter_context(company)
            stack.enter_context(company.serve())
            company.send(WARM_UP)
            self._stack.push(stack.pop_all())
        return company

    @cached_property
    def _native(self) -> Native:
        native = Native()
        self._measure_native(native, self._peer, self.counts.get_native(30))
        return native

    def _send_natively(self) -> None:
        """Measure native sending again: the machine may have been slower before."""
        self._measure_native(self._native, self._peer, self.counts.get_native(30))

    # -- an engine that makes one PDF a call -------------------------------------------

    def measure_unpatched(self) -> list[dict]:
        """Measure mails with PDFs of an engine that makes one PDF a call.

        Natively many can't be sent at once there.
        """
        count, singles = self.counts.get_ours(40), self.counts.get_ours(8)
        programs, native = pdf.ensure_unpatched(), Native()
        peer = Company(self.dev, "unpatched", is_ours=False, count=1 + 2 * singles)
        with peer, peer.serve(programs=programs):
            peer.send_singly(1)
            self._measure_native(native, peer, singles, how="send_singly")
        options = {"label": "unpatched", "mode": "attachment", "programs": programs}
        with self._serve_ours(count=count, **options) as ours:
            sent = self._tell("unpatched", ours.send(count))
        return native.make_figures(f"unpatched_attachment_{count}_one_by_one", sent, 6)

    # -- electronic invoices -----------------------------------------------------------

    def measure_romanian(self) -> list[dict]:
        """Measure mails with PDFs and CIUS-RO documents; e-Factura is not ticked."""
        count, few = self.counts.get_ours(60), self.counts.get_native(20)
        options, native = {"label": "romanian", "romanian": True}, Native()
        total = WARM_UP + 2 * few
        peer = Company(self.dev, is_ours=False, count=total, **options)
        with peer, peer.serve():
            peer.send(WARM_UP)
            self._measure_native(native, peer, few)
            self._check_documents(peer, total)
        with self._serve_ours(count=count, mode="attachment", **options) as ours:
            sent = self._tell("romanian", ours.send(count))
            self._check_documents(ours, WARM_UP + count)
        return native.make_figures(f"romanian_attachment_{count}", sent, 2)

    def _check_documents(self, company: Company, count: int) -> None:
        """Refuse to compare sendings that left documents out."""
        for name in ("invoice_pdf_report_file", "ubl_cii_xml_file"):
            found = company.count_files(name)
            if found != count:
                raise RuntimeError(f"{company.name}: {found} {name}, not {count}")

    # -- very many ---------------------------------------------------------------------

    def measure_many(self) -> list[dict]:
        """Measure memory and time of very many, in the process that sends alone."""
        few, many = self.counts.row, self.counts.many
        options = {"label": "many", "mode": "link", "is_apart": True}
        with self._serve_ours(count=2 * FEW_TIMES * few + many, **options) as ours:
            bases = [self._send_few(ours, few, "before")]
            memory = ours.get_memory()
            bases += [self._send_few(ours, few, "before") for _ in range(1, FEW_TIMES)]
            sent = self._tell("many", ours.send(many, pdfs=True))
            bases += [self._send_few(ours, few, "after") for _ in range(FEW_TIMES)]
        base = sum(one.seconds for one in bases) / sum(one.count for one in bases)
        name = f"link_{many}_%s_ours_at_{few}"
        return [
            figures.make(
                name % "most_MB", sent.memory / MB, memory / MB, more=MOST_MORE_MB
            ),
            figures.make(name % "seconds_an_invoice", sent.each, base, share=1.1),
        ]

    def _send_few(self, ours: Company, few: int, when: str) -> Sent:
        return self._tell(f"{few} {when} many", ours.send(few, pdfs=True))

    # -- what rows share ---------------------------------------------------------------

    @contextlib.contextmanager
    def _serve_ours(
        self, label: str, count: int, *, mode: str = "", romanian=False, **options
    ) -> Iterator[Company]:
        """Run a company of ours, which has sent a few.

        :param label: tells it apart
        :param count: how many it will send
        :param mode: how it gives documents, by default the label says so
        :param romanian: see `Company`
        :param options: see `Company.serve`
        """
        total = WARM_UP + count
        company = Company(self.dev, label, is_ours=True, count=total, romanian=romanian)
        with company, company.serve(**options):
            company.set_mode(mode or label)
            company.send(WARM_UP, pdfs=True)
            yield company

    def _measure_native(
        self, native: Native, peer: Company, count: int, how: str = "send"
    ) -> None:
        """Send natively, with Odoo's print delay and without."""
        native.usual.append(self._peer_send(peer, count, how))
        peer.set_parameter(DELAY, "0")
        native.hasty.append(self._peer_send(peer, count, how, ", print delay 0"))
        peer.set_parameter(DELAY, False)

    def _peer_send(self, peer: Company, count: int, how="send", words="") -> Sent:
        return self._tell(f"native{words}", getattr(peer, how)(count))

    def _tell(self, what: str, sent: Sent) -> Sent:
        """Say on standard error what one sending took."""
        print(
            f"{what}: {sent.count} invoices, each {sent.each:.4f} s,"
            f" {sent.press_seconds / sent.count:.4f} s of it the press,"
            f" {sent.queries / sent.count:.1f} queries; {sent.memory >> 20} MB",
            file=sys.stderr,
            flush=True,
        )
        return sent
