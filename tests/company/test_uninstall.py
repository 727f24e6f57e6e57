"""Upgraded, uninstalled and installed anew in a database that has everything (B21)."""

import os
from collections.abc import Iterator

import pytest

from devenv import database
from tests.company.conftest import ADDONS, LANGUAGES
from tests.helpers import review
from tests.helpers.leftovers import Inventory
from tests.helpers.odoo_log import run_odoo, started
from tests.helpers.review import Review
from tests.helpers.seller import Seller

OURS = "invoice_send_client"
MODULES = (OURS, f"{OURS}_payment", f"{OURS}_queue_job")
#: What a table of ours holds stays through an upgrade.
KEPT = ("invoice_delivery", "invoice_delivery_event", "invoice_mail")
KEPT += ("invoice_send_run", "invoice_send_run_line", "invoice_send_template")
NETWORK = "invoice_sending_method"


class Life:
    """A database that was used, step by step.

    :ivar seller: Seller SRL
    :ivar partner_ids: customers who get their invoices by the client network, each in
        another company
    :ivar move_id: an invoice that was sent
    :ivar counts: how many rows our tables had
    """

    def __init__(self, seller: Seller) -> None:
        self.seller, self.server = seller, seller.server
        self._add_company()
        self._send()
        self._leave_waiting()
        self._customize()
        self.counts = self.count()

    def count(self) -> dict[str, int]:
        """Count the rows of our tables."""
        return {
            table: self.seller.select(f"SELECT count(*) FROM {table}")[0][0]
            for table in KEPT
        }

    def _add_company(self) -> None:
        admin = self.seller.admin
        values = {"name": "Second SRL", "country_id": admin.ref("base.ro")}
        self.second_id = admin.make("res.company", values)
        self.partner_ids = {
            company_id: admin.make(
                "res.partner",
                {"name": "By the network", NETWORK: "network"},
                allowed_company_ids=[company_id],
            )
            for company_id in (self.seller.company_id, self.second_id)
        }
        admin.call("ir.default", "set", "res.partner", NETWORK, "network")

    def _send(self) -> None:
        seller = self.seller
        address = seller.address("client")
        self.move_id = seller.invoice(address)
        seller.send(self.move_id, document_mode="link")
        activity = {
            "res_model_id": seller.admin.ref("account.model_account_move"),
            "res_id": self.move_id,
            "activity_type_id": seller.admin.ref(f"{OURS}.mail_activity_returned"),
        }
        self.activity_id = seller.admin.make("mail.activity", activity)

    def _leave_waiting(self) -> None:
        emails = [self.seller.address("waiting") for _number in range(2)]
        self.waiting_ids = review.post_many(self.seller, emails)
        window = Review(self.seller, self.waiting_ids)
        window.file("terms.txt", "VGVybXM=")
        window.press_send()
        self.seller.run_cron()
        states = self.seller.select("SELECT DISTINCT state FROM queue_job")
        assert states == [("pending",)]

    def _customize(self) -> None:
        admin = self.seller.admin
        name = f"{OURS}.public_url"
        assert admin.call("ir.config_parameter", "get_param", name)
        own = {"name": "Mine", "model_id": "invoice.delivery", "domain": "[]"}
        admin.make("ir.filters", own)
        admin.make("ir.exports", {"name": "Mine", "resource": "invoice.mail"})
        [letter] = admin.search(
            "invoice.send.template",
            [("lang", "=", "ro"), ("document_type", "=", "invoice")],
            "mail_template_id",
        )
        template_id = letter["mail_template_id"][0]
        [self.template_id] = admin.call("mail.template", "copy", [template_id])
        values = {"name": "My own letter"}
        admin.change("mail.template", self.template_id, values)
        letter = {
            "lang": "ro_RO",
            "document_type": "invoice",
            "mail_template_id": self.template_id,
        }
        admin.make("invoice.send.template", letter)


@pytest.fixture(scope="module")
def bare(dev_environment) -> Iterator[Inventory]:
    """What a database has that never had our addons."""
    name = f"isc_test_{os.getpid()}-bare"
    options = {"modules": ADDONS, "langs": LANGUAGES, "bare": True}
    database.create(dev_environment, name, **options)
    yield Inventory(dev_environment, name)
    database.drop(dev_environment, name)


@pytest.fixture(scope="module")
def life(dev_environment, make_odoo, sink) -> Life:
    """A database in which our addons were used."""
    return Life(Seller(dev_environment, make_odoo("uninstall"), sink))


@pytest.fixture(scope="module")
def upgraded(life) -> list[str]:
    """The log of an upgrade of our addons."""
    options = (f"--update={','.join(MODULES)}", "--stop-after-init", "--no-http")
    log = run_odoo(life.server, "server", *options)
    life.counts_after_upgrade = life.count()
    return log


