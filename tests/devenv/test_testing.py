"""How ``./dev test`` reads its arguments, what runs side by side, when it fails."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv import testing
from devenv.environment import REPOSITORY
from tests.helpers import polling

ADDON = REPOSITORY / "invoice_send_client"
HERE = Path(__file__).parent


def test_options_and_paths_are_told_apart(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    options, paths = testing.split(
        ["-x", "tests/devenv", "-k", "tests", "--maxfail", "3", "tests/a.py::test_b"]
    )
    assert options == ["-x", "-k", "tests", "--maxfail", "3"]
    assert paths == [f"{HERE}", f"{REPOSITORY / 'tests' / 'a.py'}::test_b"]


def test_paths_are_those_of_the_caller(monkeypatch):
    monkeypatch.chdir(HERE)
    assert testing.split(["."]) == ([], [str(HERE)])


def test_no_two_files_of_system_tests_have_one_name():
    """Their folders are no packages: pytest knows a file by its name alone."""
    names = [path.name for path in testing.SYSTEM.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_system_tests_alone_need_no_odoo():
    groups = testing.grouped([str(HERE)])
    assert list(groups) == [""]
    assert not groups[""].in_odoo


def test_an_addon_that_builds_on_ours_has_a_group_of_its_own(tmp_path):
    glue = tmp_path / "invoice_send_client_glue"
    (glue / "tests").mkdir(parents=True)
    (glue / "__manifest__.py").write_text("{}")
    groups = testing.grouped([str(ADDON / "tests"), str(glue / "tests"), str(HERE)])
    assert groups[""].paths == [str(ADDON / "tests"), str(HERE)]
    assert groups[""].in_odoo
    assert groups[glue.name].paths == [str(glue / "tests")]


SKIPPED = "import pytest\n\n@pytest.mark.skip\ndef test_a():\n    pass\n"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("def test_a():\n    pass\n", 0),
        ("def test_a():\n    assert False\n", 1),
        (SKIPPED, 5),
        ("", 5),
    ],
)
def test_the_status_tells_failures_and_runs_of_nothing(dev, tmp_path, content, status):
    file = tmp_path / "test_it.py"
    file.write_text(content)
    without = {"PYTEST_ADDOPTS": "", "PYTEST_CURRENT_TEST": ""}
    assert dev("test", str(file), **without).returncode == status


def test_a_run_that_was_killed_is_not_alive():
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    assert not testing._lives(child)
    assert testing._lives(os.getpid())


def test_each_folder_is_in_one_lane_or_in_the_rest():
    groups = testing.grouped(testing._all_paths())
    folders = [path for lane in testing.divide(groups) for path in lane.paths]
    assert sorted(set(folders)) == sorted(folders) == sorted(groups[""].ignored)
    for folder in folders:
        assert list(Path(folder).glob("test_*.py")), folder
        assert Path(folder).parent == REPOSITORY / "tests"
    assert str(REPOSITORY / "tests") in groups[""].paths


@pytest.mark.parametrize(
    ("options", "more", "side_by_side"),
    [
        ([], "", True),
        (["-vv", "-ra", "--durations=20", "--tb", "short", "-W", "error"], "", True),
        (["-x"], "", False),
        (["-vx"], "", False),
        (["-s"], "", False),
        (["--pdb"], "", False),
        (["-k", "name"], "", False),
        (["--lf"], "", False),
        ([], "-v", True),
        ([], "-v --maxfail=1", False),
    ],
)
def test_only_what_can_run_side_by_side_does(monkeypatch, options, more, side_by_side):
    monkeypatch.setenv("PYTEST_ADDOPTS", more)
    assert testing.may_divide(options) is side_by_side


#: The rest of a folder, and a lane that is a folder of it.
RUN = """
import signal, sys
from devenv import environment, testing

# It is off below a shell that started the tests in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
rest = testing.Group([sys.argv[1]], ignored=[sys.argv[2]])
lane = testing.Group([sys.argv[2]])
sys.exit(testing.run(environment.prepare(), [], [rest], [lane]))
"""
#: Ends when the other one has begun, or (nearly) not at all.
MEETS = """
import pathlib, time
import pytest

