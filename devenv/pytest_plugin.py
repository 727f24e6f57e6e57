"""Rules of Odoo's own test runner that pytest-odoo does not know.

Loaded by ``./dev test``. Plain pytest tests are left as they are.
"""

import json
import os
import signal
from pathlib import Path

import pytest

from .testing import COUNTS, RAN


def pytest_configure() -> None:
    """Let the signal TERM end the tests as Ctrl-C does: what they started ends too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what Odoo's runner would (odoo/tests/loader.py).

    It runs a test method in the class that defines it, not in heirs, a class in the
    module that defines it, and by default only what is tagged ``standard``.
    """
    dropped = [item for item in items if _is_foreign(item)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]


def _is_foreign(item: pytest.Item) -> bool:
    case = getattr(item, "cls", None)
    tags = getattr(case, "test_tags", None)
    if tags is None:
        return False
    inherited = item.originalname not in vars(case)
    if inherited and not getattr(case, "allow_inherited_tests_method", False):
        return True
    return case.__module__ != item.module.__name__ or "standard" not in tags


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which every test was skipped; hand the counts on."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.config.option.collectonly:
        return
    counts = {word: len(reporter.stats.get(word, ())) for word in (*RAN, "skipped")}
    if not session.exitstatus and not any(counts[word] for word in RAN):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
    if os.environ.get(COUNTS):
        Path(os.environ[COUNTS]).write_text(json.dumps(counts), encoding="utf-8")
