"""Python virtual environments, each made once for its list of packages."""

import shutil
import subprocess
import sys
from functools import cache as remember
from pathlib import Path

from . import apt, cache, process
from .console import DevError, say

# Odoo 19.0 names 3.10 as its oldest and 3.13 as its newest Python (odoo/release.py).
OLDEST, NEWEST = (3, 10), (3, 13)


def ensure(name: str, requirements: Path, *, extra: tuple[str, ...] = ()) -> Path:
    """Return a virtual environment with these packages, made when it is missing.

    :param name: what it is for ("lint", "odoo"); part of its directory's name
    :param requirements: pip's list of packages
    :param extra: more packages, in pip's notation
    :return: its directory; the interpreter is ``bin/python`` in it
    :raise DevError: when no fit Python is there or a package can't be installed
    """
    wanted = requirements.read_text(encoding="utf-8")
    base = interpreter()
    key = cache.digest(base, version(base), wanted, *extra)

    def build(folder: Path) -> None:
        say(f"making the Python environment '{name}' (Python {version(base)})")
        create(base, folder)
        pip(folder, ["-r", requirements, *extra], f"the packages of '{name}'")

    folder = cache.step(f"venv-{name}", key, build, in_place=True)
    return folder


def create(base: str, folder: Path) -> None:
    """Make an empty virtual environment.

    :param base: the interpreter it stands on
    :param folder: an empty directory
    :raise DevError: when Python has no venv and it can't be installed
    """
    command = [base, "-m", "venv", folder]
    try:
        process.run(command, "make a venv", env=process.clean_env())
    except DevError:
        package = apt.python_venv(base)
        if not package:
            raise
        apt.ensure(package, "making a Python environment")
        process.run([*command, "--clear"], "make a venv", env=process.clean_env())


def pip(folder: Path, arguments: list[object], what: str) -> None:
    """Run ``pip install`` in a virtual environment, with pip's own settings.

    :param folder: the virtual environment
    :param arguments: what follows ``pip install``
    :param what: what is installed, for the error line
    :raise DevError: when pip fails
    """
    process.run(
        [folder / "bin" / "python", "-m", "pip", "install", "-q", *arguments],
        f"install {what}",
        env=process.clean_env(),
    )


@remember
def interpreter() -> str:
    """Return the path of a Python that Odoo 19.0 runs on: this one, if it fits.

    :raise DevError: when none is found
    """
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        # The base, not a venv that ./dev happens to be called in: that may vanish.
        base = getattr(sys, "_base_executable", None) or sys.executable
        # One name for it, as environments are told apart by it.
        return str(Path(base).resolve())
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and version(found):
            return str(Path(found).resolve())
    raise DevError(
        f"Odoo 19.0 needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}; this is "
        f"{sys.version.split()[0]} and no other is on PATH"
    )


@remember
def version(python: str) -> str:
    """Return the full version of an interpreter, "" when it does not run."""
    code = "import platform; print(platform.python_version())"
    try:
        done = subprocess.run(
            [python, "-c", code], capture_output=True, encoding="utf-8", check=False
        )
    except OSError:
        return ""
    return done.stdout.strip()
