"""What Odoo's log says of trouble, and Odoo's command line on a server's database."""

import contextlib
import subprocess
from collections.abc import Iterator

from .odoo_server import OdooServer

TROUBLE = (" WARNING ", " ERROR ", " CRITICAL ")


def troubles(log: str) -> list[str]:
    """Return the entries of a log that tell of trouble, each by its first line.

    :param log: lines that begin with a date, and the lines that belong to them
    """
    lines = [line for line in log.splitlines() if line.startswith("20")]
    return [line for line in lines if any(word in line for word in TROUBLE)]


def run_odoo(server: OdooServer, *options: str) -> list[str]:
    """Run Odoo's command line on the server's database; it stops the server.

    :param server: it is not started again
    :param options: the command and what it is told
    :return: what the log says of trouble
    """
    server.stop()
    done = subprocess.run(
        server.env.command(*options, f"--database={server.database}"),
        env={**server.env.variables(), **server.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return troubles(done.stderr)


@contextlib.contextmanager
def started(server: OdooServer) -> Iterator[list[str]]:
    """Start the server; afterwards the list says what its log says of trouble."""
    before = len(server.log.read_text("utf-8", "replace"))
    found = []
    server.start()
    yield found
    found += troubles(server.log.read_text("utf-8", "replace")[before:])
