"""The internet as the tests' Odoo sees it: a server in this process."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

#: Folder for PYTHONPATH that leads every request of a Python program here.
NO_INTERNET = Path(__file__).parent / "no_internet"


@dataclass
class Asked:
    """One request that Odoo made.

    :ivar path: name of the machine, path and query
    :ivar body: what was sent along
    """

    path: str
    body: bytes


Answer = Callable[[Asked], tuple[int, bytes]]


class Internet:
    """Context manager: answers what it was told to, 503 to anything else.

    :ivar asked: all requests, oldest first
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, Answer] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        internet = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                status, body = internet._respond(
                    Asked(self.path.lstrip("/"), self.rfile.read(length))
                )
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        return Handler

    def _respond(self, asked: Asked) -> tuple[int, bytes]:
        self.asked.append(asked)
        for start, answer in self._answers.items():
            if asked.path.startswith(start):
                return answer(asked)
        return 503, b""

    def __enter__(self) -> "Internet":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def variables(self) -> dict[str, str]:
        """Return the process environment of a program that has this internet only."""
        return {
            "PYTHONPATH": str(NO_INTERNET),
            "INTERNET_STAND_IN": f"http://127.0.0.1:{self._server.server_port}",
        }

    def answer(self, start: str, answer: Answer) -> None:
        """Say how requests are answered from now on.

        :param start: how their path starts, the machine's name first
        :param answer: returns status and body
        """
        self._answers[start] = answer

    def asked_for(self, start: str) -> list[Asked]:
        """Return the requests whose path starts so, oldest first."""
        return [asked for asked in self.asked if asked.path.startswith(start)]
