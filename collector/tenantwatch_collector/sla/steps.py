"""The steps of a trend: hours of a day, days of a week or month, weeks of a quarter, months of a year."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise

from tenantwatch_collector.sla.buckets import BUCKET_SECONDS
from tenantwatch_collector.sla.periods import Period, PeriodType, calendar_period

HOUR_SECONDS = 3600
MAX_STEPS = 400


def steps_of(period: Period, zone: tzinfo) -> list[Period]:
    """Periods that tile this one (Unix seconds), of a length that suits it."""
    length = period.end - period.start
    if length <= 0:
        return []
    if length <= 50 * HOUR_SECONDS:
        return _even(period, HOUR_SECONDS)
    if length <= 40 * 24 * HOUR_SECONDS:
        return _calendar(period, zone, "daily")
    return _calendar(period, zone, "weekly" if length <= 100 * 24 * HOUR_SECONDS else "monthly")


def _even(period: Period, seconds: int) -> list[Period]:
    """From the period's start on; where no bucket begins there, as in a rolling one, from whole hours on."""
    first = period.start if period.start % BUCKET_SECONDS == 0 else period.start + -period.start % seconds
    borders = [period.start, *range(first, period.end, seconds), period.end]
    return [Period(start, end) for start, end in pairwise(borders) if start < end]


def _calendar(period: Period, zone: tzinfo, kind: PeriodType) -> list[Period]:
    steps: list[Period] = []
    day: date = datetime.fromtimestamp(period.start, zone).date()
    start = period.start
    while start < period.end and len(steps) < MAX_STEPS:
        calendar = calendar_period(kind, day, zone)
        end = min(calendar.end, period.end)
        if end > start:
            steps.append(Period(start, end))
            start = end
            day = datetime.fromtimestamp(start, zone).date()
        else:
            day += timedelta(days=1)
    return steps
