"""A database that ran an earlier state of the addon is upgraded and loses nothing.

The earlier state, called 19.0.0.9.0 here, is made from a database that was really
worked with: the columns, settings and models that came last are taken out of it with
all that Odoo knows of them. ``odoo -u`` then brings them back. No migration script is
needed for that: what came later is computed, or has a default that is right for
everybody, and letters are never written a second time.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from devenv import database
from devenv.environment import Environment
from tests.helpers.buyer import Buyer
from tests.helpers.client_page import LINK
from tests.helpers.odoo_server import OdooServer
from tests.helpers.seller import Seller
from tests.helpers.smtp_sink import SmtpSink

ADDON = "invoice_send_client"
EARLIER, NOW = "19.0.0.9.0", "19.0.1.0.0"
#: What came later, by model: fields that are computed and stored, and settings.
LATER_FIELDS = {
    "account.move": ("invoice_delivery_recipients", "invoice_network_recipients"),
    "invoice.delivery": ("link_root", "is_opted_out"),
    "res.company": ("invoice_network_by_default", "invoice_remind_times"),
}
LATER_MODELS = ("invoice.received.return",)
#: Tables that are compared, with those of the addon.
TABLES = (
    "account_move",
    "ir_config_parameter",
    "ir_mail_server",
    "mail_activity",
    "mail_message",
    "mail_template",
    "res_company",
    "res_partner",
)
#: Who wrote a record last, and when: an upgrade writes what it computes.
LAST_WRITTEN = ["write_date", "write_uid"]
NONCE = re.compile(r'data-nonce="([^"]+)"')
PROBLEM = re.compile(r" (WARNING|ERROR|CRITICAL) ")
BROWSER = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
    " (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Accept": "text/html",
    "Accept-Language": "ro-RO,ro;q=0.9,en;q=0.8",
}
#: Seconds on the page: an answer of the first moments is asked for again.
READING = 6

#: The rows of a table by id, or by themselves where a table has no ids.
Rows = dict[str, dict]


@dataclass
class Upgrade:
    """An upgraded database.

    :ivar seller: the company, its server running again
    :ivar documents: its invoices, by what became of them
    :ivar links: the clients' links, as they were mailed
    :ivar before: all rows, while the earlier state ran
    :ivar after: all rows after the upgrade
    :ivar log: what Odoo logged while it upgraded
    """

    seller: Seller
    documents: dict[str, int]
    links: dict[str, str]
    before: dict[str, Rows]
    after: dict[str, Rows]
    log: str


class Past:
    """What the company did before the upgrade.

    :param seller: Seller SRL
    :param sink: its mail server
    """

    def __init__(self, seller: Seller, sink: SmtpSink) -> None:
        self.seller, self.sink = seller, sink
        self.documents: dict[str, int] = {}
        self.links: dict[str, str] = {}

    def live(self) -> None:
        """Configure, write a letter, send, be read, accepted and refused."""
        self._configure()
        for name in ("accepted", "viewed", "unseen", "revoked", "opted_out"):
            self._mail(name)
        self._refused("refused", rcpt="550 5.1.1 no such user")
        self._refused("waiting", rcpt="451 4.3.0 try later", times=1)
        self._bring()
        self._look()
        [delivery] = self.seller.deliveries(self.documents["revoked"])
        self._call("invoice.delivery", "action_revoke_link", delivery["id"])

    def _call(self, model: str, method: str, record_id: int) -> None:
        self.seller.user.call(model, method, [record_id])

    def _configure(self) -> None:
        admin, company_id = self.seller.admin, self.seller.company_id
        values = {
            "invoice_sender_name": "Office of Seller",
            "invoice_sender_email": "office@seller.example",
            "invoice_link_expiry_days": 77,
            "invoice_retry_minutes": "2, 4",
            "invoice_event_retention_days": 99,
        }
        admin.change("res.company", company_id, values)
        letter = admin.ref(f"{ADDON}.mail_template_en_invoice")
        words = {"subject": "Our own subject", "body_html": "<p>Our own words</p>"}
        admin.change("mail.template", letter, words)
        self.seller.sql(
            "INSERT INTO invoice_delivery_opt_out (company_id, email, create_date)"
            " VALUES (%s, %s, now())",
            company_id,
            "opted_out@client.example",
        )

    def _invoice(self, name: str) -> tuple[int, str]:
        address = f"{name}@client.example"
        self.documents[name] = self.seller.invoice(address)
        return self.documents[name], address

    def _mail(self, name: str) -> None:
        move_id, address = self._invoice(name)
        self.seller.send(move_id, document_mode="link")
        self.seller.make_older(move_id, 60)
        self.seller.sql(
            "UPDATE account_move SET invoice_sent_datetime = (SELECT sent_datetime"
            " FROM invoice_delivery WHERE move_id = %s) WHERE id = %s",
            move_id,
            move_id,
        )
        self.links[name] = LINK.search(self.sink.mail_to(address).html)[0]

    def _refused(self, name: str, **manner: object) -> None:
        move_id, address = self._invoice(name)
        self.sink.treat(address, **manner)
        self.seller.send(move_id, document_mode="link")

    def _bring(self) -> None:
        move_id = Buyer(self.seller).invoice()
        self.seller.send(move_id, sending_methods=["network"])
        self.documents["brought"] = move_id

    def _look(self) -> None:
        """Let two clients read their documents, one of them accepts it."""
        pages = {name: ask(self.links[name]).text for name in ("accepted", "viewed")}
        nonces = {name: NONCE.search(page)[1] for name, page in pages.items()}
        time.sleep(READING)
        answer = ask(
            f"{self.links['accepted']}/accept", nonce=nonces["accepted"], name="Ion Pop"
        )
        assert answer.status_code == 303
        beacon = {"visible_ms": READING * 1000, "inputs": 5, "first_input_ms": 2500}
        told = requests.post(
            f"{self.links['viewed']}/seen",
            json={"nonce": nonces["viewed"], "touch": False, **beacon},
            headers=BROWSER,
            timeout=120,
        )
        assert told.status_code == 204


def ask(url: str, **form: object) -> requests.Response:
    """Ask for a page, or send a form, as the client's browser does."""
    return requests.request(
        "POST" if form else "GET",
        url,
        data=form,
        headers=BROWSER,
        timeout=120,
        allow_redirects=False,
    )


