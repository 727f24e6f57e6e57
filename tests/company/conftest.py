"""Seller SRL in the company that real databases keep: everything in one database."""

import os
from collections.abc import Callable, Iterator

import pytest

from devenv import database
from tests.helpers import romanian_seller
from tests.helpers.odoo_server import OdooServer
from tests.helpers.romanian_seller import RomanianSeller
from tests.helpers.seller import Seller

#: What is installed beside ours (B21, B22); ours for jobs and payment install
#: themselves.
ADDONS = [
    "account_edi_ubl_cii",
    "account_payment",
    "account_peppol",
    "l10n_ro_edi",
    "mail_tracking",
    "point_of_sale",
    "queue_job",
    "sale",
    "snailmail_account",
    "website",
]
LANGUAGES = ["bg_BG", "ro_RO"]


@pytest.fixture(autouse=True)
def good_day(internet) -> None:
    """All services answer well."""
    romanian_seller.connect(internet)
    internet.asked.clear()


@pytest.fixture(scope="package")
def make_odoo(
    dev_environment, internet, tmp_path_factory
) -> Iterator[Callable[[str], OdooServer]]:
    """Start an Odoo on a database of its own that has everything, ours last."""
    servers = []

    def made(purpose: str) -> OdooServer:
        name = f"isc_test_{os.getpid()}-{purpose}"
        database.create(dev_environment, name, modules=ADDONS, langs=LANGUAGES)
        log = tmp_path_factory.mktemp("odoo") / f"{purpose}.log"
        server = OdooServer(dev_environment, name, log, **internet.variables())
        servers.append(server)
        server.start()
        return server

    yield made
    for server in servers:
        server.stop()
        database.drop(dev_environment, server.database)


@pytest.fixture(scope="package")
def seller(dev_environment, make_odoo, sink) -> Seller:
    """Seller SRL, ready to send."""
    return Seller(dev_environment, make_odoo("company"), sink)


@pytest.fixture(scope="package")
def romanian(dev_environment, make_odoo, sink) -> RomanianSeller:
    """Seller SRL in Bucharest, signed up for e-Factura and Peppol."""
    return RomanianSeller(dev_environment, make_odoo("romanian"), sink)
