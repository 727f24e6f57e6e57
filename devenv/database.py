"""Fresh databases, cloned from templates that are made once (``./dev initdb``).

Two templates a set of addons: one with Odoo's own addons and languages, which changes
with Odoo only, and on top of it one with the addons of this repository, which changes
with their source. A template has its final name only when it is whole; it is hidden
from Odoo (no connections, marked as template) and has its files beside the others.
"""

import argparse
import ast
import contextlib
import hashlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from . import cache, environment, process
from .console import DevError, say
from .environment import ADDONS, REPOSITORY, Environment

MAIN = "invoice_send_client"
# The addon's dependencies as long as it has no manifest.
DEFAULT_DEPENDS = ("account", "portal")
BASE, FULL = "isc_base", "isc_full"
# Templates of older source that are kept beside the newest: two branches in turn.
KEPT = 2
# Parts of an addon that no database holds anything of.
UNSEEN = ("tests", "readme", "__pycache__")


def main(args: list[str]) -> int:
    """Make a fresh database with the addon (``./dev initdb``).

    :param args: NAME [--with MOD,MOD] [--lang ro_RO,bg_BG] [--demo]
    """
    parser = argparse.ArgumentParser("./dev initdb", description=main.__doc__)
    parser.add_argument("name", help="a database of this name is replaced")
    parser.add_argument("--with", dest="modules", default="", help="more addons")
    parser.add_argument("--lang", default="", help="languages to load: ro_RO,bg_BG")
    parser.add_argument("--demo", action="store_true", help="with Odoo's demo data")
    told = parser.parse_args(args)
    create(
        environment.prepare(),
        told.name,
        modules=_split(told.modules),
        langs=_split(told.lang),
        demo=told.demo,
    )
    say(f"database {told.name} is there; log in as admin / admin")
    return 0


def _split(text: str) -> list[str]:
    return sorted({part.strip() for part in text.split(",") if part.strip()})


def create(
    env: Environment,
    name: str,
    *,
    modules: Sequence[str] = (),
    langs: Sequence[str] = (),
    demo: bool = False,
    bare: bool = False,
) -> None:
    """Make a database with the addon installed; one of that name is replaced.

    :param env: the environment
    :param name: the database's name
    :param modules: addons to install beside ours
    :param langs: languages to load, as Odoo writes them (ro_RO)
    :param demo: with demo data
    :param bare: without the addons of this repository, with all that they stand on
    :raise DevError: when an addon is unknown or does not install
    """
    if name.startswith((BASE, FULL)) or not name or name.startswith("-"):
        raise DevError(f"{name!r} is no name for a database of yours")
    plan = Plan(env, sorted(modules), sorted(langs), demo)
    template = plan.base() if bare else plan.full()
    drop(env, name)
    _clone(env, template, name)
    # Two databases with one secret would take each other's signed links.
    env.server.sql(
        "UPDATE ir_config_parameter SET value = gen_random_uuid()"
        " WHERE key IN ('database.secret', 'database.uuid')",
        name,
    )
    plan.prune()


