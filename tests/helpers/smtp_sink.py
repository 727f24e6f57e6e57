"""A real SMTP server in this process: keeps what it takes, misbehaves on demand.

How it misbehaves is told by recipient, so that tests that share one server do not
disturb each other, nor do the retries of an earlier test.
"""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

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
    :ivar silent: answers nothing any more, at the same points as ``drop``
    :ivar slow: seconds that each answer takes
    :ivar times: how often it misbehaves so, before it takes the mail; always if None
    :ivar hold_answer: waits there after the message was taken, before saying so
    :ivar on_taken: called once the message was taken, before saying so
    """

    rcpt: str = ""
    data: str = ""
    drop: str = ""
    silent: str = ""
    slow: float = 0
    times: int | None = None
    hold_answer: Hold | None = None
    on_taken: Callable[[], None] | None = None

    async def misbehave(self, point: str, transport: asyncio.Transport) -> None:
        """Be slow, say nothing or close, where this point of the dialogue is meant."""
        await asyncio.sleep(self.slow)
        if self.silent == point:
            self.count()
            await asyncio.sleep(LONGEST_HOLD)
            transport.abort()
        if self.drop == point:
            self.count()
            transport.abort()

    def count(self) -> None:
        """It misbehaved once more."""
        if self.times is not None:
            self.times -= 1


def free_port() -> int:
    """Return a port of the loopback interface that is free right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Server(SMTP):
    """An SMTP server that can also misbehave where aiosmtpd has no hook."""

    def connection_made(self, transport):
        """A client comes."""
        self.event_handler.welcome(transport)
        return super().connection_made(transport)

    def connection_lost(self, error):
        """A client goes."""
        self.event_handler.transports.discard(self.transport)
        return super().connection_lost(error)

    async def _handle_client(self):
        if hold := self.event_handler.hold_greeting:
            await hold.wait()
        if refusal := self.event_handler.connect_answer:
            await self.push(refusal)
            self.transport.close()
            return
        await super()._handle_client()

    async def smtp_DATA(self, arg):
        """Answer DATA."""
        manner = self.event_handler.manner(self.envelope.rcpt_tos)
        await manner.misbehave("data", self.transport)
        if not self.transport.is_closing():
            await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self):
        """Make the server of one connection."""
        return _Server(self.handler, **self.SMTP_kwargs)


class SmtpSink:
    """Context manager: an SMTP server on a free port of the loopback interface.

    :ivar mails: what was taken, oldest first
    :ivar port: where it listens
    :ivar connections: how many clients came
    :ivar asked: how often it was asked to take a mail for an address (RCPT)
    :ivar connect_answer: said to whoever connects in place of a greeting, such as
        ``"421 4.3.2 Busy"``
    :ivar hold_greeting: keeps whoever connects waiting for a greeting
    :ivar login_answer: said to whoever signs in, such as ``"535 5.7.8 No"``; nobody
        has to
    """

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.connections = 0
        self.asked: Counter[str] = Counter()
        self.connect_answer = ""
        self.hold_greeting: Hold | None = None
        self.login_answer = ""
        self.transports: set[asyncio.Transport] = set()
        self.port = free_port()
        self._manners: dict[str, Manner] = {}
        self._controller = self._make_controller()

    def _make_controller(self) -> Controller:
        return _Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self._check_login,
            auth_require_tls=False,
        )

    def _check_login(self, _server, _session, _envelope, _mechanism, _data):
        """aiosmtpd's authenticator."""
        refusal = self.login_answer or None
        return AuthResult(success=not refusal, handled=False, message=refusal)

    def welcome(self, transport: asyncio.Transport) -> None:
        """Note that a client came."""
        self.connections += 1
        self.transports.add(transport)

    def __enter__(self) -> "SmtpSink":
        self._controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._controller.stop()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuse connections inside the block; those that are open end."""
        for transport in list(self.transports):
            self._controller.loop.call_soon_threadsafe(transport.abort)
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
        return next((m for m in known if m and m.times != 0), Manner())

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
        self.asked[address] += 1
        manner = self.manner([address])
        await manner.misbehave("rcpt", server.transport)
        if manner.rcpt:
            manner.count()
            return manner.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):
        """aiosmtpd's hook for the end of DATA."""
        manner = self.manner(envelope.rcpt_tos)
        if manner.data:
            manner.count()
            return manner.data
        mail = Mail(envelope.mail_from, list(envelope.rcpt_tos), envelope.content)
        self.mails.append(mail)
        await manner.misbehave("end", server.transport)
        if manner.on_taken:
            await asyncio.to_thread(manner.on_taken)
        if manner.hold_answer:
            await manner.hold_answer.wait()
        return "250 OK"
