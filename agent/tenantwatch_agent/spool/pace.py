"""When the live lane stands still, and when it is time to look at the bounds. Decisions alone, no I/O."""

from __future__ import annotations

import math
from collections.abc import Callable

from tenantwatch_wire.records import Lane

LIVE_WAITS_SECONDS = 30.0
"""A live lane of which nothing was acknowledged for as long stands still: what comes now is backlog."""
MAX_LIVE = 10_000
_BOUNDS_EVERY_RESULTS = 200
_BOUNDS_EVERY_SECONDS = 60.0


class Pace:
    """Of one open file; ``live`` is how many results its live lane holds."""

    def __init__(self, clock: Callable[[], float], live: int) -> None:
        self._clock = clock
        # What is left from before stands still until the collector says otherwise.
        self._live_moved_at = -math.inf if live else clock()
        self._unbounded = 0
        self._bounded_at = -math.inf

    def live_moved(self) -> None:
        """The collector has acknowledged something of the live lane."""
        self._live_moved_at = self._clock()

    def lane(self, live: int) -> Lane:
        """Where a result belongs that is written now."""
        if not live:
            self.live_moved()
        stands_still = self._clock() - self._live_moved_at > LIVE_WAITS_SECONDS
        return Lane.BACKLOG if stands_still or live >= MAX_LIVE else Lane.LIVE

    def bounds_due(self, added: int, is_full: bool) -> bool:
        """Counting is free; to ask for bytes and age costs too much to be done each time."""
        self._unbounded += added
        now = self._clock()
        due = self._unbounded >= _BOUNDS_EVERY_RESULTS or now - self._bounded_at >= _BOUNDS_EVERY_SECONDS
        if due or is_full:
            self._unbounded, self._bounded_at = 0, now
        return due or is_full
