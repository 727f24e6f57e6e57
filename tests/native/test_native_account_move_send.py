"""Odoo's own tests of sending, run with the addon in attachment mode.

Nothing is confirmed as public in a fresh database, so link mode falls back to
attachment (requirements D2). What differs from native Odoo on purpose stands in
``native_differences.txt`` with the requirement that wants it; the rest has to pass.
"""

import ast
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from devenv import checkout, database, testing
from tests.helpers import outcomes

NATIVE = Path("odoo/addons/account/tests/test_account_move_send.py")
LIST = Path(__file__).parents[1] / "native_differences.txt"


def read_differences() -> dict[str, tuple[str, str]]:
    """Return the list: test -> (requirement rows, what differs)."""
    lines = LIST.read_text("utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    assert all(len(row) == 3 for row in rows), "test | requirement | what differs"
    return {name: (row, text) for name, row, text in rows}


def names_in(source: Path) -> set[str]:
    """Return the tests in a file, as ``Class.method``."""
    tree = ast.parse(source.read_text("utf-8"))
    return {
        f"{case.name}.{method.name}"
        for case in tree.body
        if isinstance(case, ast.ClassDef)
        for method in case.body
        if isinstance(method, ast.FunctionDef) and method.name.startswith("test_")
    }


@pytest.fixture(scope="module")
def source(dev_environment) -> Path:
    """Odoo's own test file."""
    return dev_environment.odoo.directory / NATIVE


@pytest.fixture(scope="module")
def failures(dev_environment, source, tmp_path_factory) -> dict[str, str]:
    """Run it on a fresh database; test name -> why it failed, empty if it passed."""
    file = tmp_path_factory.mktemp("native") / "outcomes.json"
    name = f"isc_test_{os.getpid()}-native"
    env = {**dev_environment.variables(), outcomes.FILE: str(file)}
    env.pop(testing.COUNTS, None)
    command = [dev_environment.python, "-m", "pytest", "-q", "--tb=short"]
    command += ["-p", "devenv.pytest_plugin", "-p", outcomes.__name__]
    command += ["-c", checkout.ROOT / "pytest.ini", f"--rootdir={checkout.ROOT}"]
    command += [f"--odoo-config={dev_environment.config}", f"--odoo-database={name}"]
    database.create(dev_environment, name)
    try:
        done = subprocess.run(
            [str(part) for part in [*command, source]],
            cwd=checkout.ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        database.drop(dev_environment, name)
    assert file.exists(), (done.stdout + done.stderr)[-3000:]
    return json.loads(file.read_text("utf-8"))


def test_every_native_test_ran(source, failures):
    """None is left out, and there are as many as Odoo 19.0 has at least."""
    assert set(failures) == names_in(source)
    assert len(failures) >= 30


def test_native_tests_fail_only_where_a_requirement_wants_it(failures):
    """Any other red test is a defect of the addon."""
    known = read_differences()
    red = {name: why for name, why in failures.items() if why and name not in known}
    assert red == {}


def test_every_listed_difference_is_there(failures):
    """A listed test that passes has to leave the list."""
    assert [name for name in read_differences() if not failures.get(name)] == []


def test_every_difference_names_its_requirement():
    """Each line names the rows that want it, and says what differs."""
    for name, (rows, text) in read_differences().items():
        assert re.fullmatch(r"[RBD]\d+( [RBD]\d+)*", rows), name
        assert len(text.split()) >= 5, name
