"""Which periods reports are issued of, by UTC days: in a tenant's zone they may begin and end a day apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.naming import NamedPeriod, PeriodName, named_period
from tenantwatch_collector.sla.local_time import LocalTime
from tenantwatch_collector.sla.periods import FINAL_AFTER_SECONDS
from tenantwatch_collector.store.base import LateFact

ISSUED: tuple[PeriodName, ...] = ("monthly", "quarterly", "yearly")
"""Whether anybody asks or not."""
WESTERNMOST_S = 12 * 3600
UTC_DAYS = LocalTime([(0, ZoneInfo("UTC"))])
_EASTERNMOST_S = 14 * 3600
_DAY_US = 86_400 * UNITS


def periods(kind: PeriodName, first: date, last: date, now_us: int) -> Iterator[NamedPeriod]:
    """The periods of UTC days that touch [first, last] and are over for good in some zone."""
    day = first
    while day <= last:
        named = named_period(kind, day, 1, UTC_DAYS, now_us // UNITS)
        if (named.period.end - _EASTERNMOST_S + FINAL_AFTER_SECONDS) * UNITS > now_us:
            return
        yield named
        day = day_of(named.period.end * UNITS)


def periods_of(fact: LateFact, now_us: int) -> Iterable[NamedPeriod]:
    """Those that the fact may be of, whatever the tenant's zone: a day more at both ends."""
    first, last = day_of(fact.from_us - _DAY_US), day_of(min(fact.to_us + _DAY_US, now_us))
    return (named for kind in ISSUED for named in periods(kind, first, last, now_us))


def touches(fact: LateFact, named: NamedPeriod) -> bool:
    """Whether it may be of the period of UTC days, whatever the tenant's zone."""
    period = named.period.in_units(UNITS)
    return fact.from_us < period.end + _DAY_US and fact.to_us > period.start - _DAY_US


def day_of(time_us: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).date()
