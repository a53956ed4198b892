"""What a report tells of one tenant, as the engine's own objects again: what follows is judged anew.

A report tells the timeline and what was counted, not the level under a mask nor any time before its period.
There the outages that it lists are believed, and stay as they are if the rest agrees with them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tenantwatch_wire.records import Status

from tenantwatch_collector.reports.difference import Difference
from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.reports.terms_again import versions_told
from tenantwatch_collector.sla.buckets import Basis
from tenantwatch_collector.sla.classes import Stretch, TimeClass
from tenantwatch_collector.sla.evaluate import Evaluation, evaluated
from tenantwatch_collector.sla.facts import Facts
from tenantwatch_collector.sla.histogram import LatencyHistogram, bucket_of
from tenantwatch_collector.sla.incidents import Incident
from tenantwatch_collector.sla.judged import Judged, truth_of_parts
from tenantwatch_collector.sla.parts import split_period
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.rounding import exact
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.traffic import Slices, Traffic
from tenantwatch_collector.sla.trend import trend_of
from tenantwatch_collector.sla.truth import Truth, Verdict, truth_of
from tenantwatch_collector.sla.whole import VIOLATIONS, whole_of

Document = Mapping[str, Any]
COUNTED = ("response_time", "error_rate")
"""Targets of what is counted; of a period whose terms changed its parts' counts are not told."""
_UNPROVED = Verdict.UNPROVED.value
_FOR_EVER = 2**62
_REAL = {
    TimeClass.UP: Status.HEALTHY,
    TimeClass.DEGRADED: Status.DEGRADED,
    TimeClass.DOWN: Status.UNHEALTHY,
    TimeClass.UNKNOWN: Status.UNKNOWN,
}


def subject_told(
    detail: Document, period: Period, as_of_us: int, steps: Sequence[Period], shift: int = 0
) -> Subject:
    """One tenant with its timeline and terms; ``period`` and ``steps`` are in seconds. A mean is told to the
    microsecond: ``shift`` -1 and 1 are the least and the most that it can have been."""
    versions = versions_told(detail)
    units = versions[0].terms.units_per_second
    as_of = as_of_us * units // 1_000_000
    period = period.in_units(units)
    split = split_period(period, versions) or [(versions[-1].terms, period)]
    stretches = _stretches(detail, split, as_of)
    traffic, slices = traffic_told(detail["report"], shift), slices_told(detail["report"])
    parts = []
    for number, (terms, part) in enumerate(split):
        counted = traffic if len(split) == 1 else Traffic()
        of_part = slices if not number or slices is None else Slices(0, 0)
        parts.append(evaluated(terms, part, as_of, stretches, counted, of_part, Basis()))
    truth = _truth(parts, stretches, detail)
    if len(parts) > 1:
        parts = [_part(each, told) for each, told in zip(parts, detail["parts"], strict=True)]
    whole = whole_of(parts, stretches)
    if len(parts) > 1:
        score = detail["report"]["health_score"]
        whole = replace(whole, traffic=traffic, health_score=None if score is None else exact(score))
    laid_out = [(terms, part, stretches) for terms, part in split]
    trend = trend_of(laid_out, Facts(), [step.in_units(units) for step in steps], as_of)
    judged = Judged(whole, parts, None, truth, trend)
    return Subject(detail["tenant_id"], detail["tenant_name"], detail["tier"], judged)


