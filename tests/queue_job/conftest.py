"""A company whose documents are sent by the job queue."""

import os
from collections.abc import Callable, Iterator

import pytest

from devenv import database
from tests.helpers.odoo_server import OdooServer
from tests.helpers.seller import Seller


@pytest.fixture(scope="package")
def odoo(dev_environment, tmp_path_factory) -> Iterator[OdooServer]:
    """A running Odoo, without workers of its own, on a database with the glue."""
    name = f"isc_test_{os.getpid()}-jobs"
    database.create(dev_environment, name, modules=["queue_job"])
    log = tmp_path_factory.mktemp("odoo") / "odoo.log"
    server = OdooServer(dev_environment, name, log)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        database.drop(dev_environment, name)


@pytest.fixture(scope="package")
def seller(dev_environment, odoo, sink) -> Seller:
    """Seller SRL, whose Odoo has the job queue."""
    return Seller(dev_environment, odoo, sink)


@pytest.fixture
def start(seller, dev_environment, tmp_path) -> Iterator[Callable[..., OdooServer]]:
    """Start further Odoos on the same database; they end with the test."""
    servers = []

    def started(**options) -> OdooServer:
        log = tmp_path / f"odoo{len(servers)}.log"
        server = OdooServer(dev_environment, seller.database, log, **options)
        servers.append(server)
        server.start()
        return server

    yield started
    for server in servers:
        server.stop()
        print(server.last_words())
