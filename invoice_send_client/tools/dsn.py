"""Reads what comes back: delivery status notifications (RFC 3464, RFC 6533) and the
bounces of servers that write plain text.

Everything in a bounce was written by strangers. Nothing here raises: what can't be
read is left out, and at worst the report is empty.
"""

import base64
import binascii
import itertools
import quopri
import re
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import NamedTuple

from .addresses import to_ascii

#: Our own header: which deliveries a mail carries, signed.
TOKEN_HEADER = "X-Invoice-Delivery"

#: Exchange gives a mail that it alters a new Message-Id and keeps the old one here.
_ID_HEADERS = ("Message-Id", "X-Microsoft-Original-Message-ID")
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
#: A reader's program tells that a mail was shown or deleted: no failure, whoever it is.
_RECEIPT_TYPE = "message/disposition-notification"
_RETURNED_TYPES = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
)
#: Who writes bounces, local part of From.
_SENDERS = re.compile(r"(?:mailer-daemon|postmaster|microsoftexchange)", re.IGNORECASE)
#: A plain text that says "not yet" is no failure.
_DELAY = re.compile(r"\b(?:delay|delayed|warning|still being retried)\b", re.IGNORECASE)
#: Where the copy of the mail begins in a plain text (qmail, old Exim).
_COPY = re.compile(
    r"^-+ *(?:Below this line is a copy|This is a copy|Original message|The header).*$",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(
    r"^[ \t]*<?([^<>\s@:]{1,64}@[^<>\s@:]{1,253})>?(?=[:\s]|$)", re.MULTILINE
)
_FOLDED = re.compile(r"\r?\n[ \t]+")
#: ``550-5.1.1`` before each further line of an SMTP answer.
_LINE_CODE = re.compile(r"(?<=\S)\s+[45]\d\d[- ](?:[45]\.\d{1,3}\.\d{1,3}\s+)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
#: RFC 6533: a character in an address of a report for ASCII readers.
_ESCAPED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")

#: A bounce is small; what is beyond these is not looked at.
_MAX_PARTS = 100
_MAX_FAILURES = 500
_MAX_TEXT = 100_000
_MAX_WORDS = 500
#: Lines of a plain text that may begin with the failed address.
_MAX_LINES = 20


class Failure(NamedTuple):
    """One recipient that a mail did not reach.

    :ivar addresses: ASCII forms of the original and the final recipient, may be empty
    :ivar shown: the final recipient as it was written, ``""`` where nothing says
    :ivar status: such as ``5.1.1``
    :ivar words: the server's code and words
    """

    addresses: tuple
    shown: str
    status: str
    words: str


class Report(NamedTuple):
    """What a mail says of an earlier one.

    :ivar failures: a tuple of :class:`Failure`
    :ivar token: our own header of the returned mail, not verified
    :ivar message_ids: the returned mail's Message-Ids
    """

    failures: tuple = ()
    token: str = ""
    message_ids: tuple = ()


def read(message):
    """Read a mail that may be a bounce.

    :param message: ``email.message.Message`` or its bytes
    :return: what it says; an empty report where it is none or can't be read
    :rtype: Report
    """
    try:
        if isinstance(message, bytes):
            message = message_from_bytes(message, policy=policy.SMTP)
        return _read(message)
    except Exception:
        # the last line of defence: Python's own parser raises many kinds of errors on
        # hostile input, and a mail that can't be read is simply no bounce of ours
        return Report()


def _read(message):
    parts = _get_parts(message)
    if not _is_about_a_mail(message, parts):
        return Report()
    token, message_ids = _read_returned(message, parts)
    if not token and not message_ids:
        return Report()
    failures = _read_status(parts)
    if failures is None:
        failures = _read_plain(message, parts)
    return Report(tuple(failures), token, message_ids)


def _is_about_a_mail(message, parts):
    """:return: whether a program reports on a mail, not a person or an out-of-office"""
    kinds = {part.get_content_type() for part in parts}
    return bool(kinds & {*_STATUS_TYPES, _RECEIPT_TYPE}) or _is_from_server(message)


def _is_from_server(message):
    local = _get(message, "From").rpartition("<")[2].strip(' "')
    return bool(_SENDERS.match(local))


def _get_parts(message):
    """:return: all parts, in their order, without recursion: nesting may be deep

    :rtype: list[email.message.Message]
    """
    found, waiting = [], [message]
    while waiting and len(found) < _MAX_PARTS:
        part = waiting.pop()
        found.append(part)
        payload = part.get_payload()
        # the blocks of a status are no parts, nor is what the returned mail carries
        is_opened = part.get_content_type() not in _STATUS_TYPES + _RETURNED_TYPES
        if isinstance(payload, list) and is_opened:
            waiting.extend(reversed(payload[:_MAX_PARTS]))
    return found


# -- text --------------------------------------------------------------------------


def _clean(value, limit=_MAX_WORDS):
    """:return: one line without what could harm a screen"""
    text = str(value)[: 4 * limit].encode("utf-8", "surrogateescape")
    text = _CONTROL.sub(" ", text.decode("utf-8", "replace"))
    return " ".join(text.split())[:limit]


def _get(part, name):
    """:return: a header as one line, decoded; ``""`` where it is missing

    Not by ``part[name]``, whose parser raises on what it does not understand.
    """
    for key, value in part.raw_items():
        if key.lower() == name.lower():
            text = _clean(value)
            try:
                return _clean(make_header(decode_header(text)))
            except (HeaderParseError, LookupError, ValueError):
                return text
    return ""


def _get_text(part):
    """:return: the text of a part, or the source of a mail in it, at most
    ``_MAX_TEXT`` characters"""
    payload = part.get_payload()
    if isinstance(payload, list):
        source = b"\n\n".join(_get_source(inner) for inner in payload[:_MAX_FAILURES])
        encoding = _get(part, "Content-Transfer-Encoding").lower()
        raw = _decode(source[:_MAX_TEXT], encoding)
    else:
        raw = (part.get_payload(decode=True) or b"")[:_MAX_TEXT]
    charset = part.get_content_charset("utf-8")
    try:
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def _get_source(message):
    lines = "".join(f"{key}: {value}\n" for key, value in message.raw_items())
    body = message.get_payload(decode=True) or b""
    return lines.encode("utf-8", "surrogateescape") + b"\n" + body


def _decode(raw, encoding):
    if encoding == "base64":
        try:
            clean = b"".join(raw.split())
            return base64.b64decode(clean[: len(clean) // 4 * 4])
        except binascii.Error:
            return raw
    return quopri.decodestring(raw) if encoding == "quoted-printable" else raw


def _read_blocks(text):
    """:return: the blocks of headers in a text, as dicts with names in small letters"""
    blocks = []
    for block in re.split(r"\r?\n[ \t]*\r?\n", text):
        lines = _FOLDED.sub(" \n ", block.strip("\r\n"))
        fields = {}
        for line in re.split(r"\r?\n(?! )", lines):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value)
        if fields:
            blocks.append(fields)
    return blocks


# -- the returned mail ---------------------------------------------------------------


def _read_returned(message, parts):
    """:return: our header and the Message-Ids of the mail that came back"""
    mails = [
        _read_headers(part)
        for part in parts
        if part.get_content_type() in _RETURNED_TYPES
    ]
    if not mails:
        mails = _read_quoted(parts)
    name = TOKEN_HEADER.lower()
    token = next((mail[name] for mail in mails if mail.get(name)), "")
    ids = [mail.get(header.lower(), "") for mail in mails for header in _ID_HEADERS]
    found = itertools.chain.from_iterable(re.findall(r"<[^<>\s]+>", i) for i in ids)
    return "".join(token.split()), tuple(dict.fromkeys(found))


def _read_headers(part):
    payload = part.get_payload()
    if isinstance(payload, list) and payload and payload[0].raw_items():
        headers = {key.lower(): _clean(v) for key, v in payload[0].raw_items()}
        if headers:
            return headers
    fields = next(iter(_read_blocks(_get_text(part))), {})
    return {name: _clean(value) for name, value in fields.items()}


def _read_quoted(parts):
    """:return: headers of the copies that stand in a plain text"""
    texts = (
        _get_text(part) for part in parts if part.get_content_type() == "text/plain"
    )
    copies = (_COPY.split(text, maxsplit=1) for text in texts)
    blocks = (_read_blocks(copy[1])[:2] for copy in copies if len(copy) > 1)
    return [
        {name: _clean(value) for name, value in fields.items()}
        for fields in itertools.chain.from_iterable(blocks)
    ]


# -- what became of it -----------------------------------------------------------------


def _read_status(parts):
    """:return: the failed recipients of a status, or ``None`` where there is no status

    :rtype: list[Failure] | None
    """
    status = [part for part in parts if part.get_content_type() in _STATUS_TYPES]
    blocks = itertools.chain.from_iterable(_read_blocks(_get_text(p)) for p in status)
    recipients = [fields for fields in blocks if fields.get("action", "").strip()]
    if not recipients:
        return None
    failed = [f for f in recipients if f["action"].split()[0].lower() == "failed"]
    fallback = _get_first_words(parts) if failed else ""
    return [_read_failure(fields, fallback) for fields in failed[:_MAX_FAILURES]]


def _read_failure(fields, fallback):
    shown, original = (
        _read_address(fields.get(name, ""))
        for name in ("final-recipient", "original-recipient")
    )
    found = dict.fromkeys(filter(None, (to_ascii(a) for a in (original, shown))))
    status = _clean(fields.get("status", "").split(";")[0], 20)
    kind, semicolon, words = fields.get("diagnostic-code", "").partition(";")
    words = _clean(words if semicolon else kind, 4 * _MAX_WORDS)
    words = _LINE_CODE.sub(" ", words)[:_MAX_WORDS] or fallback
    if status and status not in words:
        words = f"{status} {words}".strip()
    return Failure(tuple(found), shown, status, words)


def _read_address(value):
    """Read ``rfc822; ana@x.example``, also with ``<>`` and letters of RFC 6533."""
    _kind, semicolon, address = _clean(value).partition(";")
    address = (address if semicolon else _kind).strip().strip("<>").lower()
    try:
        address = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), address)
    except (ValueError, OverflowError):
        return ""
    return address if "@" in address else ""


def _read_plain(message, parts):
    """:return: the failed recipients that a text without a status tells of"""
    text = _get_told(parts)
    is_late = _DELAY.search(_get(message, "Subject")) or _DELAY.search(text[:1000])
    if is_late or not _is_from_server(message):
        return []
    lines = itertools.islice(_ADDRESS.finditer(text), _MAX_LINES)
    named = (found for found in lines if to_ascii(found[1].lower()))
    if found := next(named, None):
        shown = found[1].lower()
        words = _clean(text[found.start() :], _MAX_WORDS)
        return [Failure((to_ascii(shown),), shown, "", words)]
    return [Failure((), "", "", _get_first_words(parts))]


def _get_told(parts):
    """:return: the words before the copy of the mail, as they stand"""
    for part in parts:
        if part.get_content_type() == "text/plain":
            return _COPY.split(_get_text(part), maxsplit=1)[0]
    return ""


def _get_first_words(parts):
    return _clean(_get_told(parts), 300)
