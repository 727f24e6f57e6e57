"""Every test, by pytest (``./dev test``).

Tests beside an addon run inside Odoo, on a database cloned for the run; those of
``tests/`` are plain pytest and start their own servers. Both share one process and
one summary. An addon that builds on ours and its tests get a database, hence a
process, of their own.

Without a path the folders of ``LANES`` are run beside the rest, as they mostly wait:
for mail servers that say nothing, for a worker's next minute. A lane has a process,
databases, ports and temporary folders of its own. Its output is kept until the rest,
which prints as it goes, has ended.
"""

import contextlib
import datetime
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import browser, database, environment, services
from .console import say
from .environment import REPOSITORY, Environment

PREFIX = "isc_test"
# The variable that tells devenv.pytest_plugin where to write its counts.
COUNTS = "DEV_TEST_COUNTS"
RAN = ("passed", "failed", "error", "xfailed", "xpassed")
# In the order in which pytest's last line has them, and how wide that is.
SUMMED = ("failed", "passed", "skipped", "xfailed", "xpassed", "error")
WIDTH = 80
# pytest's short options whose value is a word of its own, never a path.
TAKE_VALUE = ("-k", "-m", "-n", "-p", "-o", "-r", "-W")
SYSTEM = REPOSITORY / "tests"
# Lanes of folders of it: one folder after the other, each lane beside the rest.
# One lane alone: three processes on two cores made Chromium miss its time.
# What has no need of a browser and is no part of the main database stands here: both
# sides take about as long.
LANES = (
    (
        *("crash", "queue_job", "smtp", "client", "shop", "company"),
        *("edi", "native", "packaging", "i18n"),
    ),
)
# Options that say how to print. Any other one might not mean several processes at a
# time: -x, --pdb, -s, --lf, -k (a lane with nothing to run fails).
PRINTING = re.compile(
    r"-[vql]+|-[rW].*|--(verbose|quiet|showlocals|tb|durations(-min)?|color|timeout"
    r"|no-header|no-summary|show-capture)(=.*)?"
)
# pytest's status after Ctrl-C; here also of what did not come to its end.
INTERRUPTED = 2
# pytest-odoo wants a database as soon as it sees Odoo's settings.
NO_ODOO = ("-p", "no:odoo")


@dataclass
class Group:
    """What one pytest process runs.

    :ivar paths: files and folders, with ``::`` parts
    :ivar ignored: those below them that another process runs
    :ivar in_odoo: some of them need Odoo
    :ivar addon: what its database has besides ours, "" for nothing
    :ivar counts: the file that it writes its counts to
    :ivar status: pytest's, once it has ended
    """

    paths: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    in_odoo: bool = False
    addon: str = ""
    counts: Path = Path(os.devnull)
    status: int = INTERRUPTED


def main(args: list[str]) -> int:
    """Run the tests (``./dev test``).

    :param args: paths and pytest's options; without a path everything runs
    :return: pytest's status; not 0 when nothing ran
    """
    env = environment.prepare()
    browser.ensure()
    options, paths = split(args)
    groups = grouped(paths or _all_paths())
    lanes = [] if paths or not may_divide(options) else divide(groups)
    if lanes:
        # A test that has to wait for it might run out of time.
        database.Plan(env, [], [], False).full()
    return run(env, options, list(groups.values()), lanes)


def run(
    env: Environment, options: list[str], groups: list[Group], lanes: list[Group]
) -> int:
    """Run groups one after the other, and each lane beside all of them.

    Ctrl-C ends all that run; their reports are still printed.

    :param env: the environment
    :param options: pytest's
    :param groups: print as they go
    :param lanes: need no Odoo; print when the groups have ended
    :return: pytest's status of the first that did not pass, else 0
    """
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for number, group in enumerate([*groups, *lanes]):
            group.counts = Path(folder) / f"{number}.json"
        try:
            with contextlib.ExitStack() as stack:
                # The one that is entered last is left, and so printed, first.
                for lane in reversed(lanes):
                    stack.enter_context(_beside(env, lane, options))
                for group in groups:
                    _run(env, group, options)
        finally:
            status = _sum([*groups, *lanes], time.monotonic() - start)
        return status


def may_divide(options: list[str]) -> bool:
    """Tell whether several processes at a time can do what the options ask for.

    :param options: pytest's, to which its variable adds
    """
    asked = [*options, *shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))]
    # Other words are values of the option before them.
    return all(PRINTING.fullmatch(word) for word in asked if word.startswith("-"))


def divide(groups: dict[str, Group]) -> list[Group]:
    """Take the folders that mostly wait out of everything.

    :param groups: everything; the group with the system tests is left the rest
    :return: the lanes
    """
    lanes = [Group([str(SYSTEM / name) for name in names]) for names in LANES]
    groups[""].ignored = [path for lane in lanes for path in lane.paths]
    return lanes


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
    return [str(folder) for folder in [*folders, SYSTEM]]


