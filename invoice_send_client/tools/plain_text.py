"""What a visitor typed, as text that can be kept and shown anywhere.

PostgreSQL keeps no null byte, terminals obey control characters, and invisible ones
that change the direction of writing let a name read as another sentence.
"""

import re

#: Control characters but for tab and line feed, halves of characters, and invisible
#: ones; the joiners that Persian, Hindi and others write names with stay.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffc\ud800-\udfff]"
)


def read_text(value, limit):
    """Read a field with several lines.

    :param value: what came with the request, anything, also a file
    :param int limit: characters that are kept
    :return: the text, lines ended by line feeds; empty for what is no text
    :rtype: str
    """
    if not isinstance(value, str):
        return ""
    text = _UNSEEN.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    return text.strip()[:limit].strip()


def read_line(value, limit):
    """Read a field with one line: see :func:`read_text`."""
    if not isinstance(value, str):
        return ""
    return " ".join(_UNSEEN.sub("", value).split())[:limit].strip()