def read(seller: Seller) -> dict[str, Rows]:
    """Read all that must not be lost, table by table."""
    names = seller.select(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        " AND (tablename LIKE 'invoice\\_%%' OR tablename = ANY(%s))",
        list(TABLES),
    )
    tables = {}
    for (name,) in names:
        rows = seller.select(
            f'SELECT to_jsonb(r) - %s::text[] FROM "{name}" AS r', LAST_WRITTEN
        )
        tables[name] = {str(row.get("id", row)): row for (row,) in rows}
    return tables


def make_earlier(seller: Seller) -> None:
    """Take out of the database what came after the earlier state."""
    for model, names in LATER_FIELDS.items():
        for name in names:
            table = model.replace(".", "_")
            seller.sql(f'ALTER TABLE "{table}" DROP COLUMN "{name}"')
        fields = "SELECT id FROM ir_model_fields WHERE model = %s AND name = ANY(%s)"
        _forget(seller, "ir.model.fields", fields, model, list(names))
    for model in LATER_MODELS:
        seller.sql(f'DROP TABLE "{model.replace(".", "_")}" CASCADE')
        fields = "SELECT id FROM ir_model_fields WHERE model = %s"
        _forget(seller, "ir.model.fields", fields, model)
        access = (
            "SELECT a.id FROM ir_model_access a JOIN ir_model m ON m.id = a.model_id"
            " WHERE m.model = %s"
        )
        _forget(seller, "ir.model.access", access, model)
        _forget(seller, "ir.model", "SELECT id FROM ir_model WHERE model = %s", model)
    seller.sql(
        "UPDATE ir_module_module SET latest_version = %s WHERE name = %s",
        EARLIER,
        ADDON,
    )


def _forget(seller: Seller, model: str, ids: str, *values: object) -> None:
    """Delete records of Odoo about itself, with their external ids."""
    found = [row[0] for row in seller.select(ids, *values)]
    assert found, values
    seller.sql(
        "DELETE FROM ir_model_data WHERE model = %s AND res_id = ANY(%s)", model, found
    )
    table = model.replace(".", "_")
    seller.sql(f'DELETE FROM "{table}" WHERE id = ANY(%s)', found)


