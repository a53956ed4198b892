"""Maintenance that a report excuses: an allowance is spent in order of time, and then no window exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tenantwatch_collector.health import Change
from tenantwatch_collector.sla.classes import Stretch, TimeClass, append_stretch, classify
from tenantwatch_collector.sla.masks import Masks
from tenantwatch_collector.sla.spans import Span, overlap
from tenantwatch_collector.sla.terms import Terms


def classify_with_allowance(
    terms: Terms,
    changes: Mapping[str, Sequence[Change]],
    masks: Masks,
    within: Span,
    period: Span,
    spent: int = 0,
) -> list[Stretch]:
    """As ``classify``; but maintenance inside the period spends an allowance, of which ``spent`` is gone
    already, and after it no window exists."""
    masked = classify(terms, changes, masks, within)
    allowance = terms.maintenance_allowance
    spent_at = None if allowance is None else _spent_at(masked, period, allowance - spent)
    if spent_at is None:
        return masked
    bare = classify(terms, changes, replace(masks, windows=()), within)
    kept = [s._replace(end=min(s.end, spent_at)) for s in masked if s.start < spent_at]
    rest = [s._replace(start=max(s.start, spent_at)) for s in bare if s.end > spent_at]
    stretches: list[Stretch] = []
    for stretch in kept + rest:
        append_stretch(stretches, stretch)
    return stretches


def _spent_at(stretches: Iterable[Stretch], period: Span, left: int) -> int | None:
    if left <= 0:
        return period[0]
    for stretch in stretches:
        if stretch.time_class is not TimeClass.MAINTENANCE:
            continue
        inside = overlap(stretch.start, stretch.end, *period)
        if inside >= left:
            return max(stretch.start, period[0]) + left
        left -= inside
    return None
