"""A period as a report tells it: by parts and whole, as issued and as amended, proved or not, by steps."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenantwatch_collector.sla.availability import Counted, Seconds, count
from tenantwatch_collector.sla.buckets import Rollups, count_results
from tenantwatch_collector.sla.classes import Stretch, tally
from tenantwatch_collector.sla.corrections import Correction
from tenantwatch_collector.sla.evaluate import Evaluation, Facts, evaluate, lay_out, reported_checks
from tenantwatch_collector.sla.parts import Version, split_period
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.traffic import Traffic, Unmasked, count_requests
from tenantwatch_collector.sla.truth import Truth, Verdict, truth_of
from tenantwatch_collector.sla.whole import whole_of


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a trend. All steps of a period add up to it."""

    period: Period
    seconds: Seconds
    counted: Counted
    traffic: Traffic


@dataclass(frozen=True, slots=True)
class Judged:
    """``whole`` is the period as amended; ``issued`` that without corrections, None if none touches it."""

    whole: Evaluation
    parts: Sequence[Evaluation]
    issued: Evaluation | None
    truth: Truth
    trend: Sequence[Point]
    corrections: Sequence[Correction] = ()
    """Those that touch the period, or an outage that reaches into it."""


def judge(
    versions: Sequence[Version], facts: Facts, period: Period, as_of: int, steps: Sequence[Period] = ()
) -> Judged:
    """The period on the terms in force; ``steps`` are periods that tile it, for the trend."""
    split = split_period(period, versions) or [(versions[-1].terms, period)]
    laid_out = [(terms, part, lay_out(terms, facts, part, as_of)) for terms, part in split]
    parts = [evaluate(terms, facts, part, as_of, stretches) for terms, part, stretches in laid_out]
    bare = replace(facts, corrections=())
    whole = whole_of(parts)
    issued = whole_of([evaluate(t, bare, p, as_of) for t, p in split]) if facts.corrections else None
    touching = [] if issued is None else _touching(facts.corrections, whole, issued)
    return Judged(
        whole,
        parts,
        issued if touching else None,
        _truth([truth_of(e, laid[2]) for e, laid in zip(parts, laid_out, strict=True)], whole),
        [point for step in steps for point in _points(laid_out, facts, step, as_of)],
        touching,
    )


def _touching(corrections: Sequence[Correction], whole: Evaluation, issued: Evaluation) -> list[Correction]:
    low = min([whole.period.start, *(i.start for each in (whole, issued) for i in each.incidents)])
    return [c for c in corrections if c.start < whole.eval_end and c.end > low]


def _truth(found: Sequence[Truth], whole: Evaluation) -> Truth:
    """Each target is judged in each part; the bounds are the whole's."""
    if len(found) == 1:
        return found[0]
    bounds = truth_of(whole, whole.stretches)
    verdicts: dict[str, Verdict] = {}
    for name in ("availability", "response_time", "error_rate", "recovery_time"):
        words = {truth.verdicts[name] for truth in found if name in truth.verdicts}
        for verdict in (Verdict.BREACHED, Verdict.UNPROVED, Verdict.MET):
            if verdict in words:
                verdicts[name] = verdict
                break
    return Truth(bounds.best, bounds.worst, verdicts)


def _points(
    laid_out: Sequence[tuple[Terms, Period, Sequence[Stretch]]], facts: Facts, step: Period, as_of: int
) -> list[Point]:
    """The step as one point, on the terms of the part that most of it lies in; none for time to come."""
    if step.start >= as_of:
        return []
    terms, _, stretches = max(laid_out, key=lambda each: _shared(each[1], step))
    inside = step.start, min(step.end, as_of)
    counts = Unmasked(stretches, inside)
    near = _near(facts, *inside)
    traffic, _ = count_results(near.rollups, near.measured, reported_checks(terms), counts.spans(), as_of)
    if facts.requests is not None:
        traffic.total, traffic.errors = count_requests(facts.requests, counts)
    seconds = tally(stretches, inside)
    return [Point(step, seconds, count(seconds, terms.policies), traffic)]


def _shared(part: Period, step: Period) -> int:
    return min(part.end, step.end) - max(part.start, step.start)


def _near(facts: Facts, low: int, high: int) -> Facts:
    """The facts less what cannot touch [low, high); both kinds of lists are in order of time."""
    buckets = {
        check_id: found[
            bisect_left(found, low, key=lambda b: b.end - 1) : bisect_left(found, high, key=lambda b: b.start)
        ]
        for check_id, found in facts.rollups.buckets.items()
    }
    measured = {
        check_id: found[
            bisect_left(found, low, key=lambda m: m.time) : bisect_left(found, high, key=lambda m: m.time)
        ]
        for check_id, found in facts.measured.items()
    }
    rollups = Rollups(buckets, facts.rollups.rolled_until, facts.rollups.raw_from)
    return replace(facts, measured=measured, rollups=rollups)