def grouped(paths: list[str]) -> dict[str, Group]:
    """Sort paths by the addon that their database has besides ours.

    :param paths: absolute paths
    :return: groups by the addon's name, "" where there is none
    """
    groups: dict[str, Group] = {}
    for path in paths:
        addon = addon_of(Path(path.partition("::")[0]))
        extra = addon if addon not in ("", database.MAIN) else ""
        group = groups.setdefault(extra, Group(addon=extra))
        group.paths.append(path)
        group.in_odoo = group.in_odoo or bool(addon)
    return groups


def addon_of(path: Path) -> str:
    """Return the name of the addon that a path lies in, "" for none."""
    for folder in (path, *path.parents):
        if (folder / "__manifest__.py").is_file():
            return folder.name
    return ""


def _run(env: Environment, group: Group, options: list[str]) -> None:
    """Run a group in a process of pytest that prints as it goes."""
    with contextlib.ExitStack() as stack:
        more = NO_ODOO
        if group.in_odoo:
            name = stack.enter_context(_database(env, group.addon))
            shots = REPOSITORY / "screenshots"
            more = [f"--odoo-config={env.config}", f"--odoo-database={name}"]
            more += ["--odoo-http", f"--odoo-extra=screenshots={shots}"]
        group.status = _wait(_start(env, group, [*more, *options]))


@contextlib.contextmanager
def _beside(env: Environment, lane: Group, options: list[str]) -> Iterator[None]:
    """Run a lane beside what the block does; wait for it and print it at the end."""
    names = ", ".join(os.path.relpath(path, REPOSITORY) for path in lane.paths)
    say(f"running beside the rest, printed at the end: {names}")
    # Two that write pytest's cache at a time would lose what one of them wrote.
    more = [*NO_ODOO, "-p", "no:cacheprovider", *options]
    kept = lane.counts.with_suffix(".txt")
    with kept.open("wb") as output:
        to_file = {"stdout": output, "stderr": output, "stdin": subprocess.DEVNULL}
        child = _start(env, lane, more, **to_file)
    try:
        yield
    except BaseException as error:
        _end(child, error)
        raise
    finally:
        try:
            lane.status = _wait(child)
        finally:
            _print(names, kept)


def _print(names: str, kept: Path) -> None:
    """Print all that a lane printed."""
    print(f"\n{names}:", flush=True)
    with kept.open("r", encoding="utf-8", errors="replace") as output:
        shutil.copyfileobj(output, sys.stdout)
    sys.stdout.flush()


def _start(
    env: Environment, group: Group, options: list[str], **streams: object
) -> subprocess.Popen:
    """Start pytest; it ends when this process is killed."""
    command = [str(env.python), "-m", "pytest", "-p", "devenv.pytest_plugin"]
    command += ["-c", str(REPOSITORY / "pytest.ini"), f"--rootdir={REPOSITORY}"]
    command += [*options, *(f"--ignore={path}" for path in group.ignored)]
    return subprocess.Popen(
        [*services.ended_with_us(), *command, *group.paths],
        cwd=REPOSITORY,
        env={**env.variables(), COUNTS: str(group.counts)},
        **streams,
    )


def _wait(child: subprocess.Popen) -> int:
    """Wait for pytest; whatever comes between, let it finish its report."""
    try:
        return child.wait()
    except BaseException as error:
        _end(child, error)
        child.wait()
        raise


def _end(child: subprocess.Popen, error: BaseException) -> None:
    """Let pytest end; Ctrl-C it got as well."""
    if not isinstance(error, KeyboardInterrupt):
        child.terminate()


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


def _sum(groups: list[Group], seconds: float) -> int:
    """Return the status of all processes; after several, print one line for all."""
    bad = [group.status for group in groups if group.status]
    if len(groups) > 1:
        total = dict.fromkeys(SUMMED, 0)
        for group in groups:
            if group.counts.exists():
                counts = json.loads(group.counts.read_text("utf-8"))
                for word, number in counts.items():
                    total[word] += number
        print(_summary(total, seconds), flush=True)
    return bad[0] if bad else 0


def _summary(total: dict[str, int], seconds: float) -> str:
    """Return the line that pytest itself ends with, for counts by outcome."""
    told = [
        f"{number} {word}{'s' if word == 'error' and number > 1 else ''}"
        for word, number in total.items()
        if number
    ]
    spent = datetime.timedelta(seconds=int(seconds))
    words = f" {', '.join(told) or 'no tests ran'} in {seconds:.2f}s ({spent}) "
    return words.center(WIDTH, "=")
