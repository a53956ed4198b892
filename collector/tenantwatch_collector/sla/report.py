"""A report's JSON: every exact number rounded once, each in the direction that does not flatter."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tenantwatch_collector.sla.availability import BurnAnswer, BurnRate, coverage
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.incidents import Incident
from tenantwatch_collector.sla.rounding import (
    ceiling_text,
    exact_text,
    floor_text,
    half_even_text,
    half_up_text,
)
from tenantwatch_collector.sla.traffic import Slices, Traffic

PERCENTS = (50, 95, 99)


def report(evaluation: Evaluation) -> dict[str, Any]:
    """The report of one tenant and period; times and durations in seconds, exact decimals where not whole."""
    return {
        **_time(evaluation),
        **_incidents(evaluation),
        "response": _response(evaluation.traffic),
        "errors": _errors(evaluation.traffic),
        "slices": _slices(evaluation.slices),
        "budget": _budget(evaluation),
        "burn": [_burn(answer) for answer in evaluation.burn],
        "violations": evaluation.violations,
        "compliant": evaluation.compliant,
        "health_score": _maybe(half_even_text, evaluation.health_score, 1),
        "credit": _credit(evaluation),
    }


def _time(evaluation: Evaluation) -> dict[str, Any]:
    period, seconds, counted = evaluation.period, evaluation.seconds, evaluation.counted
    units = evaluation.terms.units_per_second
    return {
        "period": {
            "start": in_seconds(period.start, units),
            "end": in_seconds(period.end, units),
            "eval_end": in_seconds(evaluation.eval_end, units),
        },
        "seconds": {
            "total": in_seconds(sum(seconds.values()), units),
            **{each.value: in_seconds(seconds[each], units) for each in TimeClass},
        },
        "eligible_s": in_seconds(counted.eligible, units),
        "available_s": in_seconds(counted.available, units),
        "downtime_s": in_seconds(counted.down, units),
        "availability_pct": _maybe(floor_text, counted.availability, 4),
        "downtime_minutes": ceiling_text(Fraction(counted.down, 60 * units), 2),
        "coverage_pct": _maybe(floor_text, coverage(seconds), 4),
    }


def _incidents(evaluation: Evaluation) -> dict[str, Any]:
    units = evaluation.terms.units_per_second
    recover, between = evaluation.mean_time_to_recover, evaluation.mean_time_between_failures
    return {
        "incidents": [_incident(incident, evaluation) for incident in evaluation.incidents],
        "incident_count": len(evaluation.incidents),
        "incidents_started": evaluation.incidents_started,
        "mttr_s": None if recover is None else half_even_text(recover / units, 3),
        "mtbf_s": None if between is None else half_even_text(between / units, 3),
    }


def _incident(incident: Incident, evaluation: Evaluation) -> dict[str, Any]:
    units = evaluation.terms.units_per_second
    return {
        "start": in_seconds(incident.start, units),
        "end": None if incident.end is None else in_seconds(incident.end, units),
        "downtime_s": in_seconds(incident.downtime, units),
        "downtime_in_period_s": in_seconds(incident.downtime_in_period, units),
        "resolved": incident.resolved,
        "over_target": incident.start in evaluation.over_target,
    }


def _response(traffic: Traffic) -> dict[str, Any]:
    latency = traffic.latency
    return {
        "count": latency.count,
        "mean_ms": _maybe(half_even_text, latency.mean_ms(), 3),
        **{
            f"p{percent}_us": None if found is None else found.latency_us
            for percent, found in zip(PERCENTS, latency.ranked(PERCENTS), strict=True)
        },
        "max_us": latency.max_us,
    }


def _errors(traffic: Traffic) -> dict[str, Any]:
    return {
        "total": traffic.total,
        "errors": traffic.errors,
        "pct": _maybe(ceiling_text, traffic.error_rate, 4),
    }


def _slices(slices: Slices | None) -> dict[str, Any] | None:
    if slices is None:
        return None
    return {"total": slices.total, "bad": slices.bad, "good_pct": _maybe(floor_text, slices.good_pct, 4)}


def _budget(evaluation: Evaluation) -> dict[str, Any]:
    budget, units = evaluation.budget, evaluation.terms.units_per_second
    return {
        "total_s": exact_text(budget.total / units),
        "remaining_s": exact_text(budget.remaining / units),
        "remaining_pct": _maybe(floor_text, budget.remaining_pct, 4),
    }


def _burn(answer: BurnAnswer) -> dict[str, Any]:
    return {
        "severity": answer.rule.severity,
        "threshold": half_even_text(answer.threshold, 4),
        "long_rate": _rate(answer.long),
        "short_rate": _rate(answer.short),
        "firing": answer.firing,
    }


def _rate(rate: BurnRate) -> str | None:
    return "inf" if rate.unlimited else _maybe(half_even_text, rate.rate, 4)


def _credit(evaluation: Evaluation) -> dict[str, Any] | None:
    owed = evaluation.credit
    return None if owed is None else {"pct": owed.pct, "amount": half_up_text(owed.amount, 2)}


def in_seconds(units: int, units_per_second: int) -> int | str:
    """Whole seconds as a number, others as an exact decimal text."""
    whole, rest = divmod(units, units_per_second)
    return exact_text(Fraction(units, units_per_second)) if rest else whole


def _maybe(text: Callable[[Fraction, int], str], value: Fraction | None, places: int) -> str | None:
    return None if value is None else text(value, places)
