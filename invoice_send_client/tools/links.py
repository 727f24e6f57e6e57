"""The client's link: a random key and its signature, readable by nobody else.

The token is ``<key><signature>``. The key alone stands in the database, so that
reading the table gives no link; the signature is checked before the database is
asked, so that a forged token costs no query and tells nothing by its timing. A new
key makes every earlier link dead.
"""

import base64
import hashlib
import hmac
import secrets

#: 16 random bytes, 22 characters in URL-safe base64: not to be guessed.
KEY_LENGTH = 22
#: 160 of the 256 bits of HMAC-SHA256, 27 characters (RFC 2104 allows truncation to
#: half and more).
SIGNATURE_LENGTH = 27

#: A page left open in a tab for a week still counts as the same visit.
NONCE_SECONDS = 7 * 24 * 3600


def new_key():
    """:return: a fresh random key of ``KEY_LENGTH`` URL-safe characters"""
    return secrets.token_urlsafe(16)


def _signature(secret, message):
    digest = hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()
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
    if hmac.compare_digest(signature.encode(), expected.encode()):
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
    """Read the browser session out of a page's nonce.

    :param str nonce: what came with the request, anything
    :param float at: seconds since the epoch, now
    :param int max_age: seconds for which a page's nonce holds
    :return: the session's name, or ``None`` where the nonce is not of this link
    :rtype: str | None
    """
    payload, _dot, signature = (nonce or "").rpartition(".")
    expected = _signature(secret, f"nonce:{key}:{payload}")
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    issued, _dot, session = payload.partition(".")
    return session if at - int(issued, 16) <= max_age else None
