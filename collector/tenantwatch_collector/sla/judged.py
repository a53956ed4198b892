"""A period as a report tells it: by parts and whole, as issued and as amended, proved or not, by steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenantwatch_collector.sla.availability import Counted, burn_rates
from tenantwatch_collector.sla.classes import Stretch
from tenantwatch_collector.sla.corrections import Correction
from tenantwatch_collector.sla.evaluate import Evaluation, evaluate
from tenantwatch_collector.sla.facts import Facts
from tenantwatch_collector.sla.layout import lay_out_versions
from tenantwatch_collector.sla.parts import Version, in_force_at, slice_spans, split_period
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.trend import Point, trend_of
from tenantwatch_collector.sla.truth import Truth, truth_of, worst_of
from tenantwatch_collector.sla.whole import whole_of


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


def lay_out_parts(
    versions: Sequence[Version], facts: Facts, period: Period, as_of: int
) -> list[tuple[Terms, Period, list[Stretch]]]:
    """The period's parts with their terms, and all time that a number of them may need, the same to each."""
    split = split_period(period, versions) or [(versions[-1].terms, period)]
    stretches = lay_out_versions(versions, facts, period, as_of)
    return [(terms, part, stretches) for terms, part in split]


def judge(
    versions: Sequence[Version],
    facts: Facts,
    period: Period,
    as_of: int,
    steps: Sequence[Period] = (),
    laid_out: Sequence[tuple[Terms, Period, list[Stretch]]] | None = None,
) -> Judged:
    """The period on the terms in force; ``steps`` are periods that tile it, for the trend.

    ``laid_out`` is what ``lay_out_parts`` gives for the same, where the caller has it already.
    """
    if laid_out is None:
        laid_out = lay_out_parts(versions, facts, period, as_of)
    parts, issued = _evaluated(laid_out, facts, as_of), None
    whole = _burning(whole_of(parts, laid_out[0][2]), versions, laid_out[0][2], as_of)
    if facts.corrections:
        bare = replace(facts, corrections=())
        as_measured = lay_out_parts(versions, bare, period, as_of)
        issued = whole_of(_evaluated(as_measured, bare, as_of), as_measured[0][2])
        issued = _burning(issued, versions, as_measured[0][2], as_of)
    touching = [] if issued is None else _touching(facts.corrections, whole, issued)
    return Judged(
        whole,
        parts,
        issued if touching else None,
        truth_of_parts([truth_of(e, laid[2]) for e, laid in zip(parts, laid_out, strict=True)]),
        trend_of(laid_out, facts, steps, as_of),
        touching,
    )


def _evaluated(
    laid_out: Sequence[tuple[Terms, Period, list[Stretch]]], facts: Facts, as_of: int
) -> list[Evaluation]:
    spans = slice_spans([(terms, part) for terms, part, _ in laid_out])
    return [
        evaluate(terms, facts, part, as_of, stretches, sliced)
        for (terms, part, stretches), sliced in zip(laid_out, spans, strict=True)
    ]


def _burning(
    whole: Evaluation, versions: Sequence[Version], laid_out: Sequence[Stretch], as_of: int
) -> Evaluation:
    """With the burn rates of the instant asked about, which are the same whichever period is asked about."""
    terms = in_force_at(versions, as_of)
    if terms is whole.terms:
        return whole
    burn = burn_rates(laid_out, terms.burn, terms.targets, as_of) if terms.burn else []
    return replace(whole, burn=burn, burn_terms=terms)


def _touching(corrections: Sequence[Correction], whole: Evaluation, issued: Evaluation) -> list[Correction]:
    low = min([whole.period.start, *(i.start for each in (whole, issued) for i in each.incidents)])
    return [c for c in corrections if c.start < whole.eval_end and c.end > low]


def truth_of_parts(found: Sequence[Truth]) -> Truth:
    """Each target is judged in each part, by that part's policies; what would count adds up. A part of which
    nothing counts, as one that has not begun, leaves nothing open."""
    found = [truth for truth in found if truth.if_down.eligible] or found[:1]
    if len(found) == 1:
        return found[0]
    verdicts = {
        name: worst_of(truth.verdicts[name] for truth in found if name in truth.verdicts)
        for name in ("availability", "response_time", "error_rate", "recovery_time")
        if any(name in truth.verdicts for truth in found)
    }
    none = Counted(0, 0)
    if_up, if_down = (sum((getattr(t, name) for t in found), none) for name in ("if_up", "if_down"))
    return Truth(if_up, if_down, verdicts)