def traffic_told(told: Document, shift: int = 0) -> Traffic:
    """The counts of a report; its percentiles are not made again."""
    response, errors = told["response"], told["errors"]
    count, largest = response["count"], response["max_us"]
    latency = LatencyHistogram()
    if count:
        middle = exact(response["mean_ms"]) * 1000 * count
        sum_us = int(middle) + shift * ((count - 1) // 2)
        latency = LatencyHistogram({bucket_of(largest): count}, count, sum_us, largest)
    return Traffic(errors["total"], errors["errors"], latency)


def slices_told(told: Document) -> Slices | None:
    """The slices of a report."""
    slices = told["slices"]
    return None if slices is None else Slices(slices["total"], slices["bad"])


def _part(part: Evaluation, told: Document) -> Evaluation:
    """With the missed targets of what is counted as they are told."""
    missed = {*part.violations, *(name for name in told["violations"] if name in COUNTED)}
    return replace(part, violations=[name for name in VIOLATIONS if name in missed])


def _truth(parts: Sequence[Evaluation], stretches: Sequence[Stretch], detail: Document) -> Truth:
    """As the collector puts it together, with what it alone knows as it is told."""
    found = truth_of_parts([truth_of(each, stretches) for each in parts])
    told, names = detail["proved"]["targets"], COUNTED if len(parts) > 1 else ()
    verdicts = found.verdicts | {name: Verdict(told[name]) for name in names if name in told}
    has_gaps = any(part.seconds[TimeClass.UNKNOWN] for part in parts)
    if has_gaps and told.get("recovery_time") == _UNPROVED and verdicts.get("recovery_time") is Verdict.MET:
        # What was unknown may have begun before the period, or have gone on under a mask.
        verdicts["recovery_time"] = Verdict.UNPROVED
    return replace(found, verdicts={name: verdicts[name] for name in VIOLATIONS if name in verdicts})


def _stretches(detail: Document, split: Sequence[tuple[Terms, Period]], as_of: int) -> list[Stretch]:
    """The timeline with the outages' levels under masks, and before it what an outage began with."""
    units = split[0][0].units_per_second
    low, high = split[0][1].start, max(split[0][1].start, min(split[-1][1].end, as_of))
    told = [(_units(s, units), _units(e, units), TimeClass(name)) for s, e, name in detail["timeline"]]
    if [low, *(end for _, end, _ in told)] != [*(start for start, _, _ in told), high]:
        raise Difference("timeline: its stretches are not all of the period, one after the other")
    outages = [outage_told(each, units) for each in detail["report"]["incidents"]]
    found = _before(outages, low, split[0][0])
    for terms, part in split:
        for start, end, time_class in told:
            if start < part.end and end > part.start:
                real = _REAL.get(time_class) or _under_mask(start, outages)
                inside = max(start, part.start), min(end, part.end)
                found.append(Stretch(*inside, time_class, real, terms.policies))
    return found


def outage_told(told: Document, units: int) -> Incident:
    """One of a report; that which goes on ends never."""
    end = None if told["end"] is None else _units(told["end"], units)
    return Incident(
        _units(told["start"], units),
        _FOR_EVER if end is None else end,
        _units(told["downtime_s"], units),
        _units(told["downtime_in_period_s"], units),
        told["resolved"],
    )


def _under_mask(start: int, outages: Sequence[Incident]) -> Status:
    """Not known to be back while an outage goes on."""
    place = bisect_right(outages, start, key=lambda outage: outage.start) - 1
    return Status.UNKNOWN if place >= 0 and start < outages[place].last_end else Status.HEALTHY


def _before(outages: Sequence[Incident], low: int, terms: Terms) -> list[Stretch]:
    """Down as long as the first outage was before the period."""
    if not outages or outages[0].start >= low:
        return []
    start, down = outages[0].start, outages[0].downtime - outages[0].downtime_in_period
    if not 0 < down <= low - start:
        raise Difference(
            f"incidents[0].downtime_s: it began {low - start} before the period, down {down} of it"
        )
    found = [Stretch(start, start + down, TimeClass.DOWN, Status.UNHEALTHY, terms.policies)]
    rest = Stretch(start + down, low, TimeClass.UNKNOWN, Status.UNKNOWN, terms.policies)
    return found if rest.start == rest.end else [*found, rest]


def _units(seconds: int | str, units: int) -> int:
    return int(exact(seconds) * units)
