"""How ``./dev test`` reads its arguments, and that it fails when nothing ran."""

import os
from pathlib import Path

import pytest

from devenv import testing
from devenv.environment import REPOSITORY

ADDON = REPOSITORY / "invoice_send_client"
HERE = Path(__file__).parent


def test_options_and_paths_are_told_apart(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    options, paths = testing.split(
        ["-x", "tests/devenv", "-k", "tests", "--maxfail", "3", "tests/a.py::test_b"]
    )
    assert options == ["-x", "-k", "tests", "--maxfail", "3"]
    assert paths == [f"{HERE}", f"{REPOSITORY / 'tests' / 'a.py'}::test_b"]


def test_paths_are_those_of_the_caller(monkeypatch):
    monkeypatch.chdir(HERE)
    assert testing.split(["."]) == ([], [str(HERE)])


def test_system_tests_alone_need_no_odoo():
    groups = testing.grouped([str(HERE)])
    assert list(groups) == [""]
    assert not groups[""].in_odoo


def test_an_addon_that_builds_on_ours_has_a_group_of_its_own(tmp_path):
    glue = tmp_path / "invoice_send_client_glue"
    (glue / "tests").mkdir(parents=True)
    (glue / "__manifest__.py").write_text("{}")
    groups = testing.grouped([str(ADDON / "tests"), str(glue / "tests"), str(HERE)])
    assert groups[""].paths == [str(ADDON / "tests"), str(HERE)]
    assert groups[""].in_odoo
    assert groups[glue.name].paths == [str(glue / "tests")]


SKIPPED = "import pytest\n\n@pytest.mark.skip\ndef test_a():\n    pass\n"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("def test_a():\n    pass\n", 0),
        ("def test_a():\n    assert False\n", 1),
        (SKIPPED, 5),
        ("", 5),
    ],
)
def test_the_status_tells_failures_and_runs_of_nothing(dev, tmp_path, content, status):
    file = tmp_path / "test_it.py"
    file.write_text(content)
    without = {"PYTEST_ADDOPTS": "", "PYTEST_CURRENT_TEST": ""}
    assert dev("test", str(file), **without).returncode == status


def test_a_run_that_was_killed_is_not_alive():
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    assert not testing._lives(child)
    assert testing._lives(os.getpid())