def drop(env: Environment, name: str) -> None:
    """Remove a database, if it is there, with its files; its connections end.

    :param env: the environment
    :param name: the database's name
    """
    if env.server.exists(name):
        # Only a template is altered: PostgreSQL refuses to alter a database whose
        # removal was cut short, but removes it.
        if name in env.server.databases(templates=True):
            env.server.sql(f"ALTER DATABASE {_quoted(name)} IS_TEMPLATE false")
        env.server.sql(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
    cache.remove(_files(env, name))


class Plan:
    """Which templates a database of these addons stands on."""

    def __init__(
        self, env: Environment, modules: list[str], langs: list[str], demo: bool
    ) -> None:
        self.env = env
        self.langs = langs
        self.demo = demo
        ours = [name for name in modules if (REPOSITORY / name).is_dir()]
        self.ours = [MAIN, *ours] if (REPOSITORY / MAIN).is_dir() else ours
        # these install themselves
        self.glue = _glue({*self.ours, *modules})
        self.theirs = [name for name in modules if name not in ours]
        for name in self.theirs:
            _check_known(env, name)
        self.depends = self._depends()

    def _depends(self) -> list[str]:
        """Return the addons that ours depend on, less ours."""
        names = set(self.theirs)
        for addon in self.ours:
            names.update(manifest(addon).get("depends", ()))
        if MAIN not in self.ours:
            names.update(DEFAULT_DEPENDS)
        return sorted(name for name in names if name not in self.ours)

    def _third_party(self) -> bool:
        """Tell whether addons from PyPI are part of it."""
        own = [place / name for place in self.env.odoo.addons for name in self.depends]
        return len([path for path in own if path.is_dir()]) < len(self.depends)

    @property
    def base_name(self) -> str:
        """Name of the template with Odoo's addons."""
        key = cache.digest(
            self.env.odoo.build,
            ADDONS.read_text("utf-8") if self._third_party() else "",
            self.depends,
            self.langs,
            self.demo,
        )
        return f"{BASE}_{key}"

    @property
    def full_name(self) -> str:
        """Name of the template with ours on top."""
        addons = [*self.ours, *self.glue]
        key = cache.digest(*(content(REPOSITORY / name) for name in addons))
        return f"{FULL}_{self.base_name.removeprefix(BASE + '_')}_{key}"

    def base(self) -> str:
        """Return the template with Odoo's addons, made when it is missing."""
        return _template(self.env, self.base_name, self._make_base)

    def full(self) -> str:
        """Return the template with ours on top, made when it is missing."""
        if not self.ours:
            return self.base()
        return _template(self.env, self.full_name, self._make_full)

    def _make_base(self, name: str) -> None:
        say(f"installing {', '.join(self.depends)} into a template (once)")
        # The first one becomes the users' language and the only one that is there
        # from the start: without en_US in front there would be none.
        languages = ",".join(dict.fromkeys(["en_US", *self.langs]))
        more = [f"--load-language={languages}", *self._demo()]
        _install(self.env, name, self.depends, *more)

    def _make_full(self, name: str) -> None:
        base = self.base()
        _clone(self.env, base, name)
        say(f"installing {', '.join(self.ours)} into a template")
        _install(self.env, name, self.ours, *self._demo())
        _check_installed(self.env, name, self.glue)

    def _demo(self) -> list[str]:
        return ["--with-demo"] if self.demo else []

    def prune(self) -> None:
        """Drop the older templates of this base, and bases unused for long."""
        siblings = self.full_name.rpartition("_")[0]
        found = self.env.server.databases()
        mine = [name for name in found if name.startswith(siblings + "_")]
        mine.sort(key=lambda name: _used(self.env, name), reverse=True)
        old = [
            name
            for name in found
            if name.startswith((BASE, FULL))
            and time.time() - _used(self.env, name) > cache.UNUSED_SECONDS
        ]
        for name in {*mine[KEPT:], *old} - {self.full_name, self.base_name}:
            # one that is being made now keeps its lock until it has its whole name
            with cache.lock(name.removesuffix("_partial")):
                drop(self.env, name)


def _template(env: Environment, name: str, make) -> str:
    """Return `name` once it is a whole template; `make` fills a database."""
    with cache.lock(name):
        if not env.server.exists(name) or not _files(env, name).is_dir():
            partial = f"{name}_partial"
            for leftover in (name, partial):
                drop(env, leftover)
            try:
                make(partial)
            except BaseException:
                # What went wrong first is the thing to tell (a full disk).
                with contextlib.suppress(DevError):
                    drop(env, partial)
                raise
            _finish(env, partial, name)
    _files(env, name).touch()
    return name


def _finish(env: Environment, partial: str, name: str) -> None:
    """Give a template its final name: files first, the database decides."""
    _files(env, partial).mkdir(parents=True, exist_ok=True)
    _files(env, partial).rename(_files(env, name))
    env.server.sql(
        f"ALTER DATABASE {_quoted(partial)} IS_TEMPLATE true;\n"
        f"ALTER DATABASE {_quoted(partial)} RENAME TO {_quoted(name)}"
    )


def _install(env: Environment, database: str, addons: list[str], *more: str) -> None:
    """Install addons into a database, made when it is missing.

    :raise DevError: when Odoo fails or leaves an addon out
    """
    wanted = ",".join(addons)
    options = ["-d", database, "-i", wanted, "--stop-after-init", "--no-http"]
    process.run(
        env.command(*options, "--log-level=warn", *more),
        f"install {wanted}",
        env=env.variables(),
    )
    _check_installed(env, database, addons)


def _check_installed(env: Environment, database: str, addons: list[str]) -> None:
    """Refuse a database that lacks one of these addons.

    :raise DevError: with their names
    """
    if not addons:
        return
    names = ", ".join(f"'{name}'" for name in addons)
    rows = env.server.sql(
        "SELECT name FROM ir_module_module"
        f" WHERE name IN ({names}) AND state = 'installed'",
        database,
    )
    left = sorted(set(addons) - set(rows.split()))
    if left:
        raise DevError(f"Odoo did not install {', '.join(left)}")


def _clone(env: Environment, source: str, target: str) -> None:
    """Copy a database and its files."""
    files = _files(env, source)
    if files.is_dir():
        shutil.copytree(files, _files(env, target))
    env.server.sql(f"CREATE DATABASE {_quoted(target)} TEMPLATE {_quoted(source)}")


def _check_known(env: Environment, name: str) -> None:
    """Refuse an addon that Odoo would not find: it only logs an unknown one."""
    if not name.isidentifier():
        raise DevError(f"{name!r} is no name of an addon")
    places = [Path(path) for path in env.addons_path.split(",")]
    places += env.venv.glob("lib/python3*/site-packages/odoo/addons")
    places.append(env.odoo.directory / "odoo" / "addons")
    if not any((place / name / "__manifest__.py").is_file() for place in places):
        raise DevError(f"there is no addon {name} here (see {ADDONS.name})")


def _glue(addons: set[str]) -> list[str]:
    """Return the addons of this repository that install themselves beside these."""
    names = sorted(path.parent.name for path in REPOSITORY.glob("*/__manifest__.py"))
    return [
        name
        for name in names
        if name not in addons
        and manifest(name).get("auto_install")
        and addons.issuperset(manifest(name)["depends"])
    ]


def manifest(addon: str) -> dict:
    """Return the manifest of an addon of this repository, {} without one."""
    file = REPOSITORY / addon / "__manifest__.py"
    return ast.literal_eval(file.read_text("utf-8")) if file.is_file() else {}


def content(folder: Path) -> str:
    """Return a hash of an addon's files, less those that no database depends on.

    :param folder: the addon
    """
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not set(UNSEEN).intersection(parts[:1] + parts[-2:-1]):
            total.update("/".join(parts).encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _files(env: Environment, name: str) -> Path:
    return env.data_dir / "filestore" / name


def _used(env: Environment, name: str) -> float:
    """Return when a template was used last, 0 when it has lost its files."""
    try:
        return _files(env, name).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _quoted(name: str) -> str:
    """Return a name as SQL writes an identifier."""
    return '"' + name.replace('"', '""') + '"'
