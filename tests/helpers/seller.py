"""Seller SRL: the company that the system tests send invoices for, by RPC alone."""

import contextlib
import copy
import itertools
from collections.abc import Iterable, Iterator

import psycopg2

from devenv.environment import Environment

from .odoo_server import OdooServer
from .rpc import Client
from .smtp_sink import SmtpSink

PASSWORD = "admin"
LOGIN = "ana"

#: Two sellers of one session share the mail server, hence the numbers as well.
NUMBERS = itertools.count(1)

LINE = {"name": "Consulting", "quantity": 2, "price_unit": 100.0}

DELIVERY_FIELDS = (
    "email",
    "role",
    "state",
    "document_mode",
    "sent_datetime",
    "open_datetime",
    "view_datetime",
    "download_datetime",
    "failure_type",
    "failure_reason",
    "attempt_count",
    "next_attempt_datetime",
    "run_id",
)
MOVE_FIELDS = (
    "name",
    "invoice_delivery_state",
    "invoice_delivery_problem",
    "invoice_sent_datetime",
    "invoice_view_datetime",
    "invoice_delivery_count",
)


class Seller:
    """Seller SRL at work: its customers, its invoices, its press of Send.

    :param env: the environment of ``./dev``
    :param server: the running Odoo
    :param sink: the mail server it sends through

    :ivar admin: the administrator
    :ivar user: Ana Pop, who makes the invoices and sends them
    """

    #: Its chart of accounts.
    CHART = "generic_coa"

    def __init__(self, env: Environment, server: OdooServer, sink: SmtpSink) -> None:
        self.env = env
        self.server = server
        self.sink = sink
        self.admin = Client(server.url, server.database, "admin", PASSWORD)
        self._set_up()
        self.user = Client(server.url, server.database, LOGIN, PASSWORD)

    def through(self, server: OdooServer) -> "Seller":
        """Return the same company, served by another Odoo on the same database.

        :param server: the other Odoo, running
        """
        other = copy.copy(self)
        other.server = server
        other.admin = Client(server.url, server.database, "admin", PASSWORD)
        other.user = Client(server.url, server.database, LOGIN, PASSWORD)
        return other

    # -- the company -------------------------------------------------------------------

    def _set_up(self) -> None:
        admin = self.admin
        [company] = admin.search("res.company", [], "id")
        self.company_id = company["id"]
        self._settle()
        chart = "account.chart.template"
        admin.call(chart, "try_loading", [], self.CHART, self.company_id)
        admin.change(
            "res.company",
            company["id"],
            {
                "name": "Seller SRL",
                "email": "invoices@seller.example",
                "external_report_layout_id": admin.ref("web.external_layout_standard"),
                # Tests of the undo pause say so themselves.
                "invoice_undo_seconds": 0,
            },
        )
        self._set_parameters()
        self._set_mail_server()
        self._create_user()
        self._sign_up()

    def _settle(self) -> None:
        """Write what has to be known of the company before its chart of accounts."""

    def _sign_up(self) -> None:
        """Sign the company up wherever else it sends to."""

    def _set_parameters(self) -> None:
        parameters = {
            "web.base.url": self.server.url,
            "web.base.url.freeze": "True",
            "invoice_send_client.public_url": self.server.url,
            "report.url": self.server.url,
            # Milliseconds that the PDF engine waits for scripts; there are none.
            "report.print_delay": "10",
        }
        for key, value in parameters.items():
            self.admin.call("ir.config_parameter", "set_param", key, value)

    def _set_mail_server(self) -> None:
        self.mail_server_id = self.admin.make(
            "ir.mail_server",
            {
                "name": "Sink",
                "smtp_host": "127.0.0.1",
                "smtp_port": self.sink.port,
                "smtp_encryption": "none",
            },
        )

    def _create_user(self) -> None:
        admin = self.admin
        groups = ("base.group_user", "account.group_account_invoice")
        admin.make(
            "res.users",
            {
                "name": "Ana Pop",
                "login": LOGIN,
                "password": PASSWORD,
                "email": "ana.pop@seller.example",
                "group_ids": [admin.ref(xmlid) for xmlid in groups],
            },
        )

    # -- its work ----------------------------------------------------------------------

    def address(self, name: str) -> str:
        """Return an address that no other test has.

        :param name: what it begins with
        """
        return f"{name}.{next(NUMBERS)}@client.example"

    def customer(self, email: str, name: str = "Alfa SRL", **values: object) -> int:
        """Create a customer who gets invoices by e-mail alone."""
        [partner_id] = self.customers([email], name=name, **values)
        return partner_id

    def customers(
        self, emails: Iterable[str | bool], name: str = "Alfa SRL", **values: object
    ) -> list[int]:
        """Create a customer for each address: see :meth:`customer`."""
        values.setdefault("invoice_sending_method", "email")
        common = {"name": name, "is_company": True, **values}
        return self.admin.call(
            "res.partner", "create", [{**common, "email": email} for email in emails]
        )

    def invoice(
        self,
        email: str,
        lines: tuple[dict, ...] = (LINE,),
        move_type: str = "out_invoice",
        **customer: object,
    ) -> int:
        """Create and post an invoice.

        :param email: the customer's address
        :param lines: values of its lines
        :param move_type: what else to make, ``out_refund``, ``out_receipt``
        :param customer: further values of the customer
        """
        move_id = self.user.make(
            "account.move",
            {
                "move_type": move_type,
                "partner_id": self.customer(email, **customer),
                "invoice_date": "2026-11-20",
                "invoice_line_ids": [(0, 0, line) for line in lines],
            },
        )
        self.user.call("account.move", "action_post", [move_id])
        return move_id

    def window(self, move_id: int, **values: object) -> int:
        """Open the send window of one document and type into it."""
        return self.user.make(
            "account.move.send.wizard",
            {"sending_methods": ["email"], **values},
            active_model="account.move",
            active_ids=[move_id],
        )

    def press_send(self, window_id: int) -> dict:
        """Press Send and ask what became of it, as the window does."""
        action = self.user.call(
            "account.move.send.wizard", "action_send_and_print", [window_id]
        )
        while action.get("tag") == "invoice_send_client.sending":
            action = self.user.call(
                "account.move.send.wizard",
                "action_read_result",
                [window_id],
                action["params"]["run_id"],
            )
        return action

    def send(self, move_id: int, **values: object) -> dict:
        """Send a document: open the window, type into it, press Send.

        :return: what the window does next
        """
        return self.press_send(self.window(move_id, **values))

    def problems(self, action: dict) -> list[str]:
        """Return what the window says after Send that it could not deliver."""
        assert action["res_model"] == "account.move.send.wizard", action
        window = self.user.fetch(action["res_model"], action["res_id"], "send_problems")
        return window["send_problems"]

    def run_cron(self, xmlid: str = "account.ir_cron_account_move_send") -> None:
        """Run a scheduled action now."""
        self.admin.call("ir.cron", "method_direct_trigger", [self.admin.ref(xmlid)])

    # -- what became of it -------------------------------------------------------------

    def move(self, move_id: int) -> dict:
        """Read what the invoice says of its sending."""
        return self.user.fetch("account.move", move_id, *MOVE_FIELDS)

    def deliveries(self, move_id: int) -> list[dict]:
        """Read what became of each recipient, oldest first."""
        domain = [("move_id", "=", move_id)]
        return self.user.search("invoice.delivery", domain, *DELIVERY_FIELDS)

    def delivery(self, move_id: int) -> dict:
        """Read what became of the only recipient."""
        [delivery] = self.deliveries(move_id)
        return delivery

    def sql(self, statement: str, *values: object) -> None:
        """Change what no user may change, such as the time of an event."""
        with contextlib.closing(self.connect()) as connection, connection:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)

    @property
    def database(self) -> str:
        """The database's name."""
        return self.server.database

    def select(self, statement: str, *values: object) -> list[tuple]:
        """Read what stands in the database, as fast as a worker writes it."""
        with contextlib.closing(self.connect()) as connection, connection:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall()

    def connect(self, database: str = ""):
        """Open a connection beside Odoo's own.

        :param database: another one than the company's
        """
        server = self.env.server
        return psycopg2.connect(
            dbname=database or self.database,
            host=server.host,
            port=server.port,
            user=server.user,
        )

    def make_due(self, move_id: int) -> None:
        """Let the next attempts of a document be due now."""
        self.sql(
            "UPDATE invoice_delivery SET next_attempt_datetime = NULL"
            " WHERE move_id = %s AND state = 'outgoing'",
            move_id,
        )

    def make_older(self, move_id: int, minutes: int) -> None:
        """Let a document have been sent so many minutes earlier."""
        self.sql(
            "UPDATE invoice_delivery SET sent_datetime ="
            " sent_datetime - %s * interval '1 minute' WHERE move_id = %s",
            minutes,
            move_id,
        )

    @contextlib.contextmanager
    def company_setting(self, **values: object) -> Iterator[None]:
        """Change settings of the company inside the block."""
        before = self.admin.fetch("res.company", self.company_id, *values)
        before.pop("id")
        self.admin.change("res.company", self.company_id, values)
        try:
            yield
        finally:
            self.admin.change("res.company", self.company_id, before)
