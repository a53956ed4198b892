"""How busy the processors were since the look before."""

from __future__ import annotations

import time

import psutil

SHORTEST_SECONDS = 0.25
"""The kernel counts in hundredths of a second: less says nothing."""


class Busy:
    """Remembers the reading before. psutil would remember one for each thread, and looks change theirs."""

    def __init__(self) -> None:
        self._total, self._idle = _seconds()
        self._read_at = time.monotonic()

    def percent(self) -> float:
        """Of all processors together, 0 to 100. Waits a moment where the reading before was just now."""
        time.sleep(max(0.0, self._read_at + SHORTEST_SECONDS - time.monotonic()))
        total, idle = _seconds()
        passed, rested = total - self._total, idle - self._idle
        self._total, self._idle, self._read_at = total, idle, time.monotonic()
        return 0.0 if passed <= 0 else min(100.0, max(0.0, 100 * (1 - rested / passed)))


def _seconds() -> tuple[float, float]:
    """Of all processors: the time that was counted, and how much of it nothing was to be done."""
    times = psutil.cpu_times()
    # On Linux the time of guests is in that of users already.
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return sum(times) - guests, times.idle + getattr(times, "iowait", 0.0)
