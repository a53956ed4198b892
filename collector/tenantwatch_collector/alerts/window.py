"""The values of one check within the last seconds, and what they come to."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from enum import StrEnum

import numpy as np

MAX_VALUES = 10_000
"""A window holds no more; of a faster check it is shorter than asked for."""


class Aggregation(StrEnum):
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    COUNT = "count"
    P50 = "p50"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"


class Window:
    """Half open: at t it holds what was measured in (t - length, t]. One value a moment; NaN is none."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._times = array("q")
        self._values = array("d")

    def add(self, time: int, value: float) -> None:
        """A value, in whatever order they come; the first of a moment stays."""
        if value != value:
            return
        place = bisect_left(self._times, time)
        if place < len(self._times) and self._times[place] == time:
            return
        self._times.insert(place, time)
        self._values.insert(place, value)
        self._forget()

    def aggregate(self, how: Aggregation, at: int) -> float:
        """NaN if it holds nothing then; a percentile is the nearest rank, as everywhere here."""
        return _aggregate(how, self._within(at))

    def change_percent(self, how: Aggregation | None, at: int) -> float:
        """By how much the newest value differs from those before it in the window, or from the one before
        where the window has no length; NaN where there is nothing to compare it with."""
        within = self._within(at) if self._length else self._last_two(at)
        if len(within) < 2:
            return float("nan")
        newest, before = float(within[-1]), _aggregate(how or Aggregation.AVG, within[:-1])
        if before == 0:
            return 0.0 if newest == 0 else float("inf") if newest > 0 else float("-inf")
        return 100 * (newest - before) / abs(before)

    def _within(self, at: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        first, beyond = bisect_right(self._times, at - self._length), bisect_right(self._times, at)
        return np.array(self._values[first:beyond], np.float64)

    def _last_two(self, at: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        beyond = bisect_right(self._times, at)
        return np.array(self._values[max(0, beyond - 2) : beyond], np.float64)

    def _forget(self) -> None:
        """What no later moment's window can hold; only now and then, as it moves everything."""
        old = bisect_right(self._times, self._times[-1] - self._length) if self._length else 0
        old = max(old, len(self._times) - (MAX_VALUES if self._length else 2))
        if old > len(self._times) // 2 or len(self._times) > MAX_VALUES or not self._length:
            del self._times[:old], self._values[:old]


def _aggregate(how: Aggregation, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    if how is Aggregation.COUNT:
        return float(len(values))
    if not len(values):
        return float("nan")
    match how:
        case Aggregation.AVG:
            return float(values.mean())
        case Aggregation.MIN:
            return float(values.min())
        case Aggregation.MAX:
            return float(values.max())
        case Aggregation.SUM:
            return float(values.sum())
    rank = -(-int(how.value[1:]) * len(values) // 100)
    return float(np.partition(values, rank - 1)[rank - 1])
