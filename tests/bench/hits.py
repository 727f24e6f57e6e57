"""Requests for pictures, as mail programs send them: to a server, and in this process.

Odoo keeps no connection open (its web server closes each after the answer), so that
each client opens one a hit, as the mail programs of different readers do. Each comes
from an address of its own: who asks too often is slowed.
"""

import contextlib
import random
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from unittest.mock import patch
from urllib.parse import urlsplit

from werkzeug.test import Client

from odoo import http, sql_db

#: Who loads pictures in mails; both sides are hit by the same ones.
PROGRAMS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 "
    "Thunderbird/128.4.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Mobile/15E148",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
)
LINES = {
    "Accept": "image/avif,image/webp,image/apng,image/*,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.9",
    "Accept-Encoding": "gzip, deflate, br",
}
#: A route that asks the database nothing.
HEALTH = "/web/health"
PATIENCE = 60


def get_path(url: str) -> str:
    """Return what is asked of a server for this address."""
    return urlsplit(url).path


def _get_address() -> str:
    """Return one of this machine's own addresses, of which it has millions."""
    return f"127.{random.randint(1, 250)}.{random.randint(1, 250)}.1"


# -- a server --------------------------------------------------------------------------
#: How Odoo asks for the time of a transaction, once in each that writes.
ODOOS_CLOCK = "SELECT (now()"


class Readers:
    """So many readers at a time, whose mail programs load pictures from a server.

    :param url: the server's address
    :param count: of the readers
    """

    def __init__(self, url: str, count: int) -> None:
        self.host, self.count = urlsplit(url).netloc, count

    def load(self, paths: list[str]) -> float:
        """Load these pictures, each as often as it is named, in any order.

        :return: seconds until the last one was there
        :raise RuntimeError: where an answer is an error, or no picture where one is due
        """
        waiting = iter(random.sample(paths, len(paths)))
        failed: list[BaseException] = []
        readers = [
            threading.Thread(target=self._read, args=(waiting, failed))
            for _number in range(self.count)
        ]
        start = time.perf_counter()
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        seconds = time.perf_counter() - start
        if failed:
            raise RuntimeError(f"{len(failed)} pictures failed: {failed[0]}")
        return seconds

    def _read(self, waiting: Iterator[str], failed: list) -> None:
        for path in waiting:
            try:
                self._load(path)
            except (OSError, ValueError) as error:
                failed.append(error)

    def _load(self, path: str) -> None:
        host, port = self.host.split(":")
        request = self._write(path)
        place, reader = (host, int(port)), (_get_address(), 0)
        with socket.create_connection(place, PATIENCE, reader) as line:
            line.sendall(request)
            answer = _read_answer(line)
        is_picture = b"\r\n\r\nGIF8" in answer or path == HEALTH
        if b" 200 " not in answer.splitlines()[0] or not is_picture:
            raise ValueError(f"{path}: {answer[:200]!r}")

    def _write(self, path: str) -> bytes:
        lines = {"Host": self.host, "User-Agent": random.choice(PROGRAMS), **LINES}
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"GET {path} HTTP/1.1\r\n{text}Connection: close\r\n\r\n".encode()


def _read_answer(line: socket.socket) -> bytes:
    """Read one answer and no further: Odoo's worker waits until the reader hangs up."""
    answer = b""
    while part := line.recv(65536):
        answer += part
        head, _blank, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
        if length and len(body) >= int(length[1]):
            break
    return answer


# -- this process ----------------------------------------------------------------------


class Counter:
    """Odoo in this process, asked as by its web server, its statements noted.

    Odoo has to know its database (``--database``).

    :param show: print the statements that are counted, on standard error
    """

    def __init__(self, show: bool = False) -> None:
        self.show = show
        self._client = Client(http.root, use_cookies=False)
        self._floor: int | None = None

    def ask(self, path: str, method: str = "GET", **what) -> tuple[str, list[str]]:
        """Ask for something.

        :param path: on the server
        :param method: of HTTP
        :param what: ``headers`` and ``data``, as werkzeug's own client takes them
        :return: what came and the statements that it took, those of Odoo's way to any
            route as well
        :raise RuntimeError: where the answer is an error
        """
        what.setdefault("headers", {"User-Agent": PROGRAMS[0], **LINES})
        with _note_statements() as statements:
            answer = self._client.open(path, method=method, **what)
            if answer.status_code >= 400:
                raise RuntimeError(f"{method} {path}: {answer.status}")
            return answer.get_data().decode("utf-8", "replace"), list(statements)

    def count(self, path: str, method: str = "GET", **what) -> int:
        """Count the queries of a route's own: less those of one that has none, and
        less the time of the transaction, which Odoo asks for before it writes."""
        _answer, statements = self.ask(path, method, **what)
        if self.show:
            shown = [
                f"{method} {path}",
                *(" ".join(line.split()) for line in statements),
            ]
            print("\n  ".join(shown), file=sys.stderr)
        own = [line for line in statements if not line.startswith(ODOOS_CLOCK)]
        return len(own) - self.floor

    @property
    def floor(self) -> int:
        """The queries of a route that asks the database nothing."""
        if self._floor is None:
            self.ask(HEALTH)
            self._floor = len(self.ask(HEALTH)[1])
        return self._floor


@contextlib.contextmanager
def _note_statements() -> Iterator[list[str]]:
    execute, statements = sql_db.Cursor.execute, []

    def note(self, query, *args, **options):
        statements.append(str(getattr(query, "code", query)))
        return execute(self, query, *args, **options)

    with patch.object(sql_db.Cursor, "execute", note):
        yield statements
