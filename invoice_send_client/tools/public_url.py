"""Says whether clients can reach an address at all (requirements D2)."""

import ipaddress
import socket
from urllib.parse import urlsplit

#: Top-level names that the internet doesn't know (RFC 2606, RFC 6761, RFC 6762, RFC
#: 8375, RFC 9476) or that are common in house networks.
LOCAL_ENDINGS = {
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
}


def _read_ip(host):
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_public_ip(text):
    """:return: whether an IP address is one of the internet's

    :param str text: IPv4 or IPv6 address, with or without a zone
    """
    ip = _read_ip(text)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return bool(ip and ip.is_global and not ip.is_multicast)


def is_local_host(host):
    """:return: whether a host is local or private by its name alone, nobody asked

    :param str host: name or IP address
    """
    if _read_ip(host):
        return not is_public_ip(host)
    labels = host.lower().rstrip(".").split(".")
    return len(labels) < 2 or labels[-1] in LOCAL_ENDINGS or labels[-1].isdigit()


def find_problem(url):
    """Judge an address as it is written; nothing is asked of the internet.

    :param str url: the base address
    :return: ``malformed``, ``local``, ``insecure`` (not https) or ``""``
    :rtype: str
    """
    try:
        parts = urlsplit(url or "")
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "malformed"
    if not host or parts.scheme not in ("http", "https") or parts.username is not None:
        return "malformed"
    if is_local_host(host):
        return "local"
    return "insecure" if parts.scheme != "https" else ""


def find_ips(url):
    """Ask the resolver for the IP addresses of an address's host.

    :param str url: an address that :func:`find_problem` has nothing against
    :return: the IP addresses, none where the name is unknown
    :rtype: list[str]
    """
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname, None)
    except (OSError, UnicodeError):
        return []
    return sorted({address[0] for *_kind, address in found})