@pytest.fixture(scope="module")
def uninstalled(life, upgraded) -> list[str]:
    """The log of the uninstallation, and of the first start after it."""
    # those that build on it go with it, as in Apps
    log = run_odoo(life.server, "module", "uninstall", OURS)
    with started(life.server) as first_start:
        pass
    return log + first_start


@pytest.fixture(scope="module")
def reinstalled(life, uninstalled) -> list[str]:
    """The log of a new installation."""
    options = (f"--init={OURS}", "--stop-after-init", "--no-http")
    log = run_odoo(life.server, "server", *options)
    life.server.start()
    return log


def test_upgrade_says_nothing_and_keeps_everything(life, upgraded):
    """``-u`` with everything installed: no warning, no row lost."""
    assert upgraded == []
    assert life.counts_after_upgrade == life.counts
    assert all(life.counts.values()), life.counts


def test_uninstall_says_nothing(uninstalled):
    """Neither while it goes on, nor when the registry is loaded after it."""
    assert uninstalled == []


@pytest.fixture(scope="module")
def left(life, uninstalled, bare, dev_environment) -> dict[str, set[str]]:
    """What the database still has that it would not have without our addons."""
    return Inventory(dev_environment, life.server.database).beyond(bare)


def test_uninstall_leaves_our_name_nowhere(left):
    """Neither in an external id, nor a parameter, filter, attachment, job, text ..."""
    assert left.get("words", set()) == set()


def test_uninstall_leaves_nothing_in_schema_and_records(life, left):
    """No table, column, index, constraint, view, rule, group, scheduled action ..."""
    assert {kind: names for kind, names in left.items() if kind != "words"} == {}
    assert life.seller.select("SELECT name FROM queue_job") == []


def test_customers_of_the_network_are_left_to_odoos_default(life, uninstalled):
    """In every company, with none whose value no screen knows."""
    statement = f"SELECT id FROM res_partner WHERE {NETWORK}::text LIKE '%%network%%'"
    assert life.seller.select(statement) == []
    defaults = "SELECT id FROM ir_default WHERE json_value LIKE '%%network%%'"
    assert life.seller.select(defaults) == []
    for company_id, partner_id in life.partner_ids.items():
        [partner] = life.seller.admin.call(
            "res.partner",
            "web_read",
            [partner_id],
            {NETWORK: {}, "name": {}},
            context={"allowed_company_ids": [company_id]},
        )
        assert partner[NETWORK] is False


@pytest.mark.parametrize(
    "model",
    ["account.move", "res.partner", "res.config.settings", "queue.job", "mail.mail"],
)
def test_screens_open_after_uninstall(life, uninstalled, model):
    """Views and rows, as the web client asks for them."""
    admin = life.seller.admin
    views = [(False, "list"), (False, "form"), (False, "search")]
    views = views[1:2] if model == "res.config.settings" else views
    shown = admin.call(model, "get_views", views=views)["models"][model]["fields"]
    # some of Odoo's own binary fields hold what no screen asks for
    names = {name: {} for name, told in shown.items() if told["type"] != "binary"}
    admin.call(model, "web_search_read", [], names, limit=80)


def test_what_was_used_is_still_there_after_uninstall(life, uninstalled):
    """The activity of a returned invoice, the letter that the company wrote."""
    admin = life.seller.admin
    activity = admin.fetch("mail.activity", life.activity_id, "activity_type_id")
    assert activity["activity_type_id"][1] == "To-Do"
    template = admin.fetch("mail.template", life.template_id, "name")
    assert template["name"] == "My own letter"


def test_odoo_sends_natively_after_uninstall(life, uninstalled, sink):
    """One document by the window; what waited stays unsent, and stays so."""
    seller = life.seller
    address = seller.address("native")
    move_id = seller.invoice(address)
    window_id = seller.window(move_id)
    seller.admin.call("account.move.send.wizard", "action_send_and_print", [window_id])
    assert [name[-4:] for name in sink.mail_to(address).files] == [".pdf"]
    seller.run_cron()
    seller.run_cron("mail.ir_cron_mail_scheduler_action")
    assert [mail for mail in sink.mails if "waiting." in mail.recipients[0]] == []


def test_reinstalled_addons_send(life, reinstalled, sink):
    """Installed anew, without a word of warning; a document leaves with its link."""
    assert reinstalled == []
    seller = life.seller
    address = seller.address("again")
    move_id = seller.invoice(address)
    seller.send(move_id)
    assert seller.delivery(move_id)["state"] == "sent"
    assert "/invoice/d/" in sink.mail_to(address).html
