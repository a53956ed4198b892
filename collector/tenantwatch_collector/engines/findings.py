"""What is worth an alert in a running period: violations that are settled, and burn rates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.reports.words import duration
from tenantwatch_collector.sla.availability import BurnAnswer, Counted, count_within
from tenantwatch_collector.sla.classes import Stretch
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.life import time_to_breach
from tenantwatch_collector.sla.outlook import is_settled
from tenantwatch_collector.sla.rounding import decimal_text, floor_text, half_even_text
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.whole import begun

VIOLATION, BURN_RATE = "sla_violation", "burn_rate"
LOOKS_FOR_A_MEAN = 100
LEAST_MEASURED_S = 1800
"""A burn rate of less measured time than this says little about a window, however long that is."""
_WEEK_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether one condition of one tenant holds; ``text`` is for people."""

    tenant_key: int
    alert_type: str
    rule_id: str
    severity: Severity
    holds: bool
    label: str
    text: str


def findings_of(
    tenant_key: int, parts: Sequence[Evaluation], stretches: Sequence[Stretch], label: str
) -> Iterator[Finding]:
    """Every condition of a running period, each true only once it can no longer be talked away. Of a period
    whose terms changed each part is judged on its own, and burn rates are of the terms now in force."""
    judged = begun(parts)
    missed = [(part, _missed(part)) for part in judged]
    for name in missed[0][1]:
        texts = [_violation_text(name, part) for part, found in missed if found[name]]
        told = texts[-1] if texts else ""
        yield Finding(tenant_key, VIOLATION, f"sla-{name}", Severity.ERROR, bool(texts), label, told)
    yield from _burning(tenant_key, judged[-1], stretches, label)


def _burning(
    tenant_key: int, part: Evaluation, stretches: Sequence[Stretch], label: str
) -> Iterator[Finding]:
    left = time_to_breach(part, list(stretches), 3600 * part.terms.units_per_second)
    for number, answer in enumerate(part.burn):
        severity = Severity(answer.rule.severity)
        seen = _seen(answer, part, stretches)
        holds = answer.firing and _is_measured(answer, seen, part.terms) and _is_spent(answer, seen, part)
        text = _burn_text(answer, seen, left, part.terms.units_per_second) if holds else ""
        yield Finding(tenant_key, BURN_RATE, f"burn-{number}", severity, holds, label, text)


def _missed(part: Evaluation) -> dict[str, bool]:
    """A short outage, one error or one slow look on the first of the month is not yet a breach: availability
    is missed once the whole period's budget is spent or its rest cannot mend it, errors once they are more
    than the whole period allows at the present pace, and a mean counts from a hundred looks on."""
    return {
        "availability": part.budget.remaining < 0 or is_settled("availability", part),
        "response_time": "response_time" in part.violations
        and part.traffic.latency.count >= LOOKS_FOR_A_MEAN,
        "error_rate": is_settled("error_rate", part),
        "recovery_time": "recovery_time" in part.violations,
    }


def _seen(answer: BurnAnswer, part: Evaluation, stretches: Sequence[Stretch]) -> Counted:
    """What counts of the rule's long window."""
    window = part.eval_end - answer.rule.long, part.eval_end
    return count_within(stretches, window)


def _is_measured(answer: BurnAnswer, seen: Counted, terms: Terms) -> bool:
    """Whether half of the window counts, or of the service hours' share of it, and half an hour at least:
    five minutes, most of them down, are an outage and have their own alert, but no rate of an hour."""
    hours = terms.service_hours
    share = (
        Fraction(1)
        if hours is None
        else Fraction(sum(each.to_minute - each.from_minute for each in hours), _WEEK_MINUTES)
    )
    half = answer.rule.long * share / 2
    return seen.eligible >= half and seen.eligible >= LEAST_MEASURED_S * terms.units_per_second


def _is_spent(answer: BurnAnswer, seen: Counted, part: Evaluation) -> bool:
    """Whether that much of the budget is really gone. A window of which little was measured has a high rate
    after seconds of trouble, and nobody is woken for seconds."""
    burn = part.terms.burn
    assert burn is not None
    budget = part.terms.targets.allowed_down * burn.slo_period
    return seen.down > budget * answer.rule.budget_pct / 100


def _violation_text(name: str, part: Evaluation) -> str:
    targets, traffic = part.terms.targets, part.traffic
    if name == "availability":
        over = duration(float(-part.budget.remaining / part.terms.units_per_second))
        agreed = decimal_text(targets.availability_percentage)
        if part.budget.remaining >= 0:
            return f"what is left of the service hours cannot bring availability back to {agreed} %"
        return f"the error budget of {agreed} % is overdrawn by {over}"
    if name == "response_time":
        mean = half_even_text(traffic.latency.mean_ms() or Fraction(0), 1)
        return f"mean response {mean} ms, agreed {decimal_text(targets.response_time_ms)} ms"
    if name == "error_rate":
        rate = half_even_text(traffic.error_rate or Fraction(0), 4)
        return f"error rate {rate} %, agreed {decimal_text(targets.error_rate_percentage)} %"
    longest = max(incident.downtime for incident in part.incidents) / part.terms.units_per_second
    return f"an outage of {duration(longest)}, agreed {decimal_text(targets.recovery_time_minutes)} min"


def _burn_text(answer: BurnAnswer, seen: Counted, left: Fraction | None, units: int) -> str:
    rate = "without limit" if answer.long.unlimited else f"{floor_text(answer.long.rate or Fraction(0), 1)} x"
    window = duration(answer.rule.long / units)
    if seen.eligible < answer.rule.long:
        window = f"the {duration(seen.eligible / units)} that were measured of the last {window}"
    text = f"the error budget burns {rate} too fast over {window}"
    if left is None:
        return text
    return f"{text}; " + (
        f"at the present rate it is spent in {duration(float(left / units))}" if left else "it is spent"
    )