def run_upgrade(env: Environment, name: str) -> str:
    """Upgrade the addon as an administrator does, and return the log."""
    done = subprocess.run(
        env.command("-d", name, "-u", ADDON, "--stop-after-init", "--no-http"),
        env=env.variables(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


@pytest.fixture(scope="module")
def past(dev_environment, sink, tmp_path_factory) -> Iterator[Past]:
    """A company that worked with the earlier state, its server stopped."""
    name = f"isc_test_{os.getpid()}-migration"
    database.create(dev_environment, name)
    log = tmp_path_factory.mktemp("migration") / "odoo.log"
    server = OdooServer(dev_environment, name, log)
    try:
        server.start()
        past = Past(Seller(dev_environment, server, sink), sink)
        past.live()
        server.stop()
        yield past
    finally:
        server.stop()
        database.drop(dev_environment, name)


@pytest.fixture(scope="module")
def upgrade(past, dev_environment) -> Upgrade:
    """Its database after the upgrade; the server runs at the same address again."""
    seller = past.seller
    before = read(seller)
    make_earlier(seller)
    log = run_upgrade(dev_environment, seller.database)
    after = read(seller)
    seller.server.start()
    seller = seller.through(seller.server)
    return Upgrade(seller, past.documents, past.links, before, after, log)


def test_the_past_has_all_that_could_be_lost(upgrade):
    """What was not there before proves nothing afterwards."""
    tables = upgrade.before
    for name in ("invoice_delivery", "invoice_delivery_event", "invoice_mail"):
        assert len(tables[name]) >= len(upgrade.links), name
    assert len(tables["invoice_send_run"]) == len(upgrade.documents)
    states = {row["state"] for row in tables["invoice_delivery"].values()}
    assert states == {"accept", "view", "sent", "error", "outgoing"}
    [opted_out] = [
        row for row in tables["invoice_delivery"].values() if row["is_opted_out"]
    ]
    assert opted_out["move_id"] == upgrade.documents["opted_out"]
    brought = tables["account_move"][str(upgrade.documents["brought"])]
    assert brought["invoice_network_recipients"] == "Buyer EOOD"


def test_the_upgrade_logs_no_warning_and_no_error(upgrade):
    """And ends in the version of the manifest."""
    assert not [line for line in upgrade.log.splitlines() if PROBLEM.search(line)]
    [(version, state)] = upgrade.seller.select(
        "SELECT latest_version, state FROM ir_module_module WHERE name = %s", ADDON
    )
    assert (version, state) == (NOW, "installed")


def test_no_row_and_no_value_is_lost(upgrade):
    """Deliveries, events, runs, letters, mails, settings, and what sums them up.

    Fields that came with the upgrade say what they would have said all along.
    """
    lost = []
    for table, rows in upgrade.before.items():
        found = upgrade.after.get(table, {})
        for key, row in rows.items():
            now = found.get(key, {})
            lost += [
                (table, key, name, value, now.get(name))
                for name, value in row.items()
                if now.get(name) != value
            ]
    assert not lost
    assert set(LATER_MODELS) == {
        model
        for (model,) in upgrade.seller.select(
            "SELECT model FROM ir_model WHERE model = ANY(%s)", list(LATER_MODELS)
        )
    }


def test_the_letter_a_user_wrote_and_the_settings_are_read_as_before(upgrade):
    """By the screens, not by the table alone."""
    admin, seller = upgrade.seller.admin, upgrade.seller
    letter = admin.ref(f"{ADDON}.mail_template_en_invoice")
    words = admin.fetch("mail.template", letter, "subject", "body_html")
    assert (words["subject"], words["body_html"]) == (
        "Our own subject",
        "<p>Our own words</p>",
    )
    names = ("invoice_sender_name", "invoice_link_expiry_days", "invoice_retry_minutes")
    settings = admin.fetch("res.company", seller.company_id, *names)
    told = [settings[name] for name in names]
    assert told == ["Office of Seller", 77, "2, 4"]


@pytest.mark.parametrize("name", ["accepted", "viewed", "unseen", "opted_out"])
def test_a_link_that_was_mailed_before_opens_its_document(upgrade, name):
    """The same address, character by character, and the PDF behind it."""
    number = upgrade.seller.move(upgrade.documents[name])["name"]
    page = ask(upgrade.links[name])
    assert page.status_code == 200
    assert number in page.text
    pdf = ask(f"{upgrade.links[name]}/pdf")
    assert pdf.content.startswith(b"%PDF")


def test_a_link_that_was_revoked_stays_dead(upgrade):
    """An upgrade brings no link back to life."""
    assert ask(upgrade.links["revoked"]).status_code == 404


def test_what_waited_for_its_next_attempt_leaves_after_the_upgrade(upgrade, sink):
    """Once, with the letter that was written before."""
    move_id = upgrade.documents["waiting"]
    assert upgrade.seller.delivery(move_id)["state"] == "outgoing"
    upgrade.seller.make_due(move_id)
    upgrade.seller.run_cron()
    assert upgrade.seller.delivery(move_id)["state"] == "sent"
    mail = sink.mail_to("waiting@client.example")
    assert mail.message["Subject"] == "Our own subject"
    assert "Our own words" in mail.html
