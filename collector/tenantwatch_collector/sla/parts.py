"""A period in which the terms changed: its parts, each with the terms that were in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import Terms


@dataclass(frozen=True, slots=True)
class Version:
    """Terms in force from an instant until the next version."""

    in_force_from: int
    terms: Terms


def in_force_at(versions: Sequence[Version], time: int) -> Terms:
    """The terms of an instant; before the first version they are that one's."""
    ordered = sorted(versions, key=lambda version: version.in_force_from)
    return ([ordered[0], *(each for each in ordered[1:] if each.in_force_from <= time)][-1]).terms


def split_period(period: Period, versions: Sequence[Version]) -> list[tuple[Terms, Period]]:
    """The period's parts with their terms; time before the first version is judged by that one."""
    ordered = sorted(versions, key=lambda version: version.in_force_from)
    starts = [period.start, *(max(period.start, v.in_force_from) for v in ordered[1:])]
    ends = [*(min(period.end, start) for start in starts[1:]), period.end]
    return [
        (version.terms, Period(start, end))
        for version, start, end in zip(ordered, starts, ends, strict=True)
        if start < end
    ]


def slice_spans(parts: Sequence[tuple[Terms, Period]]) -> list[Span]:
    """The time of each part's slices: one that a change cuts belongs to the terms in which it began, as long
    as slices keep their length; no time is in two slices."""
    spans: list[Span] = []
    taken = parts[0][1].start
    for number, (terms, part) in enumerate(parts):
        length = terms.slices.length if terms.slices else 0
        following = parts[number + 1][0].slices if number + 1 < len(parts) else None
        end = part.end
        if length and following is not None and following.length == length:
            end = min(-(-end // length) * length, parts[-1][1].end)
        spans.append((max(part.start, taken), max(part.start, taken, end)))
        taken = spans[-1][1] if length else taken
    return spans
