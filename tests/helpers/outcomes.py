"""pytest plugin: writes what became of each test, sub-tests included, as JSON."""

import json
import os
from pathlib import Path

import pytest

#: The variable that says where.
FILE = "NATIVE_OUTCOMES"

_failures: dict[str, str] = {}


def _name(nodeid: str) -> str:
    return ".".join(nodeid.split("::")[-2:])


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a test, and why it failed where it did."""
    name = _name(report.nodeid)
    _failures.setdefault(name, "")
    if report.failed and not _failures[name]:
        crash = getattr(report.longrepr, "reprcrash", None)
        _failures[name] = crash.message if crash else str(report.longrepr)


def pytest_sessionfinish() -> None:
    """Write test name -> why it failed, empty where it passed."""
    Path(os.environ[FILE]).write_text(json.dumps(_failures), encoding="utf-8")
