"""What a report is told about one tenant, and the tenant's own part of the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Literal

from tenantwatch_collector.sla.availability import coverage
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.corrections import Correction
from tenantwatch_collector.sla.facts import Facts
from tenantwatch_collector.sla.judged import Judged
from tenantwatch_collector.sla.masks import Maintenance, effective_windows
from tenantwatch_collector.sla.report import in_seconds, report
from tenantwatch_collector.sla.rounding import ceiling_text, floor_text, half_even_text
from tenantwatch_collector.sla.spans import overlap, union, without
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.trend import Point
from tenantwatch_collector.sla.written import terms_to_json

MAX_TIMELINE = 100_000
"""Stretches in a document; of a timeline with more the first are told."""


@dataclass(frozen=True, slots=True)
class AnnouncedWindow:
    """A maintenance window with what people said about it."""

    window: Maintenance
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """One tenant, judged, with the facts that it was judged by."""

    tenant_id: str
    tenant_name: str
    tier: str
    judged: Judged
    facts: Facts = field(default_factory=Facts)
    windows: Sequence[AnnouncedWindow] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    """Of the facts that the numbers rest on, by kind."""
    known_us: int = 0
    """When the newest of the results arrived that the numbers rest on."""


def numbers_of(subject: Subject) -> dict[str, Any]:
    """Every number of the tenant, with what is proved and the digests of the facts behind it."""
    judged = subject.judged
    return {
        "tenant_id": subject.tenant_id,
        "tenant_name": subject.tenant_name,
        "tier": subject.tier,
        "report": report(judged.whole),
        "as_issued": None if judged.issued is None else _issued(judged),
        "proved": {
            "best_pct": rounded(floor_text, judged.truth.best),
            "worst_pct": rounded(floor_text, judged.truth.worst),
            "targets": {name: verdict.value for name, verdict in judged.truth.verdicts.items()},
            "overall": judged.truth.overall.value,
        },
        "digests": dict(subject.digests),
    }


def detail_of(subject: Subject) -> dict[str, Any]:
    """All that the tenant's numbers can be checked with; instants and durations in seconds."""
    judged = subject.judged
    whole = judged.whole
    units = whole.terms.units_per_second
    return {
        **numbers_of(subject),
        "parts": [
            {
                "from": in_seconds(part.period.start, units),
                "to": in_seconds(part.period.end, units),
                "availability_pct": report(part)["availability_pct"],
                "compliant": part.compliant,
                "violations": part.violations,
                "terms": terms_to_json(terms_told(part.terms, whole.eval_end)),
            }
            for part in judged.parts
        ],
        "timeline": _timeline(subject),
        "exclusions": exclusions_of(subject),
        "rests_on": {
            "changes": sum(len(changes) for changes in subject.facts.changes.values()),
            "buckets": whole.basis.buckets,
            "results": whole.basis.results,
            "left_out": [[in_seconds(s, units), in_seconds(e, units)] for s, e in whole.basis.left_out],
        },
    }


def terms_told(terms: Terms, until: int) -> Terms:
    """The terms less what became of the checks later: it says nothing of the time up to ``until``."""
    checks = tuple(
        replace(check, active_to=None) if check.active_to is not None and check.active_to >= until else check
        for check in terms.checks
        if check.active_from is None or check.active_from < until
    )
    used = {check.group for check in checks}
    return replace(terms, checks=checks, groups=tuple(group for group in terms.groups if group.name in used))


def trend_of(points: Sequence[Point], units: int) -> list[dict[str, Any]]:
    """One entry per step, in order; None where nothing was measured."""
    return [_point(point, units) for point in points]


def exclusions_of(subject: Subject) -> list[dict[str, Any]]:
    """Everything that was left out of the numbers or put in by hand, with its reason, in order of time."""
    whole = subject.judged.whole
    units = whole.terms.units_per_second
    low, high = whole.period.start, whole.eval_end
    found = list(_windows(subject))
    found += [
        _correction(each, units)
        for each in subject.facts.corrections
        if _touches(each.start, each.end, low, high)
    ]
    for stretch in whole.stretches:
        if stretch.time_class is TimeClass.UNKNOWN:
            start, end = max(stretch.start, low), min(stretch.end, high)
            found.append(_entry("no_data", start, end, "the state was not measured", units))
    for start, end in whole.basis.left_out:
        found.append(_entry("not_counted", start, end, "raw results of a cut bucket are gone", units))
    found.sort(key=lambda each: (float(each["from"]), each["kind"]))
    outside = whole.seconds[TimeClass.OUT_OF_SCOPE]
    if outside:
        reason = "outside of service hours or before the contract began"
        entry = _entry("out_of_scope", low, high, reason, units)
        found.append(entry | {"seconds": in_seconds(outside, units)})
    return found


