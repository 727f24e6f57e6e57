"""The cache: where it is, and steps that are whole or not there."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devenv import cache
from devenv.environment import REPOSITORY

BUILD = """
import sys, time, subprocess
from pathlib import Path
from devenv import cache, process

def build(folder):
    (folder / "part").write_text("half")
    with open(sys.argv[1], "a") as log:
        log.write("build\\n")
    {work}
    (folder / "part").write_text("whole")

print(cache.step("thing", "key", build, in_place={in_place}))
"""


def start(log: Path, work: str, in_place: bool = False) -> subprocess.Popen:
    """Start a process that makes a step."""
    code = BUILD.format(work=work, in_place=in_place)
    return subprocess.Popen(
        [sys.executable, "-c", code, log],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def wait_for(log: Path) -> None:
    """Wait until the step's work has begun."""
    for _attempt in range(200):
        if log.exists():
            return
        time.sleep(0.05)
    raise AssertionError("the step did not begin")


def test_the_cache_is_where_the_xdg_variable_says(cache_home):
    assert cache.root() == cache_home / "invoice_send_client"
    assert cache.root().is_dir()


def test_a_relative_xdg_variable_is_ignored(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    usual = cache.root()
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    assert cache.root() == usual


def test_a_place_that_others_cannot_enter_is_known(cache_home):
    assert cache._open_to_all(cache_home / "not" / "there")
    cache_home.chmod(0o700)
    assert not cache._open_to_all(cache_home / "not" / "there")


def test_a_closed_place_is_used_by_users_and_left_by_root(cache_home):
    cache_home.chmod(0o700)
    as_root = os.geteuid() == 0
    expected = Path("/var/cache") if as_root else cache_home
    assert cache.root() == expected / "invoice_send_client"


def test_a_step_is_built_once_for_each_key(cache_home):
    built = []

    def build(folder: Path) -> None:
        built.append(folder)
        (folder / "file").touch()

    one = cache.step("thing", "one", build)
    assert cache.step("thing", "one", build) == one
    two = cache.step("thing", "two", build)
    assert (one / "file").exists() and (two / "file").exists()
    assert len(built) == 2


def test_a_key_tells_its_parts_apart():
    assert cache.digest("a", "b") == cache.digest("a", "b")
    assert cache.digest("a", "b") != cache.digest("ab")
    assert cache.digest("a", "b") != cache.digest("a", "c")


@pytest.mark.parametrize("in_place", [False, True])
def test_a_step_that_fails_leaves_nothing(cache_home, in_place):
    def fail(folder: Path) -> None:
        (folder / "file").touch()
        raise ValueError("no")

    with pytest.raises(ValueError):
        cache.step("thing", "key", fail, in_place=in_place)
    assert not list((cache.root() / "thing").iterdir())


@pytest.mark.parametrize("in_place", [False, True])
def test_a_step_killed_half_way_is_made_again(cache_home, in_place):
    log = cache_home / "log"
    first = start(log, "time.sleep(60)", in_place)
    wait_for(log)
    first.kill()
    first.wait()
    second = start(log, "pass", in_place)
    place = Path(second.communicate(timeout=20)[0].strip())
    assert (place / "part").read_text() == "whole"
    assert [path.name for path in place.parent.iterdir()] == ["key"]
    assert log.read_text().splitlines() == ["build", "build"]


def test_two_calls_at_once_build_once_and_the_second_says_that_it_waits(cache_home):
    log = cache_home / "log"
    first = start(log, "time.sleep(1)")
    wait_for(log)
    second = start(log, "time.sleep(1)")
    told = second.communicate(timeout=20)[1]
    first.communicate(timeout=20)
    assert log.read_text().splitlines() == ["build"]
    assert "waiting for another ./dev" in told


def test_nobody_cleans_up_under_a_program_whose_caller_was_killed(cache_home):
    log = cache_home / "log"
    first = start(log, "process.run(['sleep', '3'], 'sleep')")
    wait_for(log)
    time.sleep(0.3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    began = time.monotonic()
    start(log, "pass").communicate(timeout=20)
    assert time.monotonic() - began > 1.5


def test_results_of_other_keys_go_when_nobody_used_them_for_long(cache_home):
    old = cache.step("thing", "old", lambda folder: None)
    young = cache.step("thing", "young", lambda folder: None)
    long_ago = time.time() - cache.UNUSED_SECONDS - 10
    os.utime(old / cache.STAMP, (long_ago, long_ago))
    new = cache.step("thing", "new", lambda folder: None)
    assert {path.name for path in new.parent.iterdir()} == {"young", "new"}
    assert young.exists()
