"""Ours is there first, the others come later (B21, B22); elsewhere ours comes last."""

import os
from collections.abc import Iterator

import pytest

from devenv import database
from tests.company.conftest import ADDONS
from tests.helpers import odoo_log
from tests.helpers.client_page import LINK
from tests.helpers.odoo_server import OdooServer
from tests.helpers.seller import Seller

#: They don't extend the sending, and bring half of Odoo with them.
HEAVY = {"point_of_sale", "sale"}
GLUE = ("invoice_send_client_payment", "invoice_send_client_queue_job")


@pytest.fixture(scope="module")
def server(dev_environment, internet, tmp_path_factory) -> Iterator[OdooServer]:
    """An Odoo on a database that has ours alone."""
    name = f"isc_test_{os.getpid()}-first"
    database.create(dev_environment, name)
    log = tmp_path_factory.mktemp("odoo") / "first.log"
    server = OdooServer(dev_environment, name, log, **internet.variables())
    yield server
    server.stop()
    database.drop(dev_environment, name)


def test_the_others_come_later_and_a_document_leaves(dev_environment, server, sink):
    """No word of ours in the log, glue installed, mail with link and their picture."""
    names = ",".join(name for name in ADDONS if name not in HEAVY)
    options = (f"--init={names}", "--stop-after-init", "--no-http")
    log = odoo_log.run_odoo(server, "server", *options)
    assert [line for line in log if "invoice" in line] == []
    server.start()
    seller = Seller(dev_environment, server, sink)
    installed = seller.admin.search(
        "ir.module.module", [("name", "in", GLUE), ("state", "=", "installed")], "name"
    )
    assert sorted(module["name"] for module in installed) == sorted(GLUE)
    address = seller.address("client")
    move_id = seller.invoice(address)
    seller.send(move_id, document_mode="link")
    assert seller.delivery(move_id)["state"] == "sent"
    html = sink.mail_to(address).html
    assert LINK.search(html) and "/mail/tracking/open/" in html