def number(text: str | None) -> float | None:
    """A rounded decimal text as a JSON number."""
    return None if text is None else float(text)


def utc(seconds: int | str) -> str:
    """An instant as people and machines read it."""
    return datetime.fromtimestamp(int(float(seconds)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _issued(judged: Judged) -> dict[str, Any]:
    assert judged.issued is not None
    told = report(judged.issued)
    names = ("availability_pct", "downtime_s", "compliant", "violations", "health_score")
    return {name: told[name] for name in names}


def _timeline(subject: Subject) -> list[list[Any]]:
    whole = subject.judged.whole
    units = whole.terms.units_per_second
    low, high = whole.period.start, whole.eval_end
    clipped = [(max(s.start, low), min(s.end, high), s.time_class.value) for s in whole.stretches]
    told: list[list[Any]] = []
    for start, end, name in clipped:
        if start >= end:
            continue
        if told and told[-1][2] == name:
            told[-1][1] = in_seconds(end, units)
        else:
            told.append([in_seconds(start, units), in_seconds(end, units), name])
    return told[:MAX_TIMELINE]


def _point(point: Point, units: int) -> dict[str, Any]:
    latency = point.traffic.latency
    return {
        "from": utc(in_seconds(point.period.start, units)),
        "to": utc(in_seconds(point.period.end, units)),
        "availability": percent(point.counted.availability),
        "coverage": percent(coverage(point.seconds)),
        "downtime_minutes": number(ceiling_text(Fraction(point.counted.down, 60 * units), 2)),
        "avg_response_time": number(rounded(half_even_text, latency.mean_ms(), 3)),
        "p95_response_time": None if not latency.count else (latency.percentile_us(95) or 0) / 1000,
        "error_rate": number(rounded(ceiling_text, point.traffic.error_rate)),
    }


def _touches(start: int, end: int, low: int, high: int) -> bool:
    return start < high and end > low


Kind = Literal["maintenance", "correction", "no_data", "not_counted", "out_of_scope"]


def _entry(kind: Kind, start: int, end: int, reason: str, units: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "from": in_seconds(start, units),
        "to": in_seconds(end, units),
        "seconds": in_seconds(end - start, units),
        "reason": reason,
    }


def _windows(subject: Subject) -> Iterator[dict[str, Any]]:
    """What each announced window did, by the terms of its time; one that did nothing is left out.

    Windows of the whole tenant take the seconds of maintenance among them, each second once. One of some
    checks is told with all its seconds: in them those checks say nothing.
    """
    whole = subject.judged.whole
    units = whole.terms.units_per_second
    left = union((s.start, s.end) for s in whole.stretches if s.time_class is TimeClass.MAINTENANCE)
    parts = [each for each in subject.judged.parts if each.terms.policies.maintenance != "ignore"]
    for part in parts:
        for announced in subject.windows:
            for window in effective_windows([announced.window], part.terms.maintenance_min_notice):
                start = max(window.start, part.period.start)
                end = min(window.end, part.period.end, whole.eval_end)
                if window.checks is not None:
                    seconds = max(0, end - start)
                else:
                    seconds = sum(overlap(start, end, *span) for span in left)
                    left = without(left, [(start, end)])
                if seconds:
                    yield _window(announced, start, end, seconds, units)


def _window(announced: AnnouncedWindow, start: int, end: int, seconds: int, units: int) -> dict[str, Any]:
    window = announced.window
    entry = _entry("maintenance", start, end, announced.reason or "planned maintenance", units)
    return entry | {
        "seconds": in_seconds(seconds, units),
        "checks": None if window.checks is None else sorted(window.checks),
        "announced_at": None if window.announced_at is None else in_seconds(window.announced_at, units),
    }


def _correction(correction: Correction, units: int) -> dict[str, Any]:
    entry = _entry("correction", correction.start, correction.end, correction.reason, units)
    return entry | {
        "counts_as": correction.counts_as.value,
        "author": correction.author,
        "approver": correction.approver,
    }


def percent(value: Fraction | None) -> float | None:
    """Rounded down, as availability and coverage are."""
    return number(rounded(floor_text, value))


def rounded(text: Any, value: Fraction | None, places: int = 4) -> str | None:
    """The value by one of the rounding functions; None stays None."""
    return None if value is None else text(value, places)
