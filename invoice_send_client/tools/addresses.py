"""Reads e-mail addresses as people type them: ``"Pop, Ana" <ana@x.ro>; ion@x.ro``."""

import re
from email.utils import formataddr
from functools import lru_cache
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
#: What makes a name need quotes (RFC 5322, 3.2.3).
_SPECIALS = re.compile(r'[()<>@,:;.\[\]"\\]')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: What divides addresses, or begins and ends them.
_DIVIDING = re.compile(r'[\x00-\x1f\x7f"\\<>@,:;]')

#: Characters of the longest address there is: 64 before the @, 253 after it
#: (RFC 5321, 4.5.3.1).
LONGEST = 318

#: Lines and addresses whose reading is remembered: a window of 4,000 documents reads
#: the same ones some ten times, and a domain takes 0.1 ms.
CACHED = 10_000


class Address(NamedTuple):
    """One recipient: the name shown (may be empty) and the address in lower case."""

    name: str
    email: str

    @property
    def formatted(self):
        """:return: the address for a header, with its name where there is one"""
        return formataddr((self.name, self.email)) if self.name else self.email

    @property
    def alone(self):
        """:return: the address for a mail that is to reach nobody else: whatever
        reads it, nothing of the name is taken for a second address"""
        name = " ".join(_DIVIDING.sub(" ", self.name).split())
        return Address(name, self.email).formatted

    @property
    def shown(self):
        """:return: the address as people type it, its name in their own letters"""
        if not self.name:
            return self.email
        name = self.name
        if _SPECIALS.search(name):
            escaped = name.replace("\\", r"\\").replace('"', r"\"")
            name = f'"{escaped}"'
        return f"{name} <{self.email}>"


def to_ascii(email):
    """Give the address its ASCII domain, as the envelope needs it (RFC 5891).

    A domain of one word is taken, as in Odoo: servers of one's own house have such.

    :param str email: address, international domain allowed
    :return: the address with an ``xn--`` domain, or ``""`` where it is no address
    :rtype: str
    """
    # what is longer is no address, and takes long to find that out; nor is it kept
    return _to_ascii(email) if len(email) <= LONGEST else ""


@lru_cache(maxsize=CACHED)
def _to_ascii(email):
    local, at, domain = email.rpartition("@")
    if not at or not _LOCAL.match(local) or len(local) > 64:
        return ""
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
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
    found, wrong = _read(text or "")
    return list(found), list(wrong)


@lru_cache(maxsize=CACHED)
def _read(text):
    found, wrong = {}, []
    for piece in filter(None, (part.strip() for part in _PIECE.findall(text))):
        address = _read_piece(piece)
        if address:
            found.setdefault(to_ascii(address.email), address)
        else:
            wrong.append(piece)
    return tuple(found.values()), tuple(wrong)


def for_header(text):
    """:return: the addresses of ``text`` as a header's list, domains in ASCII

    :param str text: addresses that :func:`parse` accepts
    :rtype: list[str]
    """
    return [Address(name, to_ascii(email)).formatted for name, email in parse(text)[0]]


def replace(text, old, new):
    """Put one address in the place of another, leaving the rest as it was typed.

    :param str text: addresses divided by ``,`` or ``;``
    :param str old: the address to replace
    :param Address new: the address that takes its place; added where ``old`` is missing
    :return: the addresses divided by ``;``
    :rtype: str
    """
    pieces, is_found = [], False
    for piece in filter(None, (part.strip() for part in _PIECE.findall(text or ""))):
        found, _wrong = parse(piece)
        if found and found[0].email == old:
            is_found = True
            piece = Address(new.name or found[0].name, new.email).shown
        pieces.append(piece)
    return "; ".join(pieces if is_found else [*pieces, new.shown])


def join(*texts):
    """Put lines of addresses together, each address once.

    :param str texts: what was typed or found on a card, may be empty
    :return: the addresses divided by ``;``, then what is no address, as it was typed
    :rtype: str
    """
    found, wrong = parse("\n".join(filter(None, texts)))
    return "; ".join([address.shown for address in found] + wrong)


def without_repeats(*lines):
    """Leave each address in the first line that has it.

    An address in To and CC would stand twice in one envelope.

    :param str lines: To, CC, BCC in this order, may be empty
    :return: the lines, addresses divided by ``;``
    :rtype: list[str]
    """
    seen, result = set(), []
    for line in lines:
        kept = [found for found in parse(line)[0] if to_ascii(found.email) not in seen]
        seen.update(to_ascii(found.email) for found in kept)
        result.append("; ".join(found.shown for found in kept))
    return result
