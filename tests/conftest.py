"""What the system tests share: one mail server, one Odoo, one company a session."""

import os
from collections.abc import Iterator

import pytest

from devenv import database, environment
from devenv.environment import Environment
from tests.helpers.buyer import Buyer
from tests.helpers.odoo_server import OdooServer
from tests.helpers.seller import Seller
from tests.helpers.smtp_sink import SmtpSink

SERVER = pytest.StashKey[OdooServer]()
#: Servers and browsers share two processors with the tests of a second process, and
#: miss their time now and then. What had to be tried again, and why, is printed.
RERUNS = 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests on real servers and in browsers, and only those, a second try."""
    for item in items:
        if {"dev_environment", "chromium"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.flaky(reruns=RERUNS))


def pytest_terminal_summary(terminalreporter) -> None:
    """Say why a test had to be tried again: it may be the product's fault after all."""
    reports = terminalreporter.stats.get("rerun", [])
    if reports:
        terminalreporter.section("tried again")
    for report in reports:
        terminalreporter.line(f"{report.nodeid} ({report.when}):")
        terminalreporter.line(report.longreprtext[-2000:])


@pytest.fixture(scope="session")
def dev_environment() -> Environment:
    """The environment of ``./dev``."""
    return environment.prepare()


@pytest.fixture(scope="session")
def sink() -> Iterator[SmtpSink]:
    """The mail server that Odoo sends through."""
    with SmtpSink() as running:
        yield running


@pytest.fixture(scope="session")
def odoo(request, dev_environment, tmp_path_factory) -> Iterator[OdooServer]:
    """A running Odoo on a database of its own."""
    name = f"isc_test_{os.getpid()}-system"
    database.create(dev_environment, name)
    log = tmp_path_factory.mktemp("odoo") / "odoo.log"
    server = OdooServer(dev_environment, name, log)
    request.config.stash[SERVER] = server
    try:
        server.start()
        yield server
    finally:
        server.stop()
        database.drop(dev_environment, name)


@pytest.fixture(scope="session")
def seller(dev_environment, odoo, sink) -> Seller:
    """Seller SRL, ready to send."""
    return Seller(dev_environment, odoo, sink)


@pytest.fixture(scope="session")
def buyer(seller) -> Buyer:
    """Buyer EOOD, another company of the database, which receives invoices."""
    return Buyer(seller)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the end of Odoo's log below a system test that failed."""
    report = yield
    server = item.config.stash.get(SERVER, None)
    if report.failed and server and "seller" in getattr(item, "fixturenames", ()):
        report.sections.append((f"Odoo's log {server.log}", server.last_words()))
    return report
