"""A period whose terms changed inside it, told as one evaluation: sums and judgements of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from tenantwatch_collector.sla.buckets import Basis
from tenantwatch_collector.sla.classes import Stretch, append_stretch
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.parts import Combined
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.rounding import exact
from tenantwatch_collector.sla.spans import union
from tenantwatch_collector.sla.traffic import Slices
from tenantwatch_collector.sla.verdict import Credit


def whole_of(parts: Sequence[Evaluation]) -> Evaluation:
    """One evaluation out of a period's parts, in order. Burn rates and shown targets are the last part's;
    the health score is the parts', each by its eligible time. A single part is returned as it is."""
    if len(parts) == 1:
        return parts[0]
    combined, last = Combined(parts), parts[-1]
    return replace(
        last,
        period=Period(parts[0].period.start, last.period.end),
        seconds=combined.seconds,
        counted=combined.counted,
        incidents=combined.incidents,
        traffic=combined.traffic,
        slices=_slices(parts),
        budget=combined.budget,
        violations=combined.violations,
        health_score=_health_score(parts),
        credit=_credit(combined),
        stretches=_stretches(parts),
        basis=_basis(parts),
    )


def _slices(parts: Sequence[Evaluation]) -> Slices | None:
    found = [part.slices for part in parts if part.slices is not None]
    return Slices(sum(s.total for s in found), sum(s.bad for s in found)) if found else None


def _health_score(parts: Sequence[Evaluation]) -> Fraction | None:
    scored = [(p.health_score, p.counted.eligible) for p in parts if p.health_score is not None]
    weight = sum(eligible for _, eligible in scored)
    if not weight:
        return scored[-1][0] if scored else None
    return sum((score * eligible for score, eligible in scored), Fraction(0)) / weight


def _credit(combined: Combined) -> Credit | None:
    amount = combined.credit_amount
    if amount is None:
        return None
    highest = max((part.credit.pct for part in combined.parts if part.credit is not None), key=exact)
    return Credit(highest, amount)


def _stretches(parts: Sequence[Evaluation]) -> list[Stretch]:
    """Each part's own time; what a part laid out beyond its ends is its neighbour's."""
    joined: list[Stretch] = []
    for part in parts:
        for stretch in part.stretches:
            start = max(stretch.start, part.period.start)
            end = min(stretch.end, part.period.end)
            if start < end:
                append_stretch(joined, replace(stretch, start=start, end=end))
    return joined


def _basis(parts: Sequence[Evaluation]) -> Basis:
    return Basis(
        sum(part.basis.buckets for part in parts),
        sum(part.basis.results for part in parts),
        union(span for part in parts for span in part.basis.left_out),
    )
