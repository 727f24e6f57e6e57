"""Finding Odoo 19.0: ``ODOO_DIR``, an installed one, else Debian's package."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import debian, process
from .console import DevError

SERIES = "19.0"


@dataclass(frozen=True)
class Source:
    """An Odoo to run.

    :ivar directory: holds the Python package ``odoo``
    :ivar launcher: the script that starts it. ``python -m odoo`` would not do: its
        gevent worker runs ``odoo/__main__.py`` as a script, dies and is started again
        without pause.
    :ivar build: changes when the code changes
    """

    directory: Path
    launcher: Path
    build: str

    @property
    def addons(self) -> list[Path]:
        """The directories of Odoo's own addons."""
        places = [self.directory / "addons", self.directory / "odoo" / "addons"]
        return [place for place in places if (place / "account").is_dir()]


def find() -> Source:
    """Return the Odoo to run, fetched first when there is none.

    :raise DevError: when ``ODOO_DIR`` holds no Odoo 19.0 or none can be fetched
    """
    given = os.environ.get("ODOO_DIR")
    if given:
        return _checkout(Path(given).expanduser().resolve())
    return _installed() or _package()


def _checkout(directory: Path) -> Source:
    release = directory / "odoo" / "release.py"
    if not release.is_file():
        raise DevError(f"ODOO_DIR={directory} holds no Odoo (no odoo/release.py)")
    series = _series(release)
    if series != SERIES:
        raise DevError(f"ODOO_DIR={directory} holds Odoo {series}, not {SERIES}")
    launcher = _launcher(directory)
    if not launcher:
        raise DevError(f"ODOO_DIR={directory} has no odoo-bin")
    return Source(directory, launcher, f"{directory} {_revision(directory)}")


def _series(release: Path) -> str:
    """Return "19.0" for the release file of an Odoo 19.0."""
    values: dict = {}
    exec(compile(release.read_text("utf-8"), str(release), "exec"), values)
    return ".".join(str(part) for part in values["version_info"][:2])


def _revision(directory: Path) -> str:
    """Return the commit of a git checkout, "" for any other directory."""
    if not (directory / ".git").exists():
        return ""
    command = ["git", "-C", str(directory), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.decode().strip()


def _launcher(directory: Path) -> Path | None:
    """Return Odoo's start script: of a checkout, of a Debian tree, of a pip prefix."""
    known = [directory / "odoo-bin", directory / "setup" / "odoo"]
    # usr/lib/python3/dist-packages and lib/python3.x/site-packages
    known += [up / "bin" / "odoo" for up in list(directory.parents)[:4]]
    return next((path for path in known if path.is_file()), None)


def _installed() -> Source | None:
    """Return the Odoo that the calling Python imports, if it is a 19.0."""
    code = (
        "import json, odoo, odoo.release as r;"
        "print(json.dumps([list(r.version_info[:2]), r.__file__]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        cwd="/",
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        return None
    version, file = json.loads(done.stdout)
    directory = Path(file).parent.parent
    launcher = _launcher(directory) or shutil.which("odoo")
    if version != [19, 0] or not launcher:
        return None
    return Source(directory, Path(launcher), f"{directory} {_revision(directory)}")


def _package() -> Source:
    if not shutil.which("apt-get"):
        raise DevError(
            "no Odoo 19.0 here and no apt to fetch it with: set ODOO_DIR to a "
            "checkout of Odoo 19.0"
        )
    tree = debian.ensure()
    directory = tree / "usr" / "lib" / "python3" / "dist-packages"
    build = process.last_words((tree / debian.VERSION).read_text("utf-8"))
    return Source(directory, tree / "usr" / "bin" / "odoo", build)
