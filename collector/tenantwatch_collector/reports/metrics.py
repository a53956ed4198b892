"""A tenant's SLA metrics and missed targets, numbers as numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tenantwatch_collector.reports.subject import Subject, number, percent, rounded, utc
from tenantwatch_collector.sla.availability import coverage
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.report import in_seconds
from tenantwatch_collector.sla.rounding import ceiling_text, floor_text, half_even_text


def metrics_of(subject: Subject, period: str) -> dict[str, Any]:
    """The SLA metrics of one tenant and period, numbers as numbers."""
    whole, truth = subject.judged.whole, subject.judged.truth
    minutes = Fraction(whole.counted.down, 60 * whole.terms.units_per_second)
    return {
        "tenant_id": subject.tenant_id,
        "tenant_name": subject.tenant_name,
        "tier": subject.tier,
        "period": period,
        "availability": percent(whole.counted.availability),
        "avg_response_time": number(rounded(half_even_text, whole.traffic.latency.mean_ms(), 3)),
        "error_rate": number(rounded(ceiling_text, whole.traffic.error_rate)),
        "sla_compliance": whole.compliant,
        "violations": whole.violations,
        "health_score": number(rounded(half_even_text, whole.health_score, 1)),
        "coverage": percent(coverage(whole.seconds)),
        "availability_best": percent(truth.best),
        "availability_worst": percent(truth.worst),
        "verdict": truth.overall.value,
        "downtime_minutes": number(ceiling_text(minutes, 2)),
        "incident_count": len(whole.incidents),
    }


def violations_of(subject: Subject) -> list[dict[str, Any]]:
    """Each missed target with what was agreed and measured; of a split period where it was missed."""
    parts = subject.judged.parts
    return [
        {"tenant_id": subject.tenant_id, "violation": name, **_missed(name, part)}
        | (_span(part) if len(parts) > 1 else {})
        for name in subject.judged.whole.violations
        for part in parts
        if name in part.violations
    ]


def _span(part: Evaluation) -> dict[str, str]:
    units = part.terms.units_per_second
    return {
        "from": utc(in_seconds(part.period.start, units)),
        "to": utc(in_seconds(part.period.end, units)),
    }


def _missed(name: str, whole: Evaluation) -> dict[str, Any]:
    targets, traffic = whole.terms.targets, whole.traffic
    if name == "availability":
        agreed, measured = targets.availability_percentage, rounded(floor_text, whole.counted.availability)
        unit = "percent"
    elif name == "response_time":
        agreed, measured = targets.response_time_ms, rounded(half_even_text, traffic.latency.mean_ms(), 3)
        unit = "ms"
    elif name == "error_rate":
        agreed, measured = targets.error_rate_percentage, rounded(ceiling_text, traffic.error_rate)
        unit = "percent"
    else:
        worst = Fraction(max(i.downtime for i in whole.incidents), 60 * whole.terms.units_per_second)
        agreed, measured, unit = targets.recovery_time_minutes, ceiling_text(worst, 2), "minutes"
    return {"target": float(agreed), "measured": number(measured), "unit": unit}
