"""Maintenance windows that come again: RFC 5545 rules in local time, expanded within bounds.

A rule is kept with its local time and zone, never in UTC, so that "Sundays at two" stays at two when the
clocks change. A local time that a change skips is read with the offset before it; of a time that comes twice
the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from tenantwatch_collector.sla.masks import Maintenance
from tenantwatch_collector.sla.spans import Span

MAX_RULE_LENGTH = 500
MAX_OCCURRENCES = 50_000
"""In one expansion: five years of every hour."""
MAX_DURATION_SECONDS = 30 * 86_400
_FIRST_YEAR, _LAST_YEAR = 2000, 2200
_PARTS = {
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYDAY",
    "BYMONTHDAY",
    "BYMONTH",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYSETPOS",
    "BYHOUR",
    "BYMINUTE",
    "WKST",
}
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_NUMBERED_DAYS = {"MONTHLY": 5, "YEARLY": 53}
_MAX_LIST = 62
_MAX_TIMES_A_DAY = 24
_CALENDAR_YEARS = 400
_CALENDAR = timedelta(days=146_097)


class RuleError(ValueError):
    """A recurrence that is not taken; the message says what is allowed."""


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
    checked = _checked(_until_local(rule, ZoneInfo(zone)))
    made = Recurrence(checked, first, duration_seconds, zone, checks, announced_at)
    try:
        begins = next(_local_starts(made, None), None)
    except (IndexError, ValueError, OverflowError) as error:
        raise RuleError(f"{rule!r} cannot be followed: {error}") from error
    if begins is None:
        raise RuleError(f"{rule!r} never happens after {first}")
    return replace(made, excluded=frozenset(_exclude(made, each) for each in excluded))


def _exclude(recurring: Recurrence, excluded: datetime) -> datetime:
    """The start or day, if the rule has it: a mistake here would be found out too late."""
    if excluded.tzinfo is not None:
        raise RuleError("an excluded start is local, as the first time: write it without an offset")
    day = excluded + timedelta(days=1, microseconds=-1) if excluded.time() == time.min else excluded
    found = next(_local_starts(recurring, (excluded, day)), None)
    if found is None:
        raise RuleError(f"{excluded} is no start of {recurring.rule!r} from {recurring.first} on")
    return excluded


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
    zone = ZoneInfo(recurring.zone)
    day = timedelta(days=1)
    after = datetime.fromtimestamp(within[0] - recurring.duration_seconds, zone).replace(tzinfo=None) - day
    before = datetime.fromtimestamp(within[1], zone).replace(tzinfo=None) + day
    windows = []
    days = {each.date() for each in recurring.excluded if each.time() == time.min}
    for local in islice(_local_starts(recurring, (after, before)), MAX_OCCURRENCES + 1):
        if local in recurring.excluded or local.date() in days:
            continue
        start = instant_of(local, zone)
        end = start + recurring.duration_seconds
        if end > within[0] and start < within[1]:
            windows.append(
                Maintenance(start, end, recurring.checks, recurring.announced_at, recurring.cancelled_at)
            )
    if len(windows) > MAX_OCCURRENCES:
        raise RuleError(f"more than {MAX_OCCURRENCES} windows at once: ask for a shorter time")
    return windows


def instant_of(local: datetime, zone: ZoneInfo) -> int:
    """Unix seconds of a local time. The way through UTC gives a skipped one its place after the gap."""
    return int(local.replace(tzinfo=zone, fold=0).astimezone(UTC).timestamp())


def _local_starts(recurring: Recurrence, within: tuple[datetime, datetime] | None) -> Iterator[datetime]:
    """The library looks for a rule's next time up to the year 9999, however long that takes. The calendar
    repeats after 400 years, weekdays included: moved to the last of them, even a rule that never happens
    is searched at an end within a few hundred years."""
    moved = (datetime.max.year - _LAST_YEAR - 20) // _CALENDAR_YEARS
    first = recurring.first + moved * _CALENDAR + _ahead(recurring, within)
    rule = _parse(recurring.rule, first, moved * _CALENDAR)
    for start in rule:
        local = start - moved * _CALENDAR
        if within is None or within[0] <= local <= within[1]:
            yield local
        elif local > within[1]:
            return


def _ahead(recurring: Recurrence, within: tuple[datetime, datetime] | None) -> timedelta:
    """How far a rule of every day or week may begin later and be the same rule from then on: twenty years of
    every hour are not gone through for the last month."""
    parts = dict(_part(each) for each in recurring.rule.split(";") if each)
    every_one = int(parts.get("INTERVAL", "1")) == 1 and parts["FREQ"] in ("DAILY", "WEEKLY")
    if within is None or not every_one or "COUNT" in parts:
        return timedelta(0)
    return timedelta(weeks=max(0, (within[0] - recurring.first).days // 7 - 1))


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


def _checked(rule: str) -> str:
    text = rule.strip().upper().removeprefix("RRULE:")
    if len(text) > MAX_RULE_LENGTH:
        raise RuleError(f"a rule has at most {MAX_RULE_LENGTH} characters")
    parts = dict(_part(each) for each in text.split(";") if each)
    if parts.get("FREQ") not in _FREQUENCIES:
        raise RuleError(
            f"FREQ must be one of {', '.join(_FREQUENCIES)};"
            " for several windows a day write their hours as BYHOUR=2,14"
        )
    most = _NUMBERED_DAYS.get(parts["FREQ"], 0)
    for number in re.findall(r"[+-]?(\d+)(?=MO|TU|WE|TH|FR|SA|SU)", parts.get("BYDAY", "")):
        if not 1 <= int(number) <= most:
            raise RuleError(
                "BYDAY takes numbers with FREQ=MONTHLY, 1MO to 5MO or -1FR, and with FREQ=YEARLY up to 53"
            )
    if "COUNT" in parts and "UNTIL" in parts:
        raise RuleError("COUNT and UNTIL exclude one another")
    _check_numbers(parts)
    if _length(parts, "BYHOUR") * _length(parts, "BYMINUTE") > _MAX_TIMES_A_DAY:
        raise RuleError(f"BYHOUR and BYMINUTE together give more than {_MAX_TIMES_A_DAY} windows a day")
    if "UNTIL" in parts and not re.fullmatch(r"\d{8}(T\d{6})?", parts["UNTIL"]):
        raise RuleError(
            "UNTIL is a date or an instant: 20271231, 20271231T235959 (local) or 20271231T225959Z"
        )
    try:
        _parse(text, datetime(_FIRST_YEAR, 1, 1), timedelta(0))
    except (ValueError, TypeError, OverflowError, AttributeError, IndexError, KeyError) as error:
        raise RuleError(f"{rule!r} is no rule of RFC 5545: {error}") from error
    return text


def _part(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not value or name not in _PARTS:
        raise RuleError(f"{text!r} is not taken; a rule has {', '.join(sorted(_PARTS))}, each as NAME=VALUE")
    if value.count(",") >= _MAX_LIST:
        raise RuleError(f"{name} has more than {_MAX_LIST} values")
    return name, value


def _check_numbers(parts: dict[str, str]) -> None:
    for name, most in (("INTERVAL", 1000), ("COUNT", MAX_OCCURRENCES)):
        value = parts.get(name, "1")
        if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= most):
            raise RuleError(f"{name} must be 1 to {most}")


def _length(parts: dict[str, str], name: str) -> int:
    return len(parts.get(name, "").split(","))
