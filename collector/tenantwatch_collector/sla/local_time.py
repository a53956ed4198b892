"""A tenant's local time, by the zone in force at each instant.

A day begins at the first instant whose local date is that day or a later one, and ends where the next one
begins. So no instant is in two days or in none, whatever zones are agreed, and a zone agreed later moves no
border that is past: the day of the change is longer or shorter, as one over a change of the clocks is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tenantwatch_collector.sla.periods import Period, PeriodType, dates_of, day_start

_FOR_EVER = 2**62


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Each zone with the Unix second since which it is in force, in order; the first one was before, too."""

    zones: Sequence[tuple[int, ZoneInfo]]

    def zone_at(self, instant: int) -> ZoneInfo:
        return [zone for since, _, zone in self._spans() if since <= instant][-1]

    def date_at(self, instant: int) -> date:
        """The day that the instant lies in. Where a new zone sets the date back the day goes on."""
        return max(
            datetime.fromtimestamp(min(instant, until - 1), zone).date()
            for since, until, zone in self._spans()
            if since <= instant
        )

    def day_start(self, day: date) -> int:
        """The first instant whose local date is ``day`` or later."""
        starts = ((max(since, day_start(day, zone)), until) for since, until, zone in self._spans())
        return min(start for start, until in starts if start < until)

    def period(self, kind: PeriodType, day: date) -> Period:
        """The period of that kind that contains the local date."""
        first, after = dates_of(kind, day)
        return Period(self.day_start(first), self.day_start(after))

    def _spans(self) -> Iterator[tuple[int, int, ZoneInfo]]:
        """Since when, until when, which."""
        for number, (since, zone) in enumerate(self.zones):
            following = self.zones[number + 1 :]
            yield since if number else -_FOR_EVER, following[0][0] if following else _FOR_EVER, zone
