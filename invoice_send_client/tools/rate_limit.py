"""How often somebody may ask, counted in the memory of one worker.

The public routes need a brake and not a meter: a flood must not cost the database
anything, so that nothing is written down, and several workers count each for itself.
Libraries for this keep a thread or a server of their own; a bucket needs neither.
"""

import threading
import time
from collections import OrderedDict
from typing import NamedTuple

#: Whoever asked is remembered, up to so many; those who asked least recently go first.
KEYS_KEPT = 10_000


class Rate(NamedTuple):
    """So many requests in so many seconds; all of them may come at once."""

    count: int
    seconds: float


class Limiter:
    """Buckets that fill again with time: one for each key.

    :param clock: gives seconds that never go back
    """

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets = OrderedDict()

    def take(self, key, rate):
        """Count one request.

        :param key: who asks, and for what; hashable
        :param Rate rate: how often it may be
        :return: seconds to wait before the next try, 0 where this one may go on
        :rtype: float
        """
        now = self._clock()
        with self._lock:
            left, at = self._buckets.pop(key, (rate.count, now))
            left = min(left + (now - at) * rate.count / rate.seconds, rate.count)
            is_free = left >= 1
            self._buckets[key] = (left - 1 if is_free else left, now)
            while len(self._buckets) > KEYS_KEPT:
                self._buckets.popitem(last=False)
        return 0 if is_free else (1 - left) * rate.seconds / rate.count
