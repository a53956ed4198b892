"""The clock that a suspend does not stop and nobody sets, and a wall clock that nobody sets ahead."""

from __future__ import annotations

import time
from collections.abc import Callable


def boottime() -> float:
    """Seconds since boot, those of suspends included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class NeverAhead:
    """Unix seconds that go on by no more than what has passed on ``clock`` since this was made.

    For what is thrown away for its age: a wall clock that jumps ahead makes nothing older.
    """

    def __init__(
        self, clock: Callable[[], float] = boottime, wall_clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._ahead_seconds = wall_clock() - clock()

    def __call__(self) -> float:
        return min(self._wall_clock(), self._clock() + self._ahead_seconds)
