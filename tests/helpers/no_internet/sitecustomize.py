"""Python without a way to the internet: loaded at the start, being in PYTHONPATH.

What ``requests`` asks another machine for goes to :class:`tests.helpers.internet.
Internet` instead, with the machine's name as the first part of the path.
"""

import os
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter

_send = HTTPAdapter.send


def _send_to_stand_in(self, request, **options):
    asked = urlsplit(request.url)
    if asked.hostname not in ("127.0.0.1", "localhost"):
        query = f"?{asked.query}" if asked.query else ""
        stand_in = os.environ["INTERNET_STAND_IN"]
        request.url = f"{stand_in}/{asked.hostname}{asked.path}{query}"
        options["proxies"] = {}
    return _send(self, request, **options)


HTTPAdapter.send = _send_to_stand_in
