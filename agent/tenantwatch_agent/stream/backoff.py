"""How long to wait for the next stream, so that neither a broken collector nor a twin is run against."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable

BACKOFF_SECONDS = (0.1, 15.0)
STEADY_SECONDS = 10.0
"""A stream that held as long as this, or took results, begins the count anew; being welcomed does not."""
MANY_STREAMS, WITHIN_SECONDS, CROWDED_SECONDS = 20, 60.0, 3.0
"""After so many streams in that time even useful ones are waited for."""
FREE = 3
"""Streams in a row that may end soon before more than what was asked for is waited."""
RENEWAL_SECONDS = 1.0
"""The longest wait where only what the Hello says has changed."""
TWIN_SECONDS = (15.0, 300.0)
TWIN_FORGOTTEN_SECONDS = 900.0


class Backoff:
    """``ended`` after every stream and every attempt at one, then one of the three waits."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.refusals = 0
        """Attempts in a row that nobody welcomed."""
        self.short_streams = 0
        """Streams in a row that were welcomed, took nothing, and ended soon."""
        self._ends: deque[float] = deque(maxlen=MANY_STREAMS)
        self._twins = 0
        self._twin_at = float("-inf")

    def ended(self, lasted_seconds: float | None, *, took_results: bool = False) -> None:
        """None: it was never welcomed."""
        if lasted_seconds is None:
            self.refusals += 1
        else:
            is_good = took_results or lasted_seconds >= STEADY_SECONDS
            self.refusals, self.short_streams = 0, 1 if is_good else self.short_streams + 1
        self._ends.append(self._clock())

    def seconds(self, asked_for: float | None = None) -> float:
        """Doubles from the least to the most, spread so that agents do not come back together."""
        failures = max(self.refusals, self.short_streams)
        least, most = BACKOFF_SECONDS
        own = random.uniform(0.5, 1.0) * min(most, least * float(1 << min(failures, 20)))
        if len(self._ends) == MANY_STREAMS and self._clock() - self._ends[0] < WITHIN_SECONDS:
            return max(asked_for or 0.0, own, CROWDED_SECONDS)
        if asked_for is None:
            return own
        return asked_for if failures <= FREE else max(asked_for, own)

    def renewal_seconds(self) -> float:
        """At once, but not without end."""
        return min(self.seconds(0.0), RENEWAL_SECONDS)

    def twin_seconds(self) -> float:
        """Another agent took our place: two that take turns leave each other ever longer."""
        self._twins = self._twins + 1 if self.has_twin else 1
        self._twin_at = self._clock()
        least, most = TWIN_SECONDS
        return random.uniform(0.5, 1.0) * min(most, least * float(1 << min(self._twins - 1, 10)))

    @property
    def has_twin(self) -> bool:
        """Another agent took our place not long ago."""
        return self._clock() - self._twin_at < TWIN_FORGOTTEN_SECONDS
