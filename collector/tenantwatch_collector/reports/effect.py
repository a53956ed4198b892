"""Which announced windows count: those that were announced as early as the terms of their time ask for.

Reports, alerts and whoever announces a window are told the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tenantwatch_collector.reports.agreements import UNITS, recurrence_of
from tenantwatch_collector.reports.subject import AnnouncedWindow
from tenantwatch_collector.reports.words import duration
from tenantwatch_collector.sla.contract import ContractVersion
from tenantwatch_collector.sla.masks import Window, effective_windows
from tenantwatch_collector.sla.recurrence import next_start
from tenantwatch_collector.store.base import WindowRecord

_FOR_EVER = 2**62


@dataclass(frozen=True, slots=True)
class Effect:
    """Whether a window counts, or any of a series; ``why`` says what does not, and is empty if all does."""

    counts: bool
    why: str = ""


def windows_in_effect(
    announced: Sequence[AnnouncedWindow], versions: Sequence[ContractVersion]
) -> list[Window]:
    """As they count in a report: each instant asks for the notice of the terms in force then.

    ``versions`` are in order of beginning.
    """
    windows = [each.window for each in announced]
    return [
        replace(window, start=max(window.start, start), end=min(window.end, end))
        for start, end, notice_us in _notices(versions)
        for window in effective_windows(windows, notice_us)
        if window.start < end and window.end > start
    ]


def effect_of(record: WindowRecord, versions: Sequence[ContractVersion]) -> Effect:
    """By the terms in force when the window, or the next one of the series, begins."""
    return _of_series(record, versions) if record.recurrence else _of_once(record, versions)


def coming(record: WindowRecord, now_us: int) -> int | None:
    """When the next window of a series begins, in microseconds; None if none comes, and for one window."""
    if not record.recurrence or record.cancelled_at_us is not None:
        return None
    start = next_start(recurrence_of(record), -(-now_us // UNITS))
    return None if start is None else start * UNITS


def _of_once(record: WindowRecord, versions: Sequence[ContractVersion]) -> Effect:
    assert record.from_us is not None
    assert record.to_us is not None
    announced_us, cancelled_us = record.announced_at_us, record.cancelled_at_us
    notice_us = _notice_at(versions, record.from_us)
    if announced_us >= record.to_us:
        return Effect(False, "it was over when it was announced")
    if announced_us > record.from_us:
        return Effect(False, "it had begun when it was announced")
    if announced_us > record.from_us - notice_us:
        early = duration((record.from_us - announced_us) / UNITS)
        return Effect(False, f"it was announced {early} before it begins, and {_asked(notice_us)}")
    if cancelled_us is not None and cancelled_us <= record.from_us:
        return Effect(False, "it was cancelled before it began")
    return Effect(True)


def _of_series(record: WindowRecord, versions: Sequence[ContractVersion]) -> Effect:
    series, announced_us = recurrence_of(record), record.announced_at_us
    # One that runs while it is announced is met as well: it does not count.
    coming = next_start(series, announced_us // UNITS - series.duration_seconds + 1)
    if coming is None:
        return Effect(False, "its last window was over when it was announced")
    notice_us = _notice_at(versions, max(coming * UNITS, announced_us))
    first = next_start(series, -(-(announced_us + notice_us) // UNITS))
    if first is None:
        return Effect(False, f"its last window is too near, for {_asked(notice_us)}")
    if record.cancelled_at_us is not None and record.cancelled_at_us <= first * UNITS:
        return Effect(False, "it was cancelled before its first window that counts")
    if coming < first:
        return Effect(
            True, f"what begins less than {duration(notice_us / UNITS)} after it was announced does not"
        )
    return Effect(True)


def _asked(notice_us: int) -> str:
    return f"the terms ask for a notice of {duration(notice_us / UNITS)}"


def _notice_at(versions: Sequence[ContractVersion], time_us: int) -> int:
    return next(notice_us for _, end, notice_us in _notices(versions) if time_us < end)


def _notices(versions: Sequence[ContractVersion]) -> Iterator[tuple[int, int, int]]:
    """From when to when which notice is asked for; before the first version by that one."""
    starts = [-_FOR_EVER, *(each.in_force_from for each in versions[1:])]
    ends = [*starts[1:], _FOR_EVER]
    for start, end, each in zip(starts, ends, versions, strict=True):
        yield start, end, each.contract.maintenance_min_notice_s * UNITS
