"""What does not count: time out of service hours or before the contract, and maintenance.

Times are integers of the unit that ``units_per_second`` names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from tenantwatch_collector.sla.periods import utc_offset
from tenantwatch_collector.sla.spans import Span, union

_DAY = 86_400
_HALF_DAY = 43_200


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """Local wall-clock minutes of one weekday (0 is Monday), half-open."""

    weekday: int
    from_minute: int
    to_minute: int

    def __post_init__(self) -> None:
        if not (0 <= self.weekday <= 6 and 0 <= self.from_minute <= self.to_minute <= 24 * 60):
            raise ValueError(f"service hours {self} are no part of a week")


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A window as announced. ``checks`` None means the whole tenant; ``announced_at`` None, in time."""

    start: int
    end: int
    checks: frozenset[str] | None = None
    announced_at: int | None = None
    cancelled_at: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A window as it counts; ``checks`` None means the whole tenant."""

    start: int
    end: int
    checks: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Masks:
    """What the contract covers, and the windows that count."""

    scope: Sequence[Span]
    windows: Sequence[Window] = ()


def effective_windows(announced: Iterable[Maintenance], min_notice: int) -> list[Window]:
    """The windows that were announced early enough, each up to its cancellation."""
    windows = []
    for window in announced:
        if window.announced_at is not None and window.announced_at > window.start - min_notice:
            continue
        end = window.end if window.cancelled_at is None else min(window.end, window.cancelled_at)
        if window.start < end:
            windows.append(Window(window.start, end, window.checks))
    return windows


def scope_spans(
    service_hours: Sequence[ServiceHours] | None,
    effective_from: int | None,
    zone: tzinfo,
    within: Span,
    units_per_second: int,
) -> list[Span]:
    """The instants of ``within`` that the contract covers."""
    start = within[0] if effective_from is None else max(within[0], effective_from)
    end = within[1]
    if service_hours is None or start >= end:
        return union([(start, end)])
    seconds = start // units_per_second, -(-end // units_per_second)
    hours = union(_open_spans(service_hours, zone, *seconds))
    scaled = ((low * units_per_second, high * units_per_second) for low, high in hours)
    return union((max(low, start), min(high, end)) for low, high in scaled)


def _open_spans(hours: Sequence[ServiceHours], zone: tzinfo, start: int, end: int) -> Iterator[Span]:
    """Service hours in Unix seconds. Under one offset local time is UTC moved; another offset moves them."""
    for low, high, offset in _pieces(zone, start, end):
        first_day = (low + offset) // _DAY
        last_day = (high - 1 + offset) // _DAY
        for day in range(first_day, last_day + 1):
            weekday = datetime.fromtimestamp(day * _DAY, UTC).weekday()
            for each in hours:
                if each.weekday == weekday:
                    midnight = day * _DAY - offset
                    yield (
                        max(low, midnight + each.from_minute * 60),
                        min(high, midnight + each.to_minute * 60),
                    )


def _pieces(zone: tzinfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """[start, end) cut where the offset changes, as (from, to, offset)."""
    piece_start, instant, offset = start, start, utc_offset(start, zone)
    while instant < end:
        following = min(instant + _HALF_DAY, end)
        if utc_offset(following, zone) != offset:
            cut = _transition(zone, instant, following, offset)
            yield piece_start, cut, offset
            piece_start, offset, following = cut, utc_offset(cut, zone), cut
        instant = following
    if piece_start < end:
        yield piece_start, end, offset


def _transition(zone: tzinfo, low: int, high: int, offset: int) -> int:
    """The first instant in (low, high] with another offset."""
    while low + 1 < high:
        middle = (low + high) // 2
        if utc_offset(middle, zone) == offset:
            low = middle
        else:
            high = middle
    return high
