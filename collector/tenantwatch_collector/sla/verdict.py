"""The judgement: violations, compliance, health score and credit. Exact values only, never rounded ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tenantwatch_collector.sla.availability import Counted
from tenantwatch_collector.sla.incidents import Incident
from tenantwatch_collector.sla.rounding import exact
from tenantwatch_collector.sla.terms import HUNDRED, Credits, Targets
from tenantwatch_collector.sla.traffic import Traffic

_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Credit:
    """``pct`` as the table writes it."""

    pct: str
    amount: Fraction


def is_over_target(incident: Incident, targets: Targets, units_per_second: int) -> bool:
    return incident.downtime > recovery_limit(targets, units_per_second)


def recovery_limit(targets: Targets, units_per_second: int) -> Fraction:
    """The longest incident that is no violation, in the caller's unit."""
    return targets.recovery_time_minutes * 60 * units_per_second


def violations(
    counted: Counted,
    traffic: Traffic,
    incidents: Sequence[Incident],
    targets: Targets,
    units_per_second: int,
) -> list[str]:
    """The names of the missed targets, in this order. What was not measured is not missed."""
    availability, mean, rate = counted.availability, traffic.latency.mean_ms(), traffic.error_rate
    missed = {
        "availability": availability is not None and availability < targets.availability_percentage,
        "response_time": mean is not None and mean > targets.response_time_ms,
        "error_rate": rate is not None and rate > targets.error_rate_percentage,
        "recovery_time": any(is_over_target(i, targets, units_per_second) for i in incidents),
    }
    return [name for name, is_missed in missed.items() if is_missed]


def health_score(
    counted: Counted,
    traffic: Traffic,
    incidents: Sequence[Incident],
    targets: Targets,
    units_per_second: int,
) -> Fraction | None:
    """100 is perfect, 50 is every target met exactly. Parts without data are left out; None if all are."""
    parts = health_parts(counted, traffic, incidents, targets, units_per_second)
    weights = sum(part.weight for part in parts)
    return HUNDRED * sum(part.weight * part.share for part in parts) / weights if weights else None


@dataclass(frozen=True, slots=True)
class HealthPart:
    """A share of the score: ``used`` of what the target allows leaves ``share`` of the weight."""

    name: str
    weight: int
    used: Fraction
    share: Fraction


def health_parts(
    counted: Counted,
    traffic: Traffic,
    incidents: Sequence[Incident],
    targets: Targets,
    units_per_second: int,
) -> list[HealthPart]:
    """What the score is made of, as far as there is data."""
    parts: list[HealthPart] = []
    if counted.eligible:
        used = _used(Fraction(counted.down, counted.eligible), targets.allowed_down)
        parts.append(HealthPart("availability", 40, used, _left(used)))
        worst = Fraction(max((incident.downtime for incident in incidents), default=0))
        used = _used(worst, recovery_limit(targets, units_per_second))
        parts.append(HealthPart("recovery", 15, used, _left(used)))
    rate, mean = traffic.error_rate, traffic.latency.mean_ms()
    if rate is not None:
        used = _used(rate, targets.error_rate_percentage)
        parts.append(HealthPart("errors", 25, used, _left(used)))
    if mean is not None:
        used = _used(mean, targets.response_time_ms)
        parts.append(HealthPart("response", 20, used, _clamp(1 + _HALF - used)))
    return parts


def credit(counted: Counted, credits: Credits | None) -> Credit | None:
    """What is owed: the highest row that matches. None without a table or without counted time."""
    availability = counted.availability
    if credits is None or availability is None:
        return None
    matching = [row.pct for row in credits.table if availability < row.below]
    pct = max(matching, key=exact, default="0")
    return Credit(pct, credits.fee * exact(pct) / HUNDRED)


def _used(used: Fraction, allowed: Fraction) -> Fraction:
    """How much of an allowance was used; using any of nothing is twice too much."""
    if allowed:
        return used / allowed
    return Fraction(2 if used else 0)


def _left(used: Fraction) -> Fraction:
    return max(Fraction(0), 1 - used * _HALF)


def _clamp(value: Fraction) -> Fraction:
    return min(Fraction(1), max(Fraction(0), value))
