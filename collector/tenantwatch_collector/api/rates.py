"""How often one may ask: a bucket of requests for each caller, filled again all the time."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from tenantwatch_collector.errors import TooMany

WINDOW_SECONDS = 60
MAX_BUCKETS = 10_000
"""Callers that are remembered; whoever asked longest ago is forgotten first, and has a full bucket again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands after a request, in the words of the headers RateLimit and RateLimit-Policy."""

    quota: int
    remaining: int
    reset_seconds: int
    """Until the bucket is full again."""

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"caller";q={self.quota};w={WINDOW_SECONDS}',
            "RateLimit": f'"caller";r={self.remaining};t={self.reset_seconds}',
        }


class Rates:
    """``quota`` requests may come at once, and as many in a minute for long."""

    def __init__(self, quota: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._quota = quota
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> Standing:
        """One request of that caller. Raises TooMany, which says when the next one may come."""
        now = self._clock()
        left, at = self._buckets.pop(who, (float(self._quota), now))
        left = min(self._quota, left + (now - at) * self._quota / WINDOW_SECONDS)
        spent = left < 1
        if not spent:
            left -= 1
        self._buckets[who] = left, now
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if spent:
            delay_seconds = (1 - left) * WINDOW_SECONDS / self._quota
            raise TooMany(f"at most {self._quota} requests a minute are answered", delay_seconds)
        missing = self._quota - left
        return Standing(self._quota, int(left), math.ceil(missing * WINDOW_SECONDS / self._quota))
