"""Which period a caller means, and how it is called: monthly and 2026-03-15 make 2026-03."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.sla.local_time import LocalTime
from tenantwatch_collector.sla.periods import Period, PeriodType, rolling_period

PeriodName = Literal["daily", "weekly", "monthly", "quarterly", "yearly", "rolling"]
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 31)
MAX_ROLLING_DAYS = 400


@dataclass(frozen=True, slots=True)
class NamedPeriod:
    """Unix seconds, with the type and a label that sorts by time; the zone is that in force at its start."""

    period_type: PeriodName
    label: str
    zone: ZoneInfo
    period: Period


def named_period(
    period_type: PeriodName, day: date | None, days: int, local: LocalTime, as_of: int
) -> NamedPeriod:
    """The calendar period that contains the local date (today's without one), or the last ``days``."""
    if period_type == "rolling":
        if not 1 <= days <= MAX_ROLLING_DAYS:
            raise RefusedForEver(f"days must be 1 to {MAX_ROLLING_DAYS}")
        return NamedPeriod("rolling", f"{days}d", local.zone_at(as_of), rolling_period(days * 86_400, as_of))
    if period_type not in get_args(PeriodType):
        raise RefusedForEver(f"period must be one of {', '.join(get_args(PeriodName))}")
    day = day or local.date_at(as_of)
    if not _FIRST <= day <= _LAST:
        raise RefusedForEver(f"date must lie from {_FIRST} to {_LAST}")
    label, period = _label(period_type, day), local.period(period_type, day)
    if period.start > as_of:
        raise RefusedForEver(f"{label} has not begun yet: name a period that has")
    return NamedPeriod(period_type, label, local.zone_at(period.start), period)


def _label(period_type: PeriodType, day: date) -> str:
    if period_type == "daily":
        return day.isoformat()
    if period_type == "weekly":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    if period_type == "monthly":
        return f"{day.year}-{day.month:02}"
    if period_type == "quarterly":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    return str(day.year)


def read_label(text: str) -> tuple[PeriodName, date]:
    """The period that a label names: 2026-03-15, 2026-W11, 2026-03, 2026-Q1, 2026. Raises RefusedForEver."""
    try:
        return _read(text)
    except ValueError as error:
        raise RefusedForEver(
            f"{text!r} names no period: write 2026-03-15, 2026-W11, 2026-03, 2026-Q1 or 2026"
        ) from error


def period_of(label: str, local: LocalTime) -> Period:
    """The period that a label names in that local time, begun or not. Raises RefusedForEver."""
    kind, day = read_label(label)
    return local.period(kind, day)  # type: ignore[arg-type]  # no label names a rolling one


def _read(text: str) -> tuple[PeriodName, date]:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return "daily", date.fromisoformat(text)
    if match := re.fullmatch(r"(\d{4})-W(\d{1,2})", text):
        return "weekly", date.fromisocalendar(int(match[1]), int(match[2]), 1)
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return "monthly", date.fromisoformat(f"{text}-01")
    if match := re.fullmatch(r"(\d{4})-Q([1-4])", text):
        return "quarterly", date(int(match[1]), 3 * int(match[2]) - 2, 1)
    if re.fullmatch(r"\d{4}", text):
        return "yearly", date(int(text), 1, 1)
    raise ValueError(text)
