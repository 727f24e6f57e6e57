"""The PostgreSQL server: the caller's (``PGHOST``), else a private one in the cache.

The private server listens on a socket only, in a directory of its own, so no port can
be taken. It runs in a session of its own and serves every call until ``./dev stop``.
"""

import getpass
import os
import pwd
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import cache, process, tools
from .console import DevError, say

MAJOR = "18"
PORT = "5432"
# Longest path of a socket: sun_path holds 108 bytes, the last one a zero (unix(7)).
LONGEST_SOCKET = 107
# The data can be made again at any time, so nothing waits for the disk.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_wal_size": "2GB",
    "shared_buffers": "256MB",
}


@dataclass(frozen=True)
class Server:
    """How to reach the server.

    :ivar host: host name or directory of the socket
    :ivar port: port, for a socket part of its name
    :ivar user: role that may create databases
    :ivar programs: directory of psql, createdb and so on
    """

    host: str
    port: str
    user: str
    programs: Path

    def env(self) -> dict[str, str]:
        """Return the variables by which PostgreSQL's programs find this server."""
        return {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user}

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement and return its rows, one a line.

        :param statement: one or more statements
        :param database: the database to run it in
        :raise DevError: with the server's words
        """
        return process.run(
            [self.programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", database],
            f"work on the database server at {self.host}",
            env={**os.environ, **self.env()},
            text=statement,
        )

    def exists(self, database: str) -> bool:
        """Tell whether there is a database of that name."""
        literal = database.replace("'", "''")
        query = f"SELECT 1 FROM pg_database WHERE datname = '{literal}'"
        return bool(self.sql(query).strip())

    def answers(self) -> bool:
        """Tell whether it takes connections now."""
        done = subprocess.run(
            [self.programs / "pg_isready", "-q", "-t", "5"],
            env={**os.environ, **self.env()},
            check=False,
        )
        return not done.returncode


def ensure() -> Server:
    """Return a server that takes connections, started first when it is private.

    :raise DevError: when the server of ``PGHOST`` does not answer, or the private one
        can't be made or started
    """
    programs = tools.postgres()
    if os.environ.get("PGHOST"):
        server = Server(
            os.environ["PGHOST"],
            os.environ.get("PGPORT", PORT),
            os.environ.get("PGUSER", getpass.getuser()),
            programs,
        )
        server.sql("SELECT 1")
        return server
    server = Server(str(_socket_folder()), PORT, "odoo", programs)
    if not server.answers():
        with cache.lock("postgres"):
            if not server.answers():
                _start(server)
    return server


def main_stop(args: list[str]) -> int:
    """End the private server; data stay (``./dev stop``).

    :param args: none
    :return: 0, also when it did not run
    """
    data = _folder() / "data"
    if not (data / "postmaster.pid").exists():
        say("no private PostgreSQL runs")
        return 0
    with cache.lock("postgres"):
        _control(tools.postgres(), data, "stop", "-m", "fast")
    say("PostgreSQL ended")
    return 0


def _user() -> str | None:
    """Return the user to run the server as: PostgreSQL refuses root."""
    return "nobody" if os.geteuid() == 0 else None


def _own(folder: Path) -> None:
    """Make a directory that the server's user owns and nobody else enters."""
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = pwd.getpwnam(_user()).pw_uid if _user() else os.geteuid()
    if folder.is_symlink() or folder.stat().st_uid not in (owner, os.geteuid()):
        raise DevError(f"{folder} belongs to another user: remove it")
    os.chown(folder, owner, -1)
    folder.chmod(0o700)


def _folder() -> Path:
    return cache.root() / f"postgres-{MAJOR}"


def _socket_folder() -> Path:
    """Return the directory of the socket: in the cache, where its path fits."""
    folder = _folder()
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET:
        return folder
    short = f"isc-{os.geteuid()}-{cache.digest(folder)}"
    return Path(tempfile.gettempdir()) / short


def _start(server: Server) -> None:
    folder = _folder()
    for place in {folder, Path(server.host)}:
        _own(place)
    data = folder / "data"
    if not data.exists():
        _initialise(server, data)
    say("starting PostgreSQL")
    if _try_start(server, data):
        return
    log = folder / "log"
    words = process.last_words(log.read_text("utf-8", "replace")[-4000:])
    if "No space left" in words:
        raise DevError(f"PostgreSQL can't start: {words}")
    # Written without fsync, the files don't survive a crash of the machine.
    aside = folder / f"data.broken-{int(time.time())}"
    say(f"PostgreSQL does not start ({words}); keeping its files in {aside}")
    data.rename(aside)
    _initialise(server, data)
    if not _try_start(server, data):
        words = process.last_words(log.read_text("utf-8", "replace")[-4000:])
        raise DevError(f"PostgreSQL can't start: {words}")


def _initialise(server: Server, data: Path) -> None:
    partial = data.with_name("data.partial")
    cache.remove(partial)
    say("making the database server's files")
    process.run(
        [
            server.programs / "initdb",
            f"--pgdata={partial}",
            f"--username={server.user}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        "make the database server's files",
        cwd=data.parent,
        user=_user(),
    )
    partial.rename(data)


def _try_start(server: Server, data: Path) -> bool:
    """Start the server; tell whether it takes connections."""
    settings = dict(SETTINGS, unix_socket_directories=server.host, port=server.port)
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    log = data.parent / "log"
    # A live server that nobody reaches (its socket was deleted) is started again.
    running = not _control(server.programs, data, "status")
    mode = ["restart", "-m", "fast"] if running else ["start"]
    _control(server.programs, data, *mode, "-l", str(log), "-o", options)
    return server.answers()


def _control(programs: Path, data: Path, *arguments: str) -> int:
    """Run pg_ctl and return its status.

    The server inherits its open files, so it gets neither locks nor pipes.
    """
    as_user = {"user": _user(), "extra_groups": []} if _user() else {}
    done = subprocess.run(
        [programs / "pg_ctl", "-D", data, "-w", "-t", "60", "-s", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=data.parent,
        check=False,
        **as_user,
    )
    return done.returncode
