"""What can be proved: the best and the worst case if all unknown time was up, or all of it down.

The policies say how unknown time counts in a contract; they cannot make it known. So beside every number
stands what the facts alone prove: a target is met if it is met in the worst case, breached if it is missed
even in the best one, and otherwise it cannot be proved. While the period runs, what is missed in the best
case is breached only if the rest of the period cannot mend it (`outlook.py`); else it is not met so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Literal

from tenantwatch_wire.records import Status

from tenantwatch_collector.sla.availability import Counted, Seconds, count
from tenantwatch_collector.sla.classes import Stretch, TimeClass
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.incidents import find_incidents
from tenantwatch_collector.sla.outlook import is_settled
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import Policies
from tenantwatch_collector.sla.verdict import is_over_target


class Verdict(Enum):
    """What the facts prove of a target."""

    MET = "met"
    BREACHED = "breached"
    NOT_SO_FAR = "not_met_so_far"
    """Missed up to now, but the period still runs and its rest can mend it."""
    UNPROVED = "cannot_be_proved"


WORST_FIRST = (Verdict.BREACHED, Verdict.NOT_SO_FAR, Verdict.UNPROVED, Verdict.MET)


@dataclass(frozen=True, slots=True)
class Truth:
    """``if_up`` and ``if_down`` are what would count, had all unknown time been up, or down."""

    if_up: Counted
    if_down: Counted
    verdicts: dict[str, Verdict]
    """By target. One that was never measured is left out, but availability always stands there."""

    @property
    def best(self) -> Fraction | None:
        """Availability in percent; None where no time counts at all."""
        return self.if_up.availability

    @property
    def worst(self) -> Fraction | None:
        return self.if_down.availability

    @property
    def overall(self) -> Verdict:
        return worst_of(self.verdicts.values())


def worst_of(verdicts: Iterable[Verdict]) -> Verdict:
    """That of several which is worst; what was asked of nothing is met."""
    return min(verdicts, key=WORST_FIRST.index, default=Verdict.MET)


def truth_of(evaluation: Evaluation, stretches: Sequence[Stretch]) -> Truth:
    """``stretches`` is all that was laid out, with the time before the period in which incidents began."""
    terms = evaluation.terms
    if_up = _bound(evaluation.seconds, terms.policies, "up")
    if_down = _bound(evaluation.seconds, terms.policies, "down")
    verdicts = {"availability": _availability(if_up.availability, if_down.availability, evaluation)}
    if evaluation.traffic.latency.count:
        verdicts["response_time"] = _measured("response_time", evaluation)
    if evaluation.traffic.total:
        verdicts["error_rate"] = _measured("error_rate", evaluation)
    if if_down.eligible:
        verdicts["recovery_time"] = _recovery(evaluation, stretches)
    return Truth(if_up, if_down, verdicts)


def _bound(seconds: Seconds, policies: Policies, unknown: Literal["up", "down"]) -> Counted:
    return count(seconds, Policies(policies.maintenance, unknown, policies.degraded))


def _availability(best: Fraction | None, worst: Fraction | None, evaluation: Evaluation) -> Verdict:
    target = evaluation.terms.targets.availability_percentage
    if best is None or worst is None:
        return Verdict.UNPROVED
    if worst >= target:
        return Verdict.MET
    return _missed("availability", evaluation) if best < target else Verdict.UNPROVED


def _measured(name: str, evaluation: Evaluation) -> Verdict:
    return _missed(name, evaluation) if name in evaluation.violations else Verdict.MET


def _missed(name: str, evaluation: Evaluation) -> Verdict:
    return Verdict.BREACHED if is_settled(name, evaluation) else Verdict.NOT_SO_FAR


def _recovery(evaluation: Evaluation, stretches: Sequence[Stretch]) -> Verdict:
    """Met only if no outage could have lasted too long, had all unknown time been down."""
    if "recovery_time" in evaluation.violations:
        return Verdict.BREACHED
    terms = evaluation.terms
    inside: Span = evaluation.period.start, max(evaluation.period.start, evaluation.eval_end)
    darkest = [
        s._replace(time_class=TimeClass.DOWN, real=Status.UNHEALTHY)
        if s.time_class is TimeClass.UNKNOWN and s.end > inside[0]
        else s
        for s in stretches
    ]
    possible = find_incidents(darkest, inside)
    over = any(is_over_target(i, terms.targets, terms.units_per_second) for i in possible)
    return Verdict.UNPROVED if over else Verdict.MET
