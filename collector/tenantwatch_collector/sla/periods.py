"""Calendar periods in a tenant's own time zone, half-open; whole Unix seconds until ``in_units``.

A day begins at the first instant whose local date is that day or a later one. So days have 23 to 25 hours,
a missing midnight begins the day at the transition, and a date that a zone skipped is an empty period.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

PeriodType = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
ReportStage = Literal["provisional", "final"]
FINAL_AFTER_SECONDS = 72 * 3600
"""Late results are awaited this long after a period's end before its numbers bind."""

_HOUR = 3600
_FARTHEST_OFFSET_SECONDS = 16 * _HOUR


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open: ``start`` is the first instant inside, ``end`` the first one after."""

    start: int
    end: int

    def in_units(self, units_per_second: int) -> Period:
        """The same period in a finer unit."""
        return Period(self.start * units_per_second, self.end * units_per_second)


def calendar_period(kind: PeriodType, day: date, zone: tzinfo) -> Period:
    """The period of that kind that contains the local date."""
    first, after = dates_of(kind, day)
    return Period(day_start(first, zone), day_start(after, zone))


def rolling_period(seconds: int, as_of: int) -> Period:
    """Exactly so many seconds before ``as_of``."""
    return Period(as_of - seconds, as_of)


def report_stage(period_end: int, as_of: int) -> ReportStage:
    """Whether a report made at ``as_of`` may still change when results arrive late."""
    return "final" if as_of >= period_end + FINAL_AFTER_SECONDS else "provisional"


def day_start(day: date, zone: tzinfo) -> int:
    """The first instant whose local date is ``day`` or later."""
    return _day_start(day, zone)


@lru_cache(maxsize=8192)
def _day_start(day: date, zone: tzinfo) -> int:
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    low, high = midnight - _FARTHEST_OFFSET_SECONDS, midnight + _FARTHEST_OFFSET_SECONDS
    # An hour of midnight under every offset then in force; the earliest one that really lies in the day.
    offsets = {utc_offset(instant, zone) for instant in range(low, high + 1, _HOUR)}
    reached = min(m for m in (midnight - offset for offset in offsets) if _has_begun(m, day, zone))
    # A clock set forward over midnight begins the day before any midnight came.
    while low + 1 < reached:
        middle = (low + reached) // 2
        if _has_begun(middle, day, zone):
            reached = middle
        else:
            low = middle
    return reached


def utc_offset(instant: int, zone: tzinfo) -> int:
    """Seconds to add to UTC for local time."""
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _has_begun(instant: int, day: date, zone: tzinfo) -> bool:
    return datetime.fromtimestamp(instant, zone).date() >= day


def dates_of(kind: PeriodType, day: date) -> tuple[date, date]:
    """The period's first local date and the one after its last."""
    if kind == "daily":
        return day, day + timedelta(days=1)
    if kind == "weekly":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}.get(kind)
    if months is None:
        raise ValueError(f"unknown period type {kind!r}")
    first = (day.month - 1) // months * months
    after = day.year * 12 + first + months
    return date(day.year, first + 1, 1), date(after // 12, after % 12 + 1, 1)
