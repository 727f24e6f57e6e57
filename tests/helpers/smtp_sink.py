"""A real SMTP server in this process: keeps what it takes, misbehaves on demand.

How it misbehaves is told by recipient, so that tests that share one server do not
disturb each other, nor do the retries of an earlier test.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

#: Seconds for which the server keeps a client waiting at most.
LONGEST_HOLD = 60


@dataclass
class Mail:
    """One message as the server took it.

    :ivar sender: envelope sender
    :ivar recipients: envelope recipients (RCPT)
    :ivar content: the message's bytes
    """

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The parsed message."""
        return message_from_bytes(self.content, policy=policy.default)

    @property
    def html(self) -> str:
        """The HTML body."""
        return self.message.get_body(("html",)).get_content()

    @property
    def text(self) -> str:
        """All headers and all text parts, decoded, in one string."""
        message = self.message
        parts = [f"{name}: {value}" for name, value in message.items()]
        parts += [
            part.get_content()
            for part in message.walk()
            if part.get_content_maintype() == "text"
        ]
        return "\n".join(parts)

    @property
    def files(self) -> dict[str, bytes]:
        """The attachments' contents by name."""
        return {
            part.get_filename(): part.get_payload(decode=True)
            for part in self.message.iter_attachments()
        }


@dataclass
class Hold:
    """A point of the dialogue at which the client is kept waiting.

    :ivar reached: set when a client waits there
    :ivar release: lets it go on
    """

    reached: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    async def wait(self) -> None:
        """Keep the client waiting until it is released or gone for long."""
        self.reached.set()
        await asyncio.to_thread(self.release.wait, LONGEST_HOLD)


@dataclass
class Manner:
    """How the server treats one recipient; by default it takes the mail.

    :ivar rcpt: answer at RCPT, such as ``"550 5.1.1 no such user"``
    :ivar data: answer after the message's last byte
    :ivar drop: closes without a word: at ``"rcpt"``, at ``"data"`` before the message,
        or at its ``"end"``, once it was taken
    :ivar hold_answer: waits there after the message was taken, before saying so
    :ivar on_taken: called once the message was taken, before saying so
    """

    rcpt: str = ""
    data: str = ""
    drop: str = ""
    hold_answer: Hold | None = None
    on_taken: Callable[[], None] | None = None


def free_port() -> int:
    """Return a port of the loopback interface that is free right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Server(SMTP):
    """An SMTP server that can also close at DATA, for which there is no hook."""

    async def smtp_DATA(self, arg):
        """Answer DATA."""
        if self.event_handler.manner(self.envelope.rcpt_tos).drop == "data":
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self):
        """Make the server of one connection."""
        return _Server(self.handler, **self.SMTP_kwargs)


class SmtpSink:
    """Context manager: an SMTP server on a free port of the loopback interface.

    :ivar mails: what was taken, oldest first
    :ivar port: where it listens
    """

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.port = free_port()
        self._manners: dict[str, Manner] = {}
        self._controller = self._make_controller()

    def _make_controller(self) -> Controller:
        return _Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> "SmtpSink":
        self._controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._controller.stop()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuse connections inside the block."""
        self._controller.stop()
        try:
            yield
        finally:
            self._controller = self._make_controller()
            self._controller.start()

    def treat(self, address: str, **manner: object) -> None:
        """Say how a recipient is treated from now on; nothing told: as usual.

        :param address: an envelope recipient
        :param manner: see :class:`Manner`
        """
        self._manners[address] = Manner(**manner)

    def manner(self, addresses: list[str]) -> Manner:
        """Return how the first of these recipients is treated of whom anything is said.

        :param addresses: the recipients of one mail
        """
        known = (self._manners.get(address) for address in addresses)
        return next(filter(None, known), Manner())

    def mails_to(self, address: str) -> list[Mail]:
        """Return the messages whose envelope goes to ``address``, oldest first."""
        return [mail for mail in self.mails if address in mail.recipients]

    def mail_to(self, address: str) -> Mail:
        """Return the one message whose envelope goes to ``address`` and to it alone."""
        [mail] = self.mails_to(address)
        assert mail.recipients == [address]
        return mail

    async def handle_RCPT(self, server, _session, envelope, address, _options):
        """aiosmtpd's hook for RCPT."""
        manner = self.manner([address])
        if manner.drop == "rcpt":
            server.transport.abort()
        if manner.rcpt:
            return manner.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):
        """aiosmtpd's hook for the end of DATA."""
        manner = self.manner(envelope.rcpt_tos)
        if manner.data:
            return manner.data
        mail = Mail(envelope.mail_from, list(envelope.rcpt_tos), envelope.content)
        self.mails.append(mail)
        if manner.drop == "end":
            server.transport.abort()
        if manner.on_taken:
            await asyncio.to_thread(manner.on_taken)
        if manner.hold_answer:
            await manner.hold_answer.wait()
        return "250 OK"
