"""All parts together: what Odoo is run with, and ``./dev env``."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from . import browser, cache, pdf, postgres, source, venv
from .console import DevError, say

REPOSITORY = Path(__file__).resolve().parent.parent
HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements-odoo.txt"
ADDONS = HERE / "requirements-addons.txt"


@dataclass(frozen=True)
class Environment:
    """What it takes to run Odoo.

    :ivar odoo: the Odoo to run
    :ivar server: the database server
    :ivar venv: the virtual environment of Odoo
    :ivar config: Odoo's configuration file
    :ivar data_dir: Odoo's data directory
    :ivar path: what PATH starts with
    """

    odoo: source.Source
    server: postgres.Server
    venv: Path
    config: Path
    data_dir: Path
    path: tuple[Path, ...]

    @property
    def python(self) -> Path:
        """The interpreter that imports Odoo."""
        return self.venv / "bin" / "python"

    @property
    def addons_path(self) -> str:
        """Odoo's addons directories and this repository, separated by commas."""
        return ",".join(str(path) for path in [*self.odoo.addons, REPOSITORY])

    def variables(self) -> dict[str, str]:
        """Return the process environment to run Odoo in.

        Odoo reads its configuration from ``ODOO_RC`` whatever the sub-command.
        """
        path = os.pathsep.join([*map(str, self.path), os.environ.get("PATH", "")])
        return {
            **os.environ,
            **self.server.env(),
            "ODOO_RC": str(self.config),
            "PATH": path,
        }

    def command(self, *args: object) -> list[str]:
        """Return the command line that runs Odoo with these arguments."""
        return [str(part) for part in (self.python, self.odoo.launcher, *args)]


def prepare() -> Environment:
    """Return the environment, each part made or started first where it is missing.

    :raise DevError: when a part can't be had
    """
    odoo = source.find()
    folder = python_environment(odoo)
    server = postgres.ensure()
    programs = pdf.ensure()
    place = cache.digest(REPOSITORY, odoo.directory, server.host, server.port)
    environment = Environment(
        odoo=odoo,
        server=server,
        venv=folder,
        config=cache.root() / "checkouts" / place / "odoo.conf",
        data_dir=cache.root() / "data" / cache.digest(server.host, server.port),
        path=(programs, server.programs),
    )
    _configure(environment)
    return environment


def python_environment(odoo: source.Source) -> Path:
    """Return the virtual environment that imports this Odoo and runs the tests.

    :param odoo: the Odoo to run
    :raise DevError: when a package can't be installed
    """
    base = venv.interpreter()
    lists = [path.read_text("utf-8") for path in (REQUIREMENTS, ADDONS)]
    key = cache.digest(base, venv.version(base), odoo.directory, *lists)

    def build(folder: Path) -> None:
        say(f"installing Odoo's Python packages (Python {venv.version(base)})")
        venv.create(base, folder)
        venv.pip(folder, ["-r", REQUIREMENTS], "Odoo's Python packages")
        _show_odoo(folder, odoo)
        venv.pip(folder, ["-r", ADDONS], "the OCA's addons")

    return cache.step("venv-odoo", key, build, in_place=True)


def _show_odoo(folder: Path, odoo: source.Source) -> None:
    """Make Odoo importable, and known to pip as installed, in the environment.

    The addons on PyPI want "odoo==19.0.*".
    """
    packages = next(folder.glob("lib/python3*/site-packages"))
    (packages / "odoo-source.pth").write_text(f"{odoo.directory}\n", "utf-8")
    about = packages / f"odoo-{source.SERIES}.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: odoo\nVersion: {source.SERIES}\n", "utf-8"
    )
    about.joinpath("INSTALLER").write_text("dev\n", "utf-8")
    about.joinpath("RECORD").write_text("", "utf-8")


def _configure(environment: Environment) -> None:
    """Write Odoo's configuration file where it is missing or differs."""
    server = environment.server
    options = {
        "addons_path": environment.addons_path,
        "data_dir": environment.data_dir,
        "db_host": server.host,
        "db_port": server.port,
        "db_user": server.user,
        "bin_path": environment.path[0],
        "pg_path": server.programs,
        "http_interface": "127.0.0.1",
        "list_db": True,
        "with_demo": False,
    }
    lines = ["[options]", *(f"{name} = {value}" for name, value in options.items())]
    text = "\n".join(lines) + "\n"
    environment.data_dir.mkdir(parents=True, exist_ok=True)
    config = environment.config
    config.parent.mkdir(parents=True, exist_ok=True)
    if not config.exists() or config.read_text("utf-8") != text:
        partial = config.with_name(f"odoo.conf.{os.getpid()}")
        partial.write_text(text, "utf-8")
        partial.replace(config)


def main(args: list[str]) -> int:
    """Print the environment as JSON (``./dev env``).

    Without the right to install Chromium the rest is still told.

    :param args: none
    """
    environment = prepare()
    try:
        chromium: str | None = browser.ensure()
    except DevError as error:
        say(str(error))
        chromium = None
    told = {
        "odoo_dir": str(environment.odoo.directory),
        "python": str(environment.python),
        "addons_path": environment.addons_path,
        "config": str(environment.config),
        "pghost": environment.server.host,
        "pgport": environment.server.port,
        "pguser": environment.server.user,
        "data_dir": str(environment.data_dir),
        "chromium": chromium,
    }
    print(json.dumps(told, indent=2))
    return 0
