"""The commands of ``./dev`` from outside, as another program calls them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest

from devenv.environment import REPOSITORY

KEYS = {
    "odoo_dir",
    "python",
    "addons_path",
    "config",
    "pghost",
    "pgport",
    "pguser",
    "data_dir",
    "chromium",
}


@pytest.fixture
def database(dev):
    """A fresh database."""
    name = f"isc_test_{os.getpid()}-dev"
    made = dev("initdb", name)
    assert made.returncode == 0, made.stderr
    yield name
    dev("odoo", "db", "drop", name)


@pytest.mark.parametrize("args", [(), ("--help",)])
def test_the_list_of_commands(dev, args):
    done = dev(*args)
    assert done.returncode == (0 if args else 2)
    for command in "demo test lint bench initdb odoo shell env stop".split():
        assert f"./dev {command}" in done.stdout


def test_an_unknown_command_is_one_line(dev):
    done = dev("dance")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ODOO_DIR": os.devnull}, "holds no Odoo"),
        ({"PGHOST": "127.0.0.1", "PGPORT": "1"}, "Connection refused"),
        ({"XDG_CACHE_HOME": "/proc"}, "cannot make the cache"),
    ],
)
def test_a_failure_is_one_line_and_status_1(dev, variables, words):
    done = dev("env", **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("dev: error: ")
    assert words in done.stderr


def test_env_prints_json_alone(dev):
    told = json.loads(dev("env").stdout)
    assert set(told) == KEYS
    assert Path(told["odoo_dir"], "odoo").is_dir()
    assert str(REPOSITORY) in told["addons_path"].split(",")
    assert Path(told["config"]).is_file() and Path(told["data_dir"]).is_dir()
    code = "import odoo.release; print(odoo.release.version_info[:2])"
    done = subprocess.check_output([told["python"], "-c", code], cwd="/")
    assert done.strip() == b"(19, 0)"


def test_initdb_replaces_a_database_and_ends_its_connections(dev, database):
    told = json.loads(dev("env").stdout)
    connection = psycopg2.connect(
        host=told["pghost"],
        port=told["pgport"],
        user=told["pguser"],
        dbname=database,
    )
    connection.autocommit = True
    connection.cursor().execute("CREATE TABLE left_over (id int)")
    assert dev("initdb", database).returncode == 0
    with pytest.raises(psycopg2.OperationalError):
        connection.cursor().execute("SELECT 1")
    script = (
        "print(env.cr.execute(\"SELECT to_regclass('left_over')\"), env.cr.fetchall())"
    )
    assert dev("shell", database, stdin=script).stdout == "None [(None,)]\n"


def test_initdb_refuses_an_unknown_addon(dev):
    done = dev("initdb", "isc_test_unknown", "--with", "no_such_addon")
    assert done.returncode == 1
    assert "there is no addon no_such_addon" in done.stderr


def test_shell_passes_input_output_and_status(dev, database):
    script = "print(env.user.login, 'ăîș')\n"
    done = dev("shell", database, stdin=script)
    assert (done.returncode, done.stdout) == (0, "__system__ ăîș\n")
    assert dev("shell", database, stdin="raise ValueError('x')").returncode == 1
    assert dev("shell", database, stdin="import sys; sys.exit(7)").returncode == 7


def test_shell_keeps_what_the_script_commits_and_no_more(dev, database):
    write = "env.company.name = {!r}\n"
    dev("shell", database, stdin=write.format("Kept") + "env.cr.commit()")
    dev("shell", database, stdin=write.format("Lost"))
    done = dev("shell", database, stdin="print(env.company.name)")
    assert done.stdout == "Kept\n"


def test_shell_on_no_database_is_one_line(dev):
    for args in ([], ["isc_test_not_there"]):
        done = dev("shell", *args)
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1


def test_odoo_gets_the_signals_and_the_server_outlives_it(dev, database):
    running = subprocess.Popen(
        [REPOSITORY / "dev", "odoo", "-d", database, "--no-http"],
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    told = ""
    while "Modules loaded" not in told:
        line = running.stderr.readline()
        assert line, told
        told += line
    time.sleep(1)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=30) == 0
    assert dev("shell", database, stdin="print(1)").stdout == "1\n"


def test_an_old_python_is_told_so(tmp_path):
    """The script's own check, run with the version it reads set back."""
    code = (REPOSITORY / "dev").read_text(encoding="utf-8")
    old = "import sys; sys.version_info = (3, 9); sys.version = '3.9.2 (x)'\n"
    done = subprocess.run(
        [sys.executable, "-c", old + code], capture_output=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        b"dev: error: Python 3.10 or newer is needed (this is 3.9.2)"
    ]
