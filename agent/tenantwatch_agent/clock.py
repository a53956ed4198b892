"""The clock that a suspend does not stop and nobody sets."""

from __future__ import annotations

import time


def boottime() -> float:
    """Seconds since boot, those of suspends included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
