"""Every test, by pytest (``./dev test``).

Tests beside an addon run inside Odoo, on a database cloned for the run; those of
``tests/`` are plain pytest and start their own servers. Both share one process and
one summary. An addon that builds on ours and its tests get a database, hence a
process, of their own.
"""

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import browser, database, environment
from .environment import REPOSITORY, Environment

PREFIX = "isc_test"
# The variable that tells devenv.pytest_plugin where to write its counts.
COUNTS = "DEV_TEST_COUNTS"
RAN = ("passed", "failed", "error", "xfailed", "xpassed")
# pytest's short options whose value is a word of its own, never a path.
TAKE_VALUE = ("-k", "-m", "-n", "-p", "-o", "-r", "-W")


@dataclass
class Group:
    """What one pytest process runs.

    :ivar paths: files and folders, with ``::`` parts
    :ivar in_odoo: some of them need Odoo
    """

    paths: list[str] = field(default_factory=list)
    in_odoo: bool = False


def main(args: list[str]) -> int:
    """Run the tests (``./dev test``).

    :param args: paths and pytest's options; without a path everything runs
    :return: pytest's status; not 0 when nothing ran
    """
    env = environment.prepare()
    browser.ensure()
    options, paths = split(args)
    groups = grouped(paths or _all_paths())
    with tempfile.TemporaryDirectory() as folder:
        results = []
        for number, (addon, group) in enumerate(groups.items()):
            counts = Path(folder) / f"{number}.json"
            status = _run(env, addon, group, options, counts)
            results.append((status, counts))
        return _sum(results)


def split(args: list[str]) -> tuple[list[str], list[str]]:
    """Tell options from paths, as pytest would.

    :param args: what followed ``./dev test``
    :return: the options, and the paths made absolute
    """
    options, paths = [], []
    before = ""
    for arg in args:
        path, _, rest = arg.partition("::")
        looks_so = path.endswith(".py") or "/" in path or Path(path).exists()
        if arg.startswith("-") or before in TAKE_VALUE or not looks_so:
            options.append(arg)
        else:
            paths.append(str(Path(path).resolve()) + ("::" + rest if rest else ""))
        before = arg
    return options, paths


def _all_paths() -> list[str]:
    folders = sorted(REPOSITORY.glob(f"{database.MAIN}*/tests"))
    return [str(folder) for folder in [*folders, REPOSITORY / "tests"]]


def grouped(paths: list[str]) -> dict[str, Group]:
    """Sort paths by the addon that their database has besides ours.

    :param paths: absolute paths
    :return: groups by the addon's name, "" where there is none
    """
    groups: dict[str, Group] = {}
    for path in paths:
        addon = addon_of(Path(path.partition("::")[0]))
        extra = addon if addon not in ("", database.MAIN) else ""
        group = groups.setdefault(extra, Group())
        group.paths.append(path)
        group.in_odoo = group.in_odoo or bool(addon)
    return groups


def addon_of(path: Path) -> str:
    """Return the name of the addon that a path lies in, "" for none."""
    for folder in (path, *path.parents):
        if (folder / "__manifest__.py").is_file():
            return folder.name
    return ""


def _run(
    env: Environment, addon: str, group: Group, options: list[str], counts: Path
) -> int:
    """Run one process of pytest and return its status."""
    command = [str(env.python), "-m", "pytest", "-p", "devenv.pytest_plugin"]
    command += ["-c", str(REPOSITORY / "pytest.ini"), f"--rootdir={REPOSITORY}"]
    variables = {**env.variables(), COUNTS: str(counts)}
    with contextlib.ExitStack() as stack:
        if group.in_odoo:
            name = stack.enter_context(_database(env, addon))
            shots = REPOSITORY / "screenshots"
            command += [f"--odoo-config={env.config}", f"--odoo-database={name}"]
            command += ["--odoo-http", f"--odoo-extra=screenshots={shots}"]
        else:
            # The plugin would want a database as soon as it sees Odoo's settings.
            command += ["-p", "no:odoo"]
        return _wait([*command, *options, *group.paths], variables)


def _wait(command: list[str], variables: dict[str, str]) -> int:
    """Run pytest; on Ctrl-C, which it gets as well, let it finish its report."""
    child = subprocess.Popen(command, cwd=REPOSITORY, env=variables)
    try:
        return child.wait()
    except KeyboardInterrupt:
        return child.wait()
    except BaseException:
        child.terminate()
        child.wait()
        raise


@contextlib.contextmanager
def _database(env: Environment, addon: str) -> Iterator[str]:
    """Provide a fresh database, dropped afterwards."""
    _sweep(env)
    name = f"{PREFIX}_{os.getpid()}"
    database.create(env, name, modules=[addon] if addon else [])
    try:
        yield name
    finally:
        database.drop(env, name)


def _sweep(env: Environment) -> None:
    """Drop the databases of runs that were killed."""
    for name in env.server.databases():
        pid = name.removeprefix(f"{PREFIX}_").partition("-")[0]
        if name.startswith(PREFIX) and pid.isdigit() and not _lives(int(pid)):
            database.drop(env, name)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sum(results: list[tuple[int, Path]]) -> int:
    """Return the status of all processes; after several, print one line for all."""
    bad = [status for status, _counts in results if status]
    if len(results) > 1:
        total = dict.fromkeys((*RAN, "skipped"), 0)
        for _status, counts in results:
            if counts.exists():
                for word, number in json.loads(counts.read_text("utf-8")).items():
                    total[word] += number
        failed = total["failed"] + total["error"]
        print(
            f"{total['passed']} passed, {failed} failed, {total['skipped']} skipped",
            flush=True,
        )
    return bad[0] if bad else 0
