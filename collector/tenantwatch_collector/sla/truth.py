"""What can be proved: the best and the worst case if all unknown time was up, or all of it down.

The policies say how unknown time counts in a contract; they cannot make it known. So beside every number
stands what the facts alone prove: a target is met if it is met in the worst case, breached if it is missed
even in the best one, and otherwise it cannot be proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from tenantwatch_wire.records import Status

from tenantwatch_collector.sla.availability import Counted, Seconds, count
from tenantwatch_collector.sla.classes import Stretch, TimeClass
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.incidents import find_incidents
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import Policies, Targets
from tenantwatch_collector.sla.verdict import is_over_target


class Verdict(Enum):
    """What the facts prove of a target."""

    MET = "met"
    BREACHED = "breached"
    UNPROVED = "cannot_be_proved"


@dataclass(frozen=True, slots=True)
class Truth:
    """``best`` and ``worst`` are availability in percent; None where no time counts at all."""

    best: Fraction | None
    worst: Fraction | None
    verdicts: dict[str, Verdict]
    """By target. One that was never measured is left out, but availability always stands there."""

    @property
    def overall(self) -> Verdict:
        found = set(self.verdicts.values())
        if Verdict.BREACHED in found:
            return Verdict.BREACHED
        return Verdict.UNPROVED if Verdict.UNPROVED in found else Verdict.MET


def truth_of(evaluation: Evaluation, stretches: Sequence[Stretch]) -> Truth:
    """``stretches`` is all that was laid out, with the time before the period in which incidents began."""
    terms = evaluation.terms
    best = _bound(evaluation.seconds, terms.policies, "up").availability
    worst = _bound(evaluation.seconds, terms.policies, "down").availability
    verdicts = {"availability": _availability(best, worst, terms.targets)}
    if evaluation.traffic.latency.count:
        verdicts["response_time"] = _measured("response_time", evaluation)
    if evaluation.traffic.total:
        verdicts["error_rate"] = _measured("error_rate", evaluation)
    verdicts["recovery_time"] = _recovery(evaluation, stretches)
    return Truth(best, worst, verdicts)


def _bound(seconds: Seconds, policies: Policies, unknown: str) -> Counted:
    return count(seconds, replace(policies, unknown=unknown))  # type: ignore[arg-type]


def _availability(best: Fraction | None, worst: Fraction | None, targets: Targets) -> Verdict:
    if best is None or worst is None:
        return Verdict.UNPROVED
    if worst >= targets.availability_percentage:
        return Verdict.MET
    return Verdict.BREACHED if best < targets.availability_percentage else Verdict.UNPROVED


def _measured(name: str, evaluation: Evaluation) -> Verdict:
    return Verdict.BREACHED if name in evaluation.violations else Verdict.MET


def _recovery(evaluation: Evaluation, stretches: Sequence[Stretch]) -> Verdict:
    """Met only if no outage could have lasted too long, had all unknown time been down."""
    if "recovery_time" in evaluation.violations:
        return Verdict.BREACHED
    terms = evaluation.terms
    inside: Span = evaluation.period.start, max(evaluation.period.start, evaluation.eval_end)
    darkest = [
        replace(s, time_class=TimeClass.DOWN, real=Status.UNHEALTHY)
        if s.time_class is TimeClass.UNKNOWN and s.end > inside[0]
        else s
        for s in stretches
    ]
    possible = find_incidents(darkest, terms.policies, inside)
    over = any(is_over_target(i, terms.targets, terms.units_per_second) for i in possible)
    return Verdict.UNPROVED if over else Verdict.MET
