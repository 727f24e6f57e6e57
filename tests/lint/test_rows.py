"""Every row of the requirements has its tests in ROWS.md, and those exist."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from devenv.checkout import ROOT

TABLE = Path(ROOT) / "tests" / "ROWS.md"
COUNTS = {"R": 51, "B": 30, "D": 7}
ROWS = [
    f"{letter}{number}"
    for letter, count in COUNTS.items()
    for number in range(1, count + 1)
]
ROW = re.compile(r"^\| ([RBD]\d+) \|", re.MULTILINE)
TEST = re.compile(r"`([^`\s]+::[^`\s]+)`")


def read_tests(text: str) -> dict[str, list[str]]:
    """Return the tests that a table names, by row; of screens by their names.

    :param text: ROWS.md
    """
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return {line.split(" | ")[0][2:]: TEST.findall(line) for line in lines}


@cache
def find_tests(path: Path) -> frozenset[str]:
    """Return the tests of a file as pytest names them, without importing it.

    :param path: a Python file; one that is not there has no tests
    """
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in classes:
        methods = (part for part in node.body if isinstance(part, ast.FunctionDef))
        found |= {f"{node.name}::{method.name}" for method in methods}
    return frozenset(
        name for name in found if name.rpartition("::")[2].startswith("test_")
    )


def find_missing(named: list[str], root: Path) -> list[str]:
    """Return which of these tests do not exist.

    :param named: ``path::test`` or ``path::Class::test``
    :param root: where the paths begin
    """
    parts = [(name, *name.split("::", 1)) for name in named]
    return [name for name, path, test in parts if test not in find_tests(root / path)]


@pytest.fixture(scope="module")
def table() -> str:
    """ROWS.md as it stands."""
    return TABLE.read_text("utf-8")


def test_each_row_stands_once_and_in_order(table):
    assert ROW.findall(table) == ROWS


def test_each_row_and_each_screen_has_a_test(table):
    tests = read_tests(table)
    heads = {"row", "screen", "---"}
    assert [row for row in tests if row not in heads and not tests[row]] == []


def test_each_test_that_is_named_exists(table):
    named = [test for tests in read_tests(table).values() for test in tests]
    assert find_missing(named, Path(ROOT)) == []


def test_no_row_names_a_test_twice(table):
    for row, tests in read_tests(table).items():
        assert [test for test, count in Counter(tests).items() if count > 1] == [], row


def test_what_is_missing_would_be_found(tmp_path):
    code = "class TestA:\n    def test_b(self): ...\n"
    code += "def test_c(): ...\ndef d(): ...\n"
    (tmp_path / "test_x.py").write_text(code)
    there = ["test_x.py::TestA::test_b", "test_x.py::test_c"]
    gone = ["test_x.py::test_b", "test_x.py::d", "test_y.py::test_c"]
    assert find_missing([*there, *gone], tmp_path) == gone
    text = "| R1 | what | `test_x.py::test_c` |  |\n| R2 | what | by hand |  |\n"
    assert read_tests(text) == {"R1": ["test_x.py::test_c"], "R2": []}
