"""The private database server: started once, mended when it was killed or damaged."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devenv import cache, postgres


@pytest.fixture
def data(installed, dev) -> Path:
    """The files of a running server in a cache of its own."""
    done = dev("env")
    assert done.returncode == 0, done.stderr
    return Path(json.loads(done.stdout)["pghost"]) / "data"


def pid(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split()[0])


def test_the_socket_moves_where_its_path_fits(cache_home, monkeypatch):
    assert postgres._socket_folder() == cache.root() / "postgres-18"
    deep = cache_home / ("d" * 90)
    monkeypatch.setenv("XDG_CACHE_HOME", str(deep))
    socket = postgres._socket_folder() / ".s.PGSQL.5432"
    assert len(str(socket)) <= 107
    assert cache.root() not in socket.parents


def test_a_server_with_a_long_path_answers(installed, dev, monkeypatch):
    deep = installed / ("d" * 90)
    deep.mkdir()
    (installed / "invoice_send_client").rename(deep / "invoice_send_client")
    monkeypatch.setenv("XDG_CACHE_HOME", str(deep))
    done = dev("env")
    assert done.returncode == 0, done.stderr
    assert dev("stop").returncode == 0


def test_the_server_serves_several_calls_and_ends_by_stop(data, dev):
    first = pid(data)
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _n: dev("env"), range(3)))
    assert [one.returncode for one in done] == [0, 0, 0]
    assert pid(data) == first
    assert os.getsid(first) != os.getsid(0)
    assert dev("stop").returncode == 0
    assert not (data / "postmaster.pid").exists()
    assert "no private PostgreSQL runs" in dev("stop").stderr


def test_calls_at_once_start_one_server(installed, dev):
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _n: dev("env"), range(3)))
    assert [one.returncode for one in done] == [0, 0, 0]
    assert "".join(one.stderr for one in done).count("starting PostgreSQL") == 1


def test_a_killed_server_is_started_again(data, dev):
    first = pid(data)
    os.kill(first, signal.SIGKILL)
    time.sleep(0.5)
    assert dev("env").returncode == 0
    assert pid(data) != first
    assert not list(data.parent.glob("data.broken-*"))


def test_a_server_whose_socket_was_removed_is_started_again(data, dev):
    (data.parent / ".s.PGSQL.5432").unlink()
    assert dev("env").returncode == 0
    assert not list(data.parent.glob("data.broken-*"))


def test_damaged_files_are_kept_aside_and_made_anew(data, dev):
    dev("stop")
    (data / "global" / "pg_control").unlink()
    done = dev("env")
    assert done.returncode == 0
    assert "keeping its files" in done.stderr
    assert len(list(data.parent.glob("data.broken-*"))) == 1
