"""A mail server before the mail catcher that refuses some recipients."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from typing import BinaryIO

from .services import HOST

REFUSAL = b"550 5.1.1 No such user here\r\n"
TIMEOUT_SECONDS = 60


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    behind: int
    refused: tuple[str, ...]


class _Conversation(socketserver.StreamRequestHandler):
    """Passes on what is said, but for the recipients that are refused."""

    server: _Server

    def handle(self) -> None:
        """Pass on one session."""
        address = (HOST, self.server.behind)
        with socket.create_connection(address, TIMEOUT_SECONDS) as behind:
            answers = behind.makefile("rb")
            self.wfile.write(_answer(answers))
            for line in self.rfile:
                if self._is_refused(line):
                    self.wfile.write(REFUSAL)
                    continue
                behind.sendall(line)
                answer = _answer(answers)
                self.wfile.write(answer)
                if answer.startswith(b"354"):
                    self._pass_mail(behind)
                    self.wfile.write(_answer(answers))

    def _is_refused(self, line: bytes) -> bool:
        words = line.decode("ascii", "replace").lower()
        refused = self.server.refused
        return words.startswith("rcpt") and any(
            f"<{name}>" in words for name in refused
        )

    def _pass_mail(self, behind: socket.socket) -> None:
        for line in self.rfile:
            behind.sendall(line)
            if line == b".\r\n":
                return


def _answer(answers: BinaryIO) -> bytes:
    """Read an answer: its last line has a blank after the code."""
    told = line = answers.readline()
    while line[3:4] == b"-":
        line = answers.readline()
        told += line
    return told


@contextlib.contextmanager
def running(behind: int, *refused: str) -> Iterator[int]:
    """Refuse some recipients, pass all else on.

    :param behind: port of the mail server that takes the others
    :param refused: addresses
    :return: the port
    """
    with _Server((HOST, 0), _Conversation) as server:
        server.behind, server.refused = behind, refused
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
