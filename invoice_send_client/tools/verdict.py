"""What a mail server said of one mail, in the words of ``invoice.delivery``.

Plain Python: the mail layer turns an exception into a :class:`Verdict`, the delivery
layer writes it down and decides what follows.
"""

import smtplib
from dataclasses import dataclass
from typing import NamedTuple

from psycopg2 import OperationalError


class Verdict(NamedTuple):
    """One attempt at one recipient.

    :param str failure_type: a key of ``const.FAILURE_TYPES``, empty when it was taken
    :param str reason: the server's code and words, or what went wrong here
    :param bool retry: whether trying again can help and cannot send it twice (B6)
    """

    failure_type: str = ""
    reason: str = ""
    retry: bool = False


TAKEN = Verdict()


class Attempt(NamedTuple):
    """One mail at one server.

    :param dict verdicts: :class:`Verdict` by address in ASCII
    :param int server_id: the ``ir.mail_server``; ``False``: of the configuration file
    :param str unreached: the server's words where it could not be reached at all, so
        that asking it for the next recipient is of no use either
    :param tools.mail_copy.Left left: what the server was given, for the list of mails
    """

    verdicts: dict
    server_id: int | bool = False
    unreached: str = ""
    left: object = None


@dataclass(eq=False)
class Interrupted(Exception):
    """The database failed around SMTP: nothing can be written, the verdict stands.

    :ivar attempt: what is known of the mail
    """

    attempt: Attempt


#: Failures of the way to the server, whatever their code: worth another try (B6).
_UNREACHED = (
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
)


def _words(code, text):
    text = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return f"{code} {' '.join(text.split())}"


def chain(error):
    """Yield the exception and those it was raised from: Odoo wraps SMTP's own.

    :param BaseException error: the outermost one
    """
    seen = set()
    while error and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _from_code(code, text):
    """4xx means "not now", 5xx is final (RFC 5321, 4.2.1)."""
    words = _words(code, text)
    if 400 <= code < 500:
        return Verdict("deferred", words, retry=True)
    return Verdict("refused", words)


def _from_answer(error, email):
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        answers = error.recipients
        # who was not asked any more was cut off by the last answer
        return _from_code(*answers.get(email, list(answers.values())[-1]))
    # anything but "no" after the mail's end is no answer that says what became of it
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 400:
        return _from_code(error.smtp_code, error.smtp_error)
    return None


def from_refused(refused, emails):
    """Judge a mail that the server took, for each of its recipients.

    :param dict refused: address -> ``(code, words)`` of those refused at RCPT
    :param list emails: all recipients
    :rtype: dict[str, Verdict]
    """
    return {
        email: _from_code(*refused[email]) if email in refused else TAKEN
        for email in emails
    }


def from_exception(error, body_sent, emails):
    """Judge a mail that did not leave, for each of its recipients.

    :param Exception error: what sending raised, with its causes
    :param bool body_sent: whether the mail's last byte had been handed over when it
        was raised: then nobody knows whether the server kept it (B5)
    :param list emails: all recipients
    :rtype: dict[str, Verdict]
    """
    return {email: _judge(error, body_sent, email) for email in emails}


def _judge(error, body_sent, email):
    for link in chain(error):
        if isinstance(link, _UNREACHED):
            return Verdict("server", _words(link.smtp_code, link.smtp_error), True)
        if answer := _from_answer(link, email):
            return answer
    for link in chain(error):
        if isinstance(link, (smtplib.SMTPException, OSError)):
            reason = str(link) or type(link).__name__
            if body_sent:
                return Verdict("unknown", reason)
            return Verdict("server", reason, retry=True)
    # not the mail server's doing: a mail that can't be built
    return Verdict("unknown" if body_sent else "render", str(error))


def from_making(error, emails):
    """Judge a mail that could not be made, for each of its recipients.

    :param Exception error: what was raised before the mail server was asked
    :param list emails: all recipients
    :rtype: dict[str, Verdict]
    """
    if any(isinstance(link, OperationalError) for link in chain(error)):
        # somebody else changes the same records in this very moment
        reason = " ".join(str(error).split())
        return dict.fromkeys(emails, Verdict("deferred", reason, retry=True))
    return from_exception(error, False, emails)


def is_unreached(error):
    """:return: whether the way to the server is at fault, not the mail

    :param Exception error: what connecting raised, with its causes
    """
    return any(
        isinstance(link, (smtplib.SMTPException, OSError)) for link in chain(error)
    )


def from_connecting(error, emails):
    """Judge a mail whose server could not be asked, for each of its recipients.

    :param Exception error: what connecting raised, with its causes
    :param list emails: all recipients
    :rtype: dict[str, Verdict]
    """
    if is_unreached(error):
        verdicts = from_exception(error, False, emails)
        # whatever its code, it is said of the way (STARTTLS), not of the mail
        return {
            email: Verdict("server", verdict.reason, True)
            for email, verdict in verdicts.items()
        }
    # no server is set up, or not as it should be: trying again changes nothing
    return dict.fromkeys(emails, Verdict("server", str(error)))


def from_unreached(error, emails, server_id):
    """Judge a mail whose server could not be asked.

    :param Exception error: what connecting raised
    :param list emails: all recipients
    :param int server_id: see :class:`Attempt`
    :rtype: Attempt
    """
    verdicts = from_connecting(error, emails)
    words = next(iter(verdicts.values())).reason
    return Attempt(verdicts, server_id, words if is_unreached(error) else "")
