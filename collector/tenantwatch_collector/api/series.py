"""Windows that come again, as somebody announces them: followed once, and bounded with those in force."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from tenantwatch_collector.api.agreements import NewWindow
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.reports.agreements import UNITS, recurrence_to_json, windows_known
from tenantwatch_collector.sla.contract import settled_zone
from tenantwatch_collector.sla.recurrence import Recurrence, expand, instant_of, recurrence
from tenantwatch_collector.sla.recurrence_rule import RuleError
from tenantwatch_collector.store.base import WindowRecord

MAX_SERIES, MAX_A_YEAR = 500, 50_000
_YEAR_SECONDS = 366 * 86_400


async def written_series(new: NewWindow, zone: str, kept: Sequence[WindowRecord]) -> str:
    """The series as it is kept; in ``zone`` unless it names one. Raises RefusedForEver."""
    series = [each for each in kept if each.recurrence and each.cancelled_at_us is None]
    if len(series) >= MAX_SERIES:
        raise RefusedForEver(f"a tenant has at most {MAX_SERIES} series of windows in force")
    try:
        settled_zone(new.timezone or zone)
        # In a thread: a rare rule is looked for through centuries.
        return await asyncio.to_thread(_written, new, new.timezone or zone, series)
    except ValueError as error:
        raise RefusedForEver(str(error)) from error


def _written(new: NewWindow, zone: str, series: Sequence[WindowRecord]) -> str:
    assert new.rule is not None
    assert new.first is not None
    assert new.duration_s is not None
    made = recurrence(new.rule, new.first, new.duration_s, zone, excluded=new.exdates)
    _refuse_dense(made, series)
    return recurrence_to_json(made)


def _refuse_dense(made: Recurrence, series: Sequence[WindowRecord]) -> None:
    """Every report goes through all windows: raise RuleError where the series together give too many."""
    now_us = time.time_ns() // 1000
    begins = instant_of(made.first, ZoneInfo(made.zone))
    count = len(expand(made, (begins, begins + _YEAR_SECONDS)))
    count += len(windows_known(series, (now_us, now_us + _YEAR_SECONDS * UNITS), now_us))
    if count > MAX_A_YEAR:
        raise RuleError(f"a tenant's series give at most {MAX_A_YEAR} windows a year; with this one {count}")
