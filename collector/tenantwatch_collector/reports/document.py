"""The report as one JSON document: for one tenant with all its detail, or for the whole platform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.reports.digests import AGREED
from tenantwatch_collector.reports.metrics import metrics_of, violations_of
from tenantwatch_collector.reports.subject import (
    Subject,
    detail_of,
    number,
    numbers_of,
    trend_of,
    utc,
)
from tenantwatch_collector.sla.availability import Counted
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.life import Stage
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.platform import platform_compliance
from tenantwatch_collector.sla.rounding import ceiling_text, floor_text, half_even_text
from tenantwatch_collector.sla.traffic import Traffic
from tenantwatch_collector.sla.trend import Point

SCHEMA = "tenantwatch-report/1"
COMPUTATION = 5
"""Rises when the same facts give other figures, or another name of what they are of, than before."""
RUNNING = "not_met_so_far"
VERDICTS = ("met", RUNNING, "breached", "cannot_be_proved")
_CONTENT = (
    "scope",
    "report_period",
    "overall_compliance",
    "tenant_compliance",
    "violations",
    "trends",
    "tenants",
)


@dataclass(frozen=True, slots=True)
class Heading:
    """Which report it is. ``period`` is in Unix seconds; ``label`` is such as 2025-01."""

    period_type: str
    label: str
    timezone: str
    period: Period
    as_of: datetime
    generated_at: datetime
    stage: Stage = "provisional"
    revision: int = 0
    reason: str = ""


def document_of(heading: Heading, subjects: Sequence[Subject], tenant_id: str | None) -> dict[str, Any]:
    """The whole report, not signed. ``tenant_id`` None means the platform, whose tenants are told
    without their timelines and terms."""
    subjects = sorted(subjects, key=lambda subject: subject.tenant_id)
    content = {
        "scope": {"platform": True} if tenant_id is None else {"tenant_id": tenant_id},
        "report_period": _period(heading),
        "overall_compliance": _overall(subjects),
        "tenant_compliance": [metrics_of(subject, heading.period_type) for subject in subjects],
        "violations": [each for subject in subjects for each in violations_of(subject)],
        "trends": _trends(subjects),
        "tenants": [(numbers_of if tenant_id is None else detail_of)(subject) for subject in subjects],
    }
    content_digest = digest(content_of(content))
    return {
        "schema": SCHEMA,
        "report_id": report_id_of(heading.label, content_digest),
        "generated_at": heading.generated_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "stage": heading.stage,
        "revision": heading.revision,
        "reason": heading.reason,
        "computation": COMPUTATION,
        "as_of": exactly(heading.as_of),
        "content_digest": content_digest,
        **content,
    }


def content_of(document: dict[str, Any]) -> dict[str, Any]:
    """The part of a document that its digest covers: what it says of its period.

    Burn rates are of the moment, names and the settings of a check are of today, and the way to a number is
    none: reports that differ only there are equal.
    """
    content = {name: document.get(name) for name in _CONTENT}
    content["tenant_compliance"] = [
        _without(metrics, "tenant_name") for metrics in content["tenant_compliance"] or ()
    ]
    content["tenants"] = [_lasting(detail) for detail in content["tenants"] or ()]
    content["overall_compliance"] = _lasting_overall(content["overall_compliance"] or {})
    return content


def _lasting_overall(overall: dict[str, Any]) -> dict[str, Any]:
    """Only a running period has verdicts that time can mend: of one that is over their count says nothing."""
    verdicts = overall["verdicts"]
    return overall if verdicts.get(RUNNING) else overall | {"verdicts": _without(verdicts, RUNNING)}


def _lasting(detail: dict[str, Any]) -> dict[str, Any]:
    parts = [part | {"terms": _lasting_terms(part["terms"])} for part in detail.get("parts", ())]
    told = _without(detail["report"], "burn")
    lasting = _without(detail, "tenant_name", "rests_on", "parts") | {"report": told, "parts": parts}
    return lasting | {"digests": _without(detail["digests"], *AGREED)}


def _lasting_terms(terms: dict[str, Any]) -> dict[str, Any]:
    checks = [_without(c, "confirm_failures", "confirm_successes", "stale_after") for c in terms["checks"]]
    return terms | {"checks": checks}


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def exactly(moment: datetime) -> str:
    """An instant in UTC, with microseconds where it has any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def report_id_of(label: str, content_digest: str) -> str:
    """The same for equal content."""
    return f"sla-{label}-{content_digest.removeprefix('sha256:')[:12]}"


def _period(heading: Heading) -> dict[str, Any]:
    return {
        "type": heading.period_type,
        "label": heading.label,
        "timezone": heading.timezone,
        "start": utc(heading.period.start),
        "end": utc(heading.period.end),
    }


def _overall(subjects: Sequence[Subject]) -> dict[str, Any]:
    found = platform_compliance(subject.judged.whole for subject in subjects)
    verdicts = [subject.judged.truth.overall.value for subject in subjects]
    return {
        "total_tenants": found.tenants,
        "tenants_with_data": found.tenants_with_data,
        "compliant_tenants": found.compliant_tenants,
        "compliance_percentage": _floor(found.compliance_percentage),
        "average_availability": _floor(found.average_availability),
        "weighted_availability": _floor(found.weighted_availability),
        "average_response_time": None
        if found.average_response_ms is None
        else number(half_even_text(found.average_response_ms, 3)),
        "average_error_rate": None
        if found.average_error_rate is None
        else number(ceiling_text(found.average_error_rate, 4)),
        "verdicts": {word: verdicts.count(word) for word in VERDICTS},
    }


def _trends(subjects: Sequence[Subject]) -> list[dict[str, Any]]:
    """The steps of all tenants together, by their eligible seconds and their counts."""
    if not subjects:
        return []
    units = subjects[0].judged.whole.terms.units_per_second
    if len(subjects) == 1:
        return trend_of(subjects[0].judged.trend, units)
    together: defaultdict[int, list[Point]] = defaultdict(list)
    for point in (point for subject in subjects for point in subject.judged.trend):
        together[point.period.start].append(point)
    return trend_of([_sum(together[start]) for start in sorted(together)], units)


def _sum(points: Sequence[Point]) -> Point:
    """One step of all tenants as one."""
    traffic = Traffic()
    for point in points:
        traffic.merge(point.traffic)
    seconds = [point.seconds for point in points]
    counted = [point.counted for point in points]
    return Point(
        points[0].period,
        {name: sum([each[name] for each in seconds]) for name in TimeClass},
        Counted(sum([each.available for each in counted]), sum([each.down for each in counted])),
        traffic,
    )


def _floor(value: Fraction | None) -> float | None:
    return None if value is None else number(floor_text(value, 4))
