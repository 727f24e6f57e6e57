"""Reads e-mail addresses as people type them: ``"Pop, Ana" <ana@x.ro>; ion@x.ro``."""

import re
from email.utils import formataddr
from typing import NamedTuple

import idna

#: ``,``, ``;`` or a line end outside double quotes (requirements R14). An unclosed
#: quote swallows the rest, which is then named as wrong.
_PIECE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,;\r\n"]|")+')
_NAMED = re.compile(r'^(?P<name>"(?:[^"\\]|\\.)*"|[^"<>]*)\s*<(?P<email>[^<>\s]+)>$')
#: RFC 5322 dot-atom; quoted local parts and non-ASCII ones are refused, since Odoo's
#: mail engine needs an ASCII envelope.
_LOCAL = re.compile(
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Address(NamedTuple):
    """One recipient: the name shown (may be empty) and the address in lower case."""

    name: str
    email: str

    @property
    def formatted(self):
        """:return: the address for a header, with its name where there is one"""
        return formataddr((self.name, self.email)) if self.name else self.email


def to_ascii(email):
    """Give the address its ASCII domain, as the envelope needs it (RFC 5891).

    :param str email: address, international domain allowed
    :return: the address with an ``xn--`` domain, or ``""`` where it is no address
    :rtype: str
    """
    local, at, domain = email.rpartition("@")
    if not at or not _LOCAL.match(local) or len(local) > 64:
        return ""
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return ""
    if "." not in ascii_domain:
        return ""
    return f"{local}@{ascii_domain}"


def _read_piece(piece):
    named = _NAMED.match(piece)
    name, email = (named["name"].strip(), named["email"]) if named else ("", piece)
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    if _CONTROL.search(name) or not to_ascii(email):
        return None
    return Address(name.strip(), email.lower())


def parse(text):
    """Read addresses divided by ``,`` or ``;``.

    :param str text: what the user typed, may be empty
    :return: the addresses in their order, each once, and the pieces that are no
        address, as typed
    :rtype: tuple[list[Address], list[str]]
    """
    found, wrong = {}, []
    for piece in filter(None, (part.strip() for part in _PIECE.findall(text or ""))):
        address = _read_piece(piece)
        if address:
            found.setdefault(to_ascii(address.email), address)
        else:
            wrong.append(piece)
    return list(found.values()), wrong


def for_header(text):
    """:return: the addresses of ``text`` as a header's list, domains in ASCII

    :param str text: addresses that :func:`parse` accepts
    :rtype: list[str]
    """
    return [Address(name, to_ascii(email)).formatted for name, email in parse(text)[0]]
