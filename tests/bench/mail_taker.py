"""A mail server in a process of its own, which takes every mail and notes when.

Started as ``python -m tests.bench.mail_taker FOLDER`` it prints its port. Each mail
becomes a file ``NUMBER.eml`` in the folder, and a line ``TIME NUMBER ADDRESS`` in its
file ``taken``; the time is that of the mail's last byte.
"""

import asyncio
import email
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

END = b"\r\n.\r\n"
ANSWERS = {
    b"EHLO": b"250-localhost\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
    b"HELO": b"250 localhost\r\n",
    b"QUIT": b"221 Bye\r\n",
}


@dataclass(frozen=True)
class Taken:
    """One mail.

    :ivar at: when its last byte came, as ``time.time()`` counts
    :ivar address: its recipient
    :ivar path: the file that holds it
    """

    at: float
    address: str
    path: Path

    def pdf(self) -> bytes:
        """Return the only PDF of the mail."""
        message = email.message_from_bytes(self.path.read_bytes())
        [part] = [
            part
            for part in message.walk()
            if part.get_content_type() == "application/pdf"
        ]
        return part.get_payload(decode=True)


class MailTaker:
    """Context manager: the running server.

    :param folder: an empty folder for its mails

    :ivar port: where it listens, on the loopback interface
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken: list[Taken] = []
        self._read = 0

    def __enter__(self) -> "MailTaker":
        command = [sys.executable, "-m", __name__, self.folder]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()

    def taken(self) -> list[Taken]:
        """Return the mails so far, in the order in which they came."""
        with (self.folder / "taken").open("rb") as notes:
            notes.seek(self._read)
            whole = notes.read().rpartition(b"\n")
        self._read += len(whole[0]) + len(whole[1])
        for line in whole[0].decode().splitlines():
            at, number, address = line.split()
            path = self.folder / f"{number}.eml"
            self._taken.append(Taken(float(at), address, path))
        return self._taken


class _Dialogue(asyncio.Protocol):
    """One connection of a client that waits for each answer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._buffer = bytearray()
        self._is_content = False
        self._address = ""

    def connection_made(self, transport) -> None:
        self._transport = transport
        transport.write(b"220 localhost\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._is_content:
            if self._buffer.endswith(END):
                self._keep()
        else:
            while b"\r\n" in self._buffer:
                line, _end, self._buffer = self._buffer.partition(b"\r\n")
                self._answer(bytes(line))

    def _answer(self, line: bytes) -> None:
        word = line[:4].upper()
        if word == b"RCPT":
            self._address = line[line.index(b"<") + 1 : line.index(b">")].decode()
        self._is_content = word == b"DATA"
        default = b"354 Go on\r\n" if self._is_content else b"250 OK\r\n"
        self._transport.write(ANSWERS.get(word, default))
        if word == b"QUIT":
            self._transport.close()

    def _keep(self) -> None:
        now = time.time()
        number = _Dialogue.count = _Dialogue.count + 1
        content = bytes(self._buffer[: -len(END)]).replace(b"\r\n..", b"\r\n.")
        self._buffer.clear()
        self._is_content = False
        (self._folder / f"{number}.eml").write_bytes(content)
        with (self._folder / "taken").open("a", encoding="utf-8") as notes:
            notes.write(f"{now:.4f} {number} {self._address}\n")
        self._transport.write(b"250 OK\r\n")

    count = 0


async def _serve(folder: Path) -> None:
    (folder / "taken").touch()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Dialogue(folder), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
