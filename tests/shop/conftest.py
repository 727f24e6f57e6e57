"""A database with apps that make invoices of their own."""

import os

import pytest

from devenv import database
from tests.helpers.odoo_server import OdooServer

ADDONS = ["account_debit_note", "sale"]


@pytest.fixture(scope="package")
def shop(dev_environment, tmp_path_factory):
    """A database with the sales app and with debit notes."""
    name = f"isc_test_{os.getpid()}-shop"
    database.create(dev_environment, name, modules=ADDONS)
    log = tmp_path_factory.mktemp("odoo") / "shop.log"
    yield OdooServer(dev_environment, name, log)
    database.drop(dev_environment, name)
