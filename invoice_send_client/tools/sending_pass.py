"""What one worker keeps from one document to the next while it sends.

Plain Python: the run begins a pass, the lines and the mail layer fill it in.
"""

import contextlib
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import NamedTuple

#: Times as long as it took to tell a user how far a run came, nothing more is told: at
#: most a fiftieth of the time goes into it, however many documents are counted.
PAUSE_OF_TELLING = 50


def now():
    """:return: the moment in UTC without its zone, as Odoo's fields keep it

    :rtype: datetime
    """
    return datetime.now(timezone.utc).replace(tzinfo=None)


class Hold(NamedTuple):
    """A mail server is to be left alone for now.

    :param datetime until: until when
    :param str reason: for the user; empty where nothing is wrong (throttle)
    :param bool is_failure: the server was not reached: counts as an attempt
    :param bool is_fresh: it was this very pass that did not reach it
    """

    until: datetime
    reason: str = ""
    is_failure: bool = False
    is_fresh: bool = False


@dataclass
class Server:
    """What a pass knows of one mail server.

    :ivar paused_until: not to be asked before, ``None``: not paused
    :ivar reason: why it is paused, in the server's words
    :ivar failed_in_pass: this very pass did not reach it: whoever wants to send, waits
    :ivar mails_per_minute: how many it takes; 0: no limit
    :ivar put_off: mails of this pass that wait for room in the throttle
    """

    paused_until: datetime | None = None
    reason: str = ""
    failed_in_pass: bool = False
    mails_per_minute: int = 0
    put_off: int = 0


class Configuration(NamedTuple):
    """The way that Odoo chooses for a mail, alike for all mails of one kind.

    :param int server_id: ``ir.mail_server``; ``False``: of the configuration file
    :param int alias_domain_id: whose bounce address is the envelope's sender
    :param str smtp_from: whom the session is opened for
    """

    server_id: int | bool
    alias_domain_id: int | bool
    smtp_from: str

    @property
    def session_key(self):
        """What mails of one SMTP session have alike."""
        return self.server_id, self.smtp_from


class Prepared(NamedTuple):
    """A mail that stands in the database before its turn comes.

    :param int mail_id: the ``mail.mail``
    :param tuple recipients: what it was made from, see ``invoice.delivery``: one that
        was changed since needs another mail
    """

    mail_id: int
    recipients: tuple


@dataclass
class SendingPass:
    """One stretch of work.

    :ivar seconds: begin nothing further after so many; ``None``: no limit
    :ivar heeds_pauses: leave a server alone that an earlier pass did not reach; what a
        user has just pressed Send for asks it all the same
    :ivar is_alone: no other pass works at the same time; only then may "I am being
        reached" stand at a server as a pause, which others would heed
    :ivar sessions: open SMTP sessions by server and sender
    :ivar servers: :class:`Server` by id
    :ivar configurations: :class:`Configuration` by what a letter is sent with, as
        learnt from the first mail of that kind
    :ivar prepared: :class:`Prepared` by the ids of the deliveries
    :ivar told: when the user was last told of a run, by the run's id; to count a run of
        thousands takes a while, by which that is the later
    :ivar slowest: seconds a document took at most, of those worked on together
    """

    seconds: float | None = None
    heeds_pauses: bool = False
    is_alone: bool = True
    sessions: dict = field(default_factory=dict)
    servers: dict = field(default_factory=dict)
    configurations: dict = field(default_factory=dict)
    prepared: dict = field(default_factory=dict)
    told: dict = field(default_factory=dict)
    slowest: float = 0
    _start: float = field(default_factory=lambda: time.monotonic())

    def is_over(self):
        """:return: whether nothing further may be begun"""
        return self.seconds is not None and self._get_age() > self.seconds

    def _get_age(self):
        return time.monotonic() - self._start

    def would_break(self, count):
        """Tell whether documents that are begun together would outlast the pass, as far
        as those before tell, and end it then: whatever an end leaves of them is worked
        on one by one. The first ones of a pass are begun in any case.

        :param int count: of documents
        """
        if self.seconds is None or count == 1:
            return False
        if self.seconds - self._get_age() >= count * self.slowest:
            return False
        self.seconds = 0
        return True

    @contextlib.contextmanager
    def timing(self, count):
        """Learn from the block how long documents take that are worked on together.

        :param int count: of documents
        """
        start = time.monotonic()
        yield
        self.slowest = max(self.slowest, (time.monotonic() - start) / count)

    def is_time_to_tell(self, run_id, interval):
        """Tell whether a run's progress is to be told again, and remember that it was.

        :param int run_id: the run
        :param float interval: seconds between two times, at least; 0: in any case
        """
        last = self.told.get(run_id)
        if interval and last is not None and time.monotonic() - last < interval:
            return False
        self.told[run_id] = time.monotonic()
        return True

    @contextlib.contextmanager
    def telling(self, run_id):
        """Tell a user how far a run came in the block, and see to it that this takes no
        more than a small part of the time.

        :param int run_id: the run, see :meth:`is_time_to_tell`
        """
        start = time.monotonic()
        yield
        end = time.monotonic()
        # set, not added to: jobs of other threads share it, and may have cleared it
        self.told[run_id] = end + PAUSE_OF_TELLING * (end - start)
