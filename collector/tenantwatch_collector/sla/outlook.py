"""What the rest of a running period can still mend: only what it cannot is a breach.

The best rest there can be is one that is up all the time that the contract covers, without an error and with
answers at once, and in which as much is asked as before.
"""

from __future__ import annotations

from dataclasses import replace

from tenantwatch_collector.sla.availability import count
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.masks import scope_spans
from tenantwatch_collector.sla.terms import HUNDRED


def is_settled(name: str, evaluation: Evaluation) -> bool:
    """Whether that target is missed even with the best rest of the period, and unknown time being up."""
    to_come = _to_come(evaluation)
    if name == "availability":
        return _availability_is_settled(evaluation, to_come)
    if name not in evaluation.violations:
        return False
    seconds, traffic, targets = evaluation.seconds, evaluation.traffic, evaluation.terms.targets
    passed = sum(seconds.values()) - seconds[TimeClass.OUT_OF_SCOPE]
    if name == "error_rate":
        allowed = targets.error_rate_percentage * traffic.total * (passed + to_come)
        return HUNDRED * traffic.errors * passed > allowed
    if name == "response_time":
        mean = traffic.latency.mean_ms()
        return mean is not None and mean * passed > targets.response_time_ms * (passed + to_come)
    return True


def _availability_is_settled(evaluation: Evaluation, to_come: int) -> bool:
    terms = evaluation.terms
    best = count(evaluation.seconds, replace(terms.policies, unknown="up"))
    return best.down > terms.targets.allowed_down * (best.eligible + to_come)


def _to_come(evaluation: Evaluation) -> int:
    """The time of the period that is still to come and that the contract covers."""
    terms, rest = evaluation.terms, (evaluation.eval_end, evaluation.period.end)
    if rest[0] >= rest[1]:
        return 0
    spans = scope_spans(terms.service_hours, terms.effective_from, terms.zone, rest, terms.units_per_second)
    return sum(end - start for start, end in spans)