HERE, OTHER = (pathlib.Path({folder!r}) / name for name in ({name!r}, {other!r}))

@pytest.fixture
def begun():
    HERE.with_suffix(".begun").touch()
    yield
    HERE.with_suffix(".ended").touch()

def test_{name}(begun):
    end = time.monotonic() + 60
    while {forever} or not OTHER.with_suffix(".begun").exists():
        assert time.monotonic() < end, "alone"
        time.sleep(0.1)
    assert {passes}
"""

Start = Callable[..., subprocess.Popen]


@pytest.fixture
def start(tmp_path) -> Iterator[Start]:
    """Start a test and, beside it, a lane with another one."""
    running = []

    def started(rest: bool = True, lane: bool = True, forever: bool = False):
        (tmp_path / "lane").mkdir()
        options = {"folder": str(tmp_path), "forever": forever}
        for place, name, other, passes in (
            ("", "rest", "lane", rest),
            ("lane", "lane", "rest", lane),
        ):
            code = MEETS.format(name=name, other=other, passes=passes, **options)
            (tmp_path / place / f"test_{name}.py").write_text(code)
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", RUN, tmp_path, tmp_path / "lane"],
                stdout=subprocess.PIPE,
                cwd=REPOSITORY,
                encoding="utf-8",
                env={**os.environ, "PYTEST_ADDOPTS": "", "PYTEST_CURRENT_TEST": ""},
                start_new_session=True,
            )
        )
        return running[0]

    yield started
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def told(process: subprocess.Popen) -> tuple[list[str], list[str]]:
    """Return what the rest and what the lane printed, once all has ended."""
    lines = process.communicate(timeout=120)[0].splitlines()
    border = next(n for n, line in enumerate(lines) if line.endswith("/lane:"))
    return lines[:border], lines[border:]


def test_a_lane_runs_beside_the_rest_and_is_printed_behind_it(start):
    process = start()
    rest, lane = told(process)
    assert process.returncode == 0
    for lines in (rest, lane):
        assert len([line for line in lines if "= 1 passed in " in line]) == 1
    assert "test_lane" not in "".join(rest)
    assert re.fullmatch(r"=+ 2 passed in [\d.]+s \(0:00:\d\d\) =+", lane[-1])


@pytest.mark.parametrize("where", ["rest", "lane"])
def test_a_failure_anywhere_is_told_in_full_and_by_the_status(start, where):
    process = start(**{where: False})
    lines = dict(zip(("rest", "lane"), told(process), strict=True))
    assert process.returncode == 1
    assert any(line.startswith("FAILED ") for line in lines[where])
    assert "E       assert False" in lines[where]
    assert "= 1 failed, 1 passed in " in lines["lane"][-1]


def wait_for_both(folder: Path, what: str) -> None:
    """Wait until the rest's test and the lane's have come so far."""
    files = [folder / f"{name}.{what}" for name in ("rest", "lane")]
    polling.until(lambda: all(file.exists() for file in files), f"both {what}", 40)


def test_ctrl_c_ends_all_and_each_prints_its_report(start, tmp_path):
    process = start(forever=True)
    wait_for_both(tmp_path, "begun")
    os.killpg(process.pid, signal.SIGINT)
    for lines in told(process):
        assert any("! KeyboardInterrupt !" in line for line in lines), lines
    assert process.returncode not in (0, None)
    wait_for_both(tmp_path, "ended")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_no_test_running(start, tmp_path, how):
    """Each ends what its tests started."""
    if how == signal.SIGKILL and not shutil.which("setpriv"):
        pytest.skip("no setpriv (util-linux) here")
    process = start(forever=True)
    wait_for_both(tmp_path, "begun")
    process.send_signal(how)
    wait_for_both(tmp_path, "ended")
    assert process.wait(60) in (143, -signal.SIGKILL)
    process.communicate(timeout=60)  # nobody holds its output open any more
