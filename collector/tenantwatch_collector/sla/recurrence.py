"""Maintenance windows that come again: RFC 5545 rules in local time, expanded within bounds.

A rule is kept with its local time and zone, never in UTC, so that "Sundays at two" stays at two when the
clocks change. A local time that a change skips is read with the offset before it; of a time that comes twice
the first counts.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from math import gcd
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from tenantwatch_collector.sla.masks import Maintenance
from tenantwatch_collector.sla.recurrence_rule import MAX_OCCURRENCES, RuleError, checked_rule, parts_of
from tenantwatch_collector.sla.spans import Span

MAX_DURATION_SECONDS = 30 * 86_400
_FIRST_YEAR, _LAST_YEAR = 2000, 2200
_DAY_SECONDS = 86_400
_CACHED_YEARS = 1024
"""Of rules; of the densest that is taken one year has 70 kB."""
_CALENDAR_YEARS = 400
_CALENDAR = timedelta(days=146_097)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """``first`` is local wall-clock time without a zone. Instants are Unix seconds. Never checked again
    once made by ``recurrence``."""

    rule: str
    first: datetime
    duration_seconds: int
    zone: str
    checks: frozenset[str] | None = None
    announced_at: int | None = None
    cancelled_at: int | None = None
    excluded: frozenset[datetime] = frozenset()
    """Local starts that do not happen: EXDATE."""


def recurrence(
    rule: str,
    first: datetime,
    duration_seconds: int,
    zone: str,
    checks: frozenset[str] | None = None,
    announced_at: int | None = None,
    excluded: Iterable[datetime] = (),
) -> Recurrence:
    """A checked one. ``excluded`` are local starts of it, or midnights for all of a day. Raises RuleError."""
    if first.tzinfo is not None:
        raise RuleError("the first time is local: write it without an offset, the zone says the rest")
    if not _FIRST_YEAR <= first.year < _LAST_YEAR:
        raise RuleError(f"the first time must lie in the years {_FIRST_YEAR} to {_LAST_YEAR - 1}")
    if not 0 < duration_seconds <= MAX_DURATION_SECONDS:
        raise RuleError(f"a window lasts 1 to {MAX_DURATION_SECONDS} seconds")
    checked = checked_rule(_until_local(rule, ZoneInfo(zone)))
    made = Recurrence(checked, first, duration_seconds, zone, checks, announced_at)
    try:
        begins = next(_local_starts(made, None), None)
    except (ValueError, TypeError, OverflowError, AttributeError, IndexError, KeyError) as error:
        raise RuleError(f"{rule!r} cannot be followed: {error}") from error
    if begins is None:
        raise RuleError(f"{rule!r} never happens after {first}")
    left_out = frozenset(excluded)
    _refuse_strange(made, left_out)
    return replace(made, excluded=left_out)


def _refuse_strange(recurring: Recurrence, excluded: frozenset[datetime]) -> None:
    """Raise RuleError where the rule has no such start or day: a mistake here would be found out too late."""
    # A counted rule is gone through from its beginning: once, not for each.
    is_counted = excluded and "COUNT" in parts_of(recurring.rule)
    counted = set(_local_starts(recurring, None)) if is_counted else None
    days = {start.date() for start in counted or ()}
    for each in excluded:
        if each.tzinfo is not None:
            raise RuleError("an excluded start is local, as the first time: write it without an offset")
        whole_day = each.time() == time.min
        if counted is not None:
            found = each in counted or (whole_day and each.date() in days)
        else:
            last = each + timedelta(days=1, microseconds=-1) if whole_day else each
            found = next(_local_starts(recurring, (each, last)), None) is not None
        if not found:
            raise RuleError(f"{each} is no start of {recurring.rule!r} from {recurring.first} on")


def _until_local(rule: str, zone: ZoneInfo) -> str:
    """RFC 5545 writes the UNTIL of a local rule in UTC; kept it is local, as everything else of the rule."""
    match = re.search(r"(?i)UNTIL=(\d{8}T\d{6})Z", rule)
    if match is None:
        return rule
    try:
        until = datetime.strptime(match[1].upper(), "%Y%m%dT%H%M%S").replace(tzinfo=UTC).astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise RuleError(f"{match[0]!r} is no instant: {error}") from error
    return rule.replace(match[0], f"UNTIL={until:%Y%m%dT%H%M%S}")


def expand(recurring: Recurrence, within: Span) -> list[Maintenance]:
    """The windows that touch ``within`` (Unix seconds), in order. Raises RuleError beyond the bound."""
    zone, length = ZoneInfo(recurring.zone), recurring.duration_seconds
    plain = replace(recurring, checks=None, announced_at=None, cancelled_at=None)
    starts: list[int] = []
    for year in _local_years(within[0] - length, within[1], zone):
        starts += [each for each in _starts_of(plain, year) if within[0] - length < each < within[1]]
        if len(starts) > MAX_OCCURRENCES:
            raise RuleError(f"more than {MAX_OCCURRENCES} windows at once: ask for a shorter time")
    kept = recurring.checks, recurring.announced_at, recurring.cancelled_at
    return [Maintenance(start, start + length, *kept) for start in starts]


def next_start(recurring: Recurrence, after: int) -> int | None:
    """The first start at or after an instant, in Unix seconds; None if none comes any more."""
    zone = ZoneInfo(recurring.zone)
    # A day more, for a start that a change of clocks moves over it.
    low = datetime.fromtimestamp(after - _DAY_SECONDS, zone).replace(tzinfo=None)
    within = max(low, datetime(_FIRST_YEAR, 1, 1)), datetime(_LAST_YEAR, 12, 31)
    starts = (
        instant_of(local, zone) for local in _local_starts(recurring, within) if _happens(recurring, local)
    )
    return next((start for start in starts if start >= after), None)


def _happens(recurring: Recurrence, local: datetime) -> bool:
    return not {local, datetime.combine(local, time.min)} & recurring.excluded


def _local_years(low: int, high: int, zone: ZoneInfo) -> range:
    """A day more at each end, for a start that a change of clocks moves over it."""
    first, last = (datetime.fromtimestamp(at, zone) for at in (low - _DAY_SECONDS, high + _DAY_SECONDS))
    return range(first.year, last.year + 1)


@lru_cache(maxsize=_CACHED_YEARS)
def _starts_of(recurring: Recurrence, year: int) -> array[int]:
    """The instants at which it starts in a local year. Kept, for the same are asked for again and again."""
    zone = ZoneInfo(recurring.zone)
    within = datetime(year, 1, 1), datetime(year, 12, 31, 23, 59, 59, 999_999)
    return array(
        "q",
        (instant_of(local, zone) for local in _local_starts(recurring, within) if _happens(recurring, local)),
    )


def instant_of(local: datetime, zone: ZoneInfo) -> int:
    """Unix seconds of a local time. The way through UTC gives a skipped one its place after the gap."""
    return int(local.replace(tzinfo=zone, fold=0).astimezone(UTC).timestamp())


def _local_starts(recurring: Recurrence, within: tuple[datetime, datetime] | None) -> Iterator[datetime]:
    """The library looks for a rule's next time up to the year 9999, however long that takes. The calendar
    repeats after 400 years, weekdays included: moved to the last of them, even a rule that never happens
    is searched at an end within a few hundred years."""
    moved = (datetime.max.year - _LAST_YEAR - 20) // _CALENDAR_YEARS
    text, begin = (recurring.rule, recurring.first) if within is None else _ahead(recurring, within[0])
    for start in _parse(text, begin + moved * _CALENDAR, moved * _CALENDAR):
        local = start - moved * _CALENDAR
        if within is None or within[0] <= local <= within[1]:
            yield local
        elif local > within[1]:
            return


def _ahead(recurring: Recurrence, low: datetime) -> tuple[str, datetime]:
    """A rule and a later beginning that give the same from ``low`` on: decades of every hour are not gone
    through for the last month. One that is counted must be counted from where it begins."""
    rule, first = recurring.rule, recurring.first
    parts = parts_of(rule)
    interval, unit_days = int(parts.get("INTERVAL", "1")), {"DAILY": 1, "WEEKLY": 7}.get(parts["FREQ"])
    if "COUNT" in parts or low <= first:
        return rule, first
    if unit_days is not None:
        unit = timedelta(days=interval * unit_days)
        return rule, first + max(0, (low - first) // unit - 1) * unit
    years = interval if parts["FREQ"] == "YEARLY" else interval // gcd(interval, 12)
    turns = max(0, (low.year - first.year) // years - 1)
    # From the first of the month on, which every year has; the day that was meant is written down.
    return _with_its_day(parts, first), first.replace(
        year=first.year + turns * years, day=1
    ) if turns else first


def _with_its_day(parts: Mapping[str, str], first: datetime) -> str:
    """A monthly or yearly rule that names no days has that of its first time."""
    written = dict(parts)
    if not written.keys() & {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"}:
        written["BYMONTHDAY"] = str(first.day)
        if written["FREQ"] == "YEARLY":
            written.setdefault("BYMONTH", str(first.month))
    return ";".join(f"{name}={value}" for name, value in written.items())


def _parse(rule: str, first: datetime, moved: timedelta) -> rrule:
    text, until = _without_until(rule)
    parsed = rrulestr(text, dtstart=first)
    assert isinstance(parsed, rrule)
    return parsed if until is None else parsed.replace(until=until + moved)


def _without_until(rule: str) -> tuple[str, datetime | None]:
    match = re.search(r";?UNTIL=([0-9TZ]+)", rule)
    if match is None:
        return rule, None
    form = "%Y%m%dT%H%M%S" if "T" in match[1] else "%Y%m%d"
    until = datetime.strptime(match[1], form)
    # A date alone includes that whole day.
    last = until if "T" in match[1] else until + timedelta(days=1, seconds=-1)
    return rule.replace(match[0], "").lstrip(";"), last
