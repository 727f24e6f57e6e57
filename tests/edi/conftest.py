"""A Romanian seller with an internet that these tests answer for."""

import os
from collections.abc import Iterator

import pytest

from devenv import database
from tests.helpers import romanian_seller
from tests.helpers.odoo_server import OdooServer
from tests.helpers.romanian_seller import RomanianSeller

ADDONS = ["account_peppol", "l10n_ro_edi"]


@pytest.fixture(autouse=True)
def good_day(internet) -> Iterator[None]:
    """Both services answer well unless a test says otherwise."""
    romanian_seller.connect(internet)
    internet.asked.clear()
    yield
    romanian_seller.connect(internet)


@pytest.fixture(scope="session")
def romanian_odoo(dev_environment, internet, tmp_path_factory) -> Iterator[OdooServer]:
    """A running Odoo with e-Factura and Peppol."""
    name = f"isc_test_{os.getpid()}-edi"
    database.create(dev_environment, name, modules=ADDONS)
    log = tmp_path_factory.mktemp("odoo") / "edi.log"
    server = OdooServer(dev_environment, name, log, **internet.variables())
    try:
        server.start()
        yield server
    finally:
        server.stop()
        database.drop(dev_environment, name)


@pytest.fixture(scope="session")
def romanian(dev_environment, romanian_odoo, sink) -> RomanianSeller:
    """Seller SRL in Bucharest, ready to send."""
    return RomanianSeller(dev_environment, romanian_odoo, sink)
