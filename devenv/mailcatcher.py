"""The demo's mail server: it takes every mail, sends none on, and shows them."""

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import services, venv
from .console import DevError

REQUIREMENTS = Path(__file__).with_name("requirements-mailcatcher.txt")
SMTP_PORT, WEB_PORT = 1025, 1080
START_SECONDS = 30


@dataclass(frozen=True)
class MailCatcher:
    """A running mail catcher.

    :ivar service: its program
    :ivar smtp_port: where it takes mails
    :ivar url: where it shows them
    """

    service: services.Service
    smtp_port: int
    url: str

    def answers(self) -> bool:
        """Tell whether it is there."""
        try:
            self._read("/api/messages/")
        except DevError:
            return False
        return True

    def wait_for(self, address: str, seconds: float = 10) -> dict:
        """Return the newest mail to an address.

        :param address: of the envelope
        :param seconds: how long to wait for it
        :return: the mail catcher's description of the mail
        :raise DevError: when none comes
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            mails = json.loads(self._read("/api/messages/"))["data"]
            mails.sort(key=lambda mail: mail["id"], reverse=True)
            for mail in mails:
                if address in mail["recipients_envelope"]:
                    return mail
            time.sleep(0.2)
        raise DevError(f"no mail to {address} came to the mail catcher")

    def html(self, mail: dict) -> str:
        """Return the HTML of a mail.

        :param mail: from `wait_for`
        """
        return self._read(f"/api/messages/{mail['id']}.html")

    def _read(self, path: str) -> str:
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.read().decode("utf-8", "replace")
        except (urllib.error.URLError, OSError) as error:
            raise DevError(f"the mail catcher does not answer: {error}") from error


@contextlib.contextmanager
def run(folder: Path, descriptors: tuple[int, ...] = ()) -> Iterator[MailCatcher]:
    """Run a mail catcher without mails.

    :param folder: where its files go
    :param descriptors: open files that it inherits
    :raise DevError: when it can't be installed or started
    """
    program = venv.ensure("mailcatcher", REQUIREMENTS) / "bin" / "sendria"
    mails = folder / "mails.db"
    mails.unlink(missing_ok=True)
    smtp_port = services.free_port(SMTP_PORT)
    web_port = services.free_port(WEB_PORT)
    service = services.Service("the mail catcher", folder / "mailcatcher.log")
    options = {
        "db": mails,
        "smtp-ip": services.HOST,
        "smtp-port": smtp_port,
        "http-ip": services.HOST,
        "http-port": web_port,
    }
    words = [part for name, value in options.items() for part in (f"--{name}", value)]
    with services.running(service):
        service.start([program, "--foreground", "--no-quit", *words], None, descriptors)
        catcher = MailCatcher(service, smtp_port, f"http://{services.HOST}:{web_port}")
        service.wait_until(catcher.answers, START_SECONDS)
        yield catcher
