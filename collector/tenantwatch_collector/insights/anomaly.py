"""Whether a check takes far longer than it usually does, by medians of what it took before."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

HOURS_OF_A_DAY = 24
DAYS = 14
KEPT_HOURS = DAYS * HOURS_OF_A_DAY
_LEAST_HOURS = 20
"""Of the last day; with fewer nothing is unusual."""
_LEAST_DAYS = 3
"""Of the same hours; with fewer the last day alone decides."""
_DEVIATIONS, _FACTOR = 6.0, 1.5
_NORMAL = 1.4826
"""Of a normal distribution the standard deviation is so many times the median deviation."""
_LEAST_SHARE = 0.05

_NOTHING = float("nan")


@dataclass(frozen=True, slots=True)
class Usual:
    """What was usual over some hours: the median, and the deviation that is usual around it."""

    median: float
    deviation: float

    def is_far_below(self, value: float) -> bool:
        return value >= _FACTOR * self.median and value - self.median >= _DEVIATIONS * self.deviation


@dataclass(slots=True)
class Past:
    """The mean of each of the last two weeks' hours, NaN where nothing was measured."""

    means: array[float]
    newest_hour: int
    """Hours since 1970; the last of the means is that hour's."""
    _known: tuple[int, tuple[Usual | None, Usual | None]] | None = None
    """What was usual before an hour, as it was last asked: an hour has four quarters."""

    @classmethod
    def empty(cls, hour: int) -> Past:
        return cls(array("d", [_NOTHING]) * KEPT_HOURS, hour)

    def put(self, hour: int, mean: float) -> None:
        """An hour's mean, also a corrected one; hours before the last two weeks are left out."""
        ahead = min(hour - self.newest_hour, KEPT_HOURS)
        if ahead > 0:
            self._known = None
            self.means = self.means[ahead:] + array("d", [_NOTHING]) * ahead
            self.newest_hour = hour
        place = KEPT_HOURS - 1 - (self.newest_hour - hour)
        if place >= 0 and self.means[place] != mean:
            self.means[place] = mean
            self._known = None

    def usual(self, hour: int) -> tuple[Usual | None, Usual | None]:
        """What was usual in the day before an hour, and at this time of day."""
        if self._known is None or self._known[0] != hour:
            self._known = hour, (self.last_day(hour), self.same_hours(hour))
        return self._known[1]

    def last_day(self, hour: int) -> Usual | None:
        """What was usual in the day before an hour; None if too little of it was measured."""
        beyond = self._beyond(hour)
        return _usual(self.means[max(0, beyond - HOURS_OF_A_DAY) : beyond], _LEAST_HOURS)

    def same_hours(self, hour: int) -> Usual | None:
        """What was usual at this time of day, an hour before and after it included."""
        beyond = self._beyond(hour)
        known = array("d")
        for back in (1, HOURS_OF_A_DAY - 1, HOURS_OF_A_DAY):
            if beyond >= back:
                known += self.means[beyond - back :: -HOURS_OF_A_DAY]
        return _usual(known, 3 * _LEAST_DAYS)

    def _beyond(self, hour: int) -> int:
        """The place of an hour, which is the end of those before it."""
        return max(0, min(KEPT_HOURS, KEPT_HOURS - 1 - (self.newest_hour - hour)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a value is unusual, and what it is compared with: the larger of what is usual."""

    value: float
    is_unusual: bool
    usual: Usual


def judge(past: Past, hour: int, value: float) -> Verdict | None:
    """What to make of a mean within an hour; None while there is too little to compare it with."""
    last_day, same_hours = past.usual(hour)
    if last_day is None:
        return None
    known = [last_day] if same_hours is None else [last_day, same_hours]
    largest = max(known, key=lambda usual: usual.median + _DEVIATIONS * usual.deviation)
    return Verdict(value, all(usual.is_far_below(value) for usual in known), largest)


def _usual(values: Iterable[float], least: int) -> Usual | None:
    known = [value for value in values if value == value]
    if len(known) < least:
        return None
    known.sort()
    middle = len(known) // 2
    median = known[middle]
    deviation = _NORMAL * sorted([abs(value - median) for value in known])[middle]
    return Usual(median, max(deviation, _LEAST_SHARE * median))
