"""The PostgreSQL server: the caller's (``PGHOST``), else a private one in the cache.

The private server listens on a socket only, in a directory of its own, so no port can
be taken. It runs in a session of its own and serves every call until ``./dev stop``.
"""

import getpass
import os
import pwd
import shutil
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
# Less free space than this and the server is likely to fail for want of it.
NEEDED_BYTES = 50_000_000
# PostgreSQL's words for files that it can't use.
DAMAGED = ("PANIC:", "corrupt", "invalid", "incompatible", "could not open file")
DAMAGED += ("could not access", "not a valid data directory")
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

    def databases(self, *, templates: bool = False) -> list[str]:
        """Return the names of the databases.

        :param templates: only those that are marked as template
        """
        query = "SELECT datname FROM pg_database"
        if templates:
            query += " WHERE datistemplate"
        return self.sql(query).splitlines()

    def exists(self, database: str) -> bool:
        """Tell whether there is a database of that name."""
        return database in self.databases()

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
    words = _reason(folder / "log")
    if "No space left" in words or shutil.disk_usage(folder).free < NEEDED_BYTES:
        raise DevError(f"PostgreSQL can't start, no space left at {folder}: {words}")
    if not any(sign in words for sign in DAMAGED):
        raise DevError(f"PostgreSQL can't start: {words}")
    # Written without fsync, the files don't survive a crash of the machine.
    _set_aside(data, words)
    _initialise(server, data)
    if not _try_start(server, data):
        raise DevError(f"PostgreSQL can't start: {_reason(folder / 'log')}")


def _set_aside(data: Path, words: str) -> None:
    """Keep files that the server can't use, the latest ones only."""
    for older in data.parent.glob("data.broken-*"):
        cache.remove(older)
    aside = data.with_name(f"data.broken-{int(time.time())}")
    say(f"PostgreSQL does not start ({words}); keeping its files in {aside}")
    data.rename(aside)


def _reason(log: Path) -> str:
    """Return the line of the server's log that tells why it did not start."""
    if not log.exists():
        return "no reason told"
    lines = log.read_text("utf-8", "replace").splitlines()[-50:]
    told = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    full = [line for line in lines if "No space left" in line]
    return (full or told or lines or ["no reason told"])[-1]


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
    _forget_dead(data / "postmaster.pid")
    _forget_dead(Path(server.host) / f".s.PGSQL.{server.port}.lock")
    # A live server that nobody reaches (its socket was deleted) is started again.
    running = not _control(server.programs, data, "status")
    mode = ["restart", "-m", "fast"] if running else ["start"]
    for _attempt in range(5):
        # What the log tells must be of this start.
        log.unlink(missing_ok=True)
        _control(server.programs, data, *mode, "-l", str(log), "-o", options)
        if server.answers():
            return True
        # Of a server that was killed, the last processes may take a moment to end.
        if "still in use" not in _reason(log):
            break
        time.sleep(1)
    return False


def _forget_dead(file: Path) -> None:
    """Remove the lock file of a server that was killed.

    PostgreSQL does so itself unless the process number is still taken: by a dead
    process that nobody collected, as in containers, or by another program.
    """
    try:
        pid = file.read_text("ascii").split()[0]
        status = Path(f"/proc/{pid}/status").read_text("utf-8", "replace")
    except (OSError, IndexError):
        return
    lives = "\nState:\tZ" not in status and status.startswith("Name:\tpostgres\n")
    if not lives:
        file.unlink()


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
