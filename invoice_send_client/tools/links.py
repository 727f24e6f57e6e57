"""The client's link: a random key and its signature, readable by nobody else.

The token is ``<key><signature>``. The key alone stands in the database, so that
reading the table gives no link; the signature is checked before the database is
asked, so that a forged token costs no query and tells nothing by its timing. A new
key makes every earlier link dead; where its root stays, whoever holds a dead link can
still ask for the new one, which is mailed to the address on file.
"""

import base64
import hashlib
import hmac
import secrets
from typing import NamedTuple

#: 16 random bytes, 22 characters in URL-safe base64: not to be guessed.
KEY_LENGTH = 22
#: Characters of the key that a renewed link keeps: 84 bits, not to be guessed either.
#: The other 44 tell a living link from a dead one; all are signed.
ROOT_LENGTH = 14
#: 160 of the 256 bits of HMAC-SHA256, 27 characters (RFC 2104 allows truncation to
#: half and more).
SIGNATURE_LENGTH = 27

#: A page left open in a tab for a week still counts as the same visit.
NONCE_SECONDS = 7 * 24 * 3600


class Visit(NamedTuple):
    """A served page, as its nonce tells.

    :param str session: the browser session's name
    :param int issued: seconds since the epoch when the page was served
    """

    session: str
    issued: int


def new_key(root=""):
    """Make the key of a link.

    :param str root: of the key that this one replaces, see :func:`get_root`; none for
        a link that has nothing to do with an earlier one
    :return: ``KEY_LENGTH`` URL-safe characters, random but for the root
    :rtype: str
    """
    return root + secrets.token_urlsafe(16)[len(root) :]


def get_root(key):
    """:return: the part of a key that a renewed link keeps

    :param str key: from :func:`new_key`
    """
    return key[:ROOT_LENGTH]


def _encode(text):
    # JSON can bring halves of characters, which UTF-8 has no bytes for
    return text.encode("utf-8", "surrogatepass")


def _signature(secret, message):
    digest = hmac.new(secret.encode(), _encode(message), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:SIGNATURE_LENGTH]


def sign(secret, scope, key):
    """:return: the token for ``key``

    :param str secret: the database's secret
    :param str scope: what the token is for: another scope, another signature
    :param str key: from :func:`new_key`
    """
    return key + _signature(secret, f"{scope}:{key}")


def verify(secret, scope, token):
    """Read the key out of a token.

    :param str token: what came with the request, anything
    :return: the key, or ``None`` where the signature is not ours
    :rtype: str | None
    """
    key, signature = token[:KEY_LENGTH], token[KEY_LENGTH:]
    expected = _signature(secret, f"{scope}:{key}")
    if hmac.compare_digest(_encode(signature), expected.encode()):
        return key
    return None


def new_nonce(secret, key, at):
    """Give a served page a number of its own, to bind what it asks for later.

    :param str secret: the database's secret
    :param str key: the key of the link that the page was served for
    :param float at: seconds since the epoch
    :rtype: str
    """
    payload = f"{int(at):x}.{secrets.token_urlsafe(9)}"
    return f"{payload}.{_signature(secret, f'nonce:{key}:{payload}')}"


def read_nonce(secret, key, nonce, at, max_age=NONCE_SECONDS):
    """Read out of a page's nonce which visit it belongs to.

    :param nonce: what came with the request, anything, also a file
    :param float at: seconds since the epoch, now
    :param int max_age: seconds for which a page's nonce holds
    :return: ``None`` where the nonce is not of this link, or too old
    :rtype: Visit | None
    """
    if not isinstance(nonce, str):
        return None
    payload, _dot, signature = nonce.rpartition(".")
    expected = _signature(secret, f"nonce:{key}:{payload}")
    if not hmac.compare_digest(_encode(signature), expected.encode()):
        return None
    stamp, _dot, session = payload.partition(".")
    issued = int(stamp, 16)
    return Visit(session, issued) if at - issued <= max_age else None
