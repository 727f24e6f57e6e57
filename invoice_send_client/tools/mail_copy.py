"""A mail as it left: read from what the mail server was given, built again as .eml.

Plain Python. The client's link is the client's authority, so a kept mail holds none:
each is turned into the address of the preview for staff, and the picture that tells of
a look into nothing, be it ours or another addon's.
"""

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from typing import NamedTuple

from . import links

_TOKEN = rf"[A-Za-z0-9_-]{{{links.KEY_LENGTH + links.SIGNATURE_LENGTH}}}"
_LINK = re.compile(rf"/invoice/d/(?P<token>{_TOKEN})")
#: Ours, that of Odoo's mass_mailing, that of the OCA's mail_tracking.
_PICTURE = re.compile(
    r"https?://[^\s\"'<>]*?"
    rf"(?:/invoice/d/{_TOKEN}/open|/mail/track(?:ing/open)?/[^\s\"'<>]*/blank)\.gif"
)

#: Stands for the picture: loads nothing from anywhere.
NO_PICTURE = "data:,"

#: Where staff see the client's page; a link that is nobody's leads to 0, to no page.
PREVIEW_PATH = "/invoice/preview/%d"


class Left:
    """What was handed over to a mail server; whether it kept it is not known here.

    :ivar EmailMessage message: as Odoo built it, without what a copy never shows (Bcc)
    :ivar str sender: envelope sender
    :ivar list recipients: envelope recipients
    :ivar dict about: which documents it brings, from ``invoice.mail._describe``
    :ivar bytes content: the bytes on the wire; empty where the session tells none
    """

    def __init__(self, message, sender, recipients, about=None):
        self.message, self.sender = message, sender
        self.recipients = list(recipients)
        self.about = about or {}
        self.content = b""


class Copy(NamedTuple):
    """The parts of a mail that are kept.

    :param str headers: as they were sent, in their order, lines as they were folded
    :param str text: the plain text
    :param str html: the HTML
    :param list files: name and message part of each file
    """

    headers: str
    text: str
    html: str
    files: list


def read(left):
    """Take a mail that left apart.

    :param Left left: what the mail server was given
    :rtype: Copy
    """
    message = left.message
    # without the bytes on the wire the message is written as smtplib would
    content = left.content or message.as_bytes(policy=policy.SMTP)
    headers = content.partition(b"\r\n\r\n")[0].decode(errors="replace")
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    return Copy(
        headers.replace("\r\n", "\n"),
        text.get_content() if text else "",
        html.get_content() if html else "",
        [(part.get_filename(), part) for part in message.iter_attachments()],
    )


def find_tokens(text):
    """:return: the tokens of all links of clients in a text

    :param str text: HTML or plain text
    :rtype: set[str]
    """
    return set(_LINK.findall(text))


def without_links(text, delivery_ids):
    """Turn the links of clients into those of the preview for staff.

    :param str text: HTML or plain text
    :param dict delivery_ids: id of the delivery by token
    :return: the text, the rest byte for byte
    :rtype: str
    """
    text = _PICTURE.sub(NO_PICTURE, text)
    return _LINK.sub(
        lambda found: PREVIEW_PATH % delivery_ids.get(found["token"], 0), text
    )


def parse_headers(headers):
    """:return: the headers of a kept mail, readable by name

    :param str headers: see :class:`Copy`
    :rtype: EmailMessage
    """
    content = headers.encode() + b"\n\n"
    return BytesHeaderParser(policy=policy.default).parsebytes(content)


def build(headers, text, html, files):
    """Write a kept mail as a mail program opens it (RFC 5322).

    The headers are those that were sent; the parts are built as Odoo builds them, with
    the boundary that the headers name.

    :param str headers: see :class:`Copy`
    :param str text: the plain text
    :param str html: the HTML
    :param list files: name, content and MIME type of each file
    :rtype: bytes
    """
    message = EmailMessage(policy=policy.SMTP)
    message.add_alternative(text, subtype="plain", charset="utf-8")
    message.add_alternative(html, subtype="html", charset="utf-8")
    for name, content, mimetype in files:
        if mimetype == "message/rfc822":
            inner = BytesParser().parsebytes(content)
            message.add_attachment(inner, filename=name)
        else:
            message.add_attachment(content, *mimetype.split("/"), filename=name)
    if boundary := parse_headers(headers).get_boundary():
        message.set_boundary(boundary)
    _own_headers, end, body = message.as_bytes().partition(b"\r\n\r\n")
    return headers.replace("\n", "\r\n").encode() + end + body
