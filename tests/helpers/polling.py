"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

INTERVAL = 0.1


def until(look: Callable[[], Found], what: str, seconds: float = 30) -> Found:
    """Look again and again until there is something to see.

    :param look: returns something true when what is waited for has come
    :param what: what is waited for, for the failure's message
    :param seconds: how long to wait at most
    :return: what ``look`` returned
    :raise TimeoutError: when it did not come
    """
    limit = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > limit:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(INTERVAL)
    return found
