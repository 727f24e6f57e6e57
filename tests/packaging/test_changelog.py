"""The changelog of each addon is made from its fragments of news, by towncrier."""

import ast
import subprocess
from pathlib import Path

import pytest

from devenv import checkout, venv

ROOT = checkout.ROOT
ADDONS = sorted(path.parent for path in ROOT.glob("*/__manifest__.py"))


@pytest.fixture(scope="module")
def towncrier() -> Path:
    """The program, as ``./dev lint`` has it."""
    return venv.ensure("lint", ROOT / "lint-requirements.txt") / "bin" / "towncrier"


def draft(towncrier: Path, folder: Path, version: str) -> str:
    """Return the changelog that would be written."""
    command = [towncrier, "build", "--draft", "--config", ROOT / "pyproject.toml"]
    command += ["--dir", folder, "--version", version, "--date", "2026-11-26"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_every_fragment_is_in_the_changelog(towncrier, addon):
    """A fragment of a kind that is not known would be left out without a word."""
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text("utf-8"))
    changelog = draft(towncrier, addon, manifest["version"])
    assert changelog.startswith(f"## {manifest['version']} (2026-11-26)\n")
    words = " ".join(changelog.split())
    fragments = list((addon / "readme" / "newsfragments").iterdir())
    assert fragments
    for fragment in fragments:
        assert " ".join(fragment.read_text("utf-8").split()) in words, fragment.name
        assert f"({fragment.name.split('.')[0]})" in words, fragment.name


def test_each_kind_of_news_has_its_heading(towncrier, tmp_path):
    """Those that the OCA uses."""
    folder = tmp_path / "readme" / "newsfragments"
    folder.mkdir(parents=True)
    kinds = ("feature", "bugfix", "doc", "removal", "misc")
    for number, kind in enumerate(kinds, 1):
        (folder / f"{number}.{kind}.md").write_text(f"News {number}.\n", "utf-8")
    changelog = draft(towncrier, tmp_path, "19.0.2.0.0")
    assert changelog.count("\n### ") == len(kinds)
    assert "- News 2. (#2)" in changelog
