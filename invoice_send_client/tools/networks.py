"""Reads networks as people type them: ``192.168.0.0/24, 203.0.113.7``."""

import ipaddress
import re
from functools import lru_cache

_PIECE = re.compile(r"[^\s,;]+")

#: Bits before the IPv4 address in one that is written as IPv6, ``::ffff:203.0.113.7``.
_MAPPED_BITS = 96


def parse(text):
    """Read networks or single addresses divided by ``,``, ``;``, spaces or line ends.

    :param str text: what the user typed, may be empty
    :return: the networks in their order, and the pieces that are none, as typed
    :rtype: tuple[tuple, list[str]]
    """
    found, wrong = [], []
    for piece in _PIECE.findall(text or ""):
        network = _read_piece(piece)
        if network:
            found.append(network)
        else:
            wrong.append(piece)
    return tuple(dict.fromkeys(found)), wrong


def _read_piece(piece):
    """:return: the network, ``None`` for what is none, and for the whole internet"""
    try:
        network = ipaddress.ip_network(piece, strict=False)
    except ValueError:
        return None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped and network.prefixlen >= _MAPPED_BITS:
        network = ipaddress.ip_network((mapped, network.prefixlen - _MAPPED_BITS))
    return network if network.prefixlen else None


@lru_cache(maxsize=1000)
def _read_address(text):
    """:return: the address, ``None`` for what is none"""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def contain(networks, ip):
    """:return: whether an address belongs to one of the networks

    :param networks: from :func:`parse`
    :param str ip: an address of either kind, or anything else, which belongs to none
    :rtype: bool
    """
    address = _read_address(ip or "")
    return bool(address) and any(address in network for network in networks)
