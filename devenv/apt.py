"""System packages, by Debian's own apt with the settings of the machine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from . import cache, process
from .console import DevError, say

# What the PDF engine, a binary of version 0.12.3, links to beyond libc.
PDF_LIBRARIES = (
    "libxrender1",
    "libxext6",
    "libx11-6",
    "libfontconfig1",
    "libfreetype6",
)
# Latin with Romanian letters, and Cyrillic.
FONTS = ("fontconfig", "fonts-dejavu-core")
BROWSER = ("chromium", "libatomic1")
# The PDF engine with unpatched Qt, which Debian has up to bookworm.
UNPATCHED_PDF = ("wkhtmltopdf",)
# What lists the files of the checkout, for ./dev lint and ./dev test.
GIT = ("git",)


def missing(packages: Iterable[str]) -> list[str]:
    """Return those of `packages` that dpkg does not hold as installed.

    :param packages: names of Debian packages
    :raise DevError: on a machine without dpkg
    """
    names = list(packages)
    if not shutil.which("dpkg-query"):
        raise DevError(f"this is no Debian: install what is in {' '.join(names)}")
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    found = (line.split() for line in done.stdout.splitlines())
    # dpkg also lists names it only heard of, as "not-installed".
    present = {name for name, state in found if state == "installed"}
    return [name for name in names if name not in present]


def ensure(packages: Iterable[str], why: str) -> None:
    """Install those Debian packages that are missing, once.

    :param packages: names of Debian packages
    :param why: what needs them, for the progress line
    :raise DevError: when there is no right or no way to install them
    """
    wanted = missing(packages)
    if not wanted:
        return
    with cache.lock("apt"):
        wanted = missing(wanted)
        if wanted:
            _install(wanted, why)


def python_venv(python: str = sys.executable) -> list[str]:
    """Return the package that a Python of Debian needs to make environments.

    Debian ships the module without its wheels of pip in a package of its own.

    :param python: the interpreter
    """
    base = Path(python).resolve()
    return [f"{base.name}-venv"] if base.parent == Path("/usr/bin") else []


def _install(packages: list[str], why: str) -> None:
    prefix = _as_root(packages, why)
    say(f"installing {' '.join(packages)} ({why})")
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends"]
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # Another apt may run (unattended upgrades): wait for its lock, do not fail.
    command = [*prefix, *install, "-o", "DPkg::Lock::Timeout=300", *packages]
    try:
        process.run(command, f"install {' '.join(packages)}", env=env)
    except DevError:
        # A fresh machine has no package lists yet, an old one has outdated lists.
        update = [*prefix, "apt-get", "update", "-q"]
        process.run(update, "update apt's package lists", env=env)
        process.run(command, f"install {' '.join(packages)}", env=env)


def _as_root(packages: list[str], why: str) -> list[str]:
    """Return what to put before a command to run it as root."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if not asked.returncode:
            return ["sudo", "-n"]
    # Who has to ask somebody shall ask once: for all that ./dev ever needs.
    ever = [*packages, *python_venv(), *BROWSER, *PDF_LIBRARIES, *FONTS, *GIT]
    listed = missing(dict.fromkeys(ever))
    raise DevError(
        f"{why} needs Debian packages that you may not install: let an administrator "
        f"run 'apt-get install {' '.join(listed)}', then call ./dev again"
    )
