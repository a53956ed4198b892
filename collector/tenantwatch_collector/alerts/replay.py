"""When a custom rule would have fired, on values of the past: through the machine that judges the present."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tenantwatch_collector.alerts.alert import AlertState, GroupState
from tenantwatch_collector.alerts.condition import CustomRule
from tenantwatch_collector.alerts.machine import evaluate
from tenantwatch_collector.alerts.rule import Evaluation, Policy


@dataclass(frozen=True, slots=True)
class Value:
    """One measurement; ``member`` tells the checks of a tenant apart."""

    member: str
    time: int
    value: float


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert that there would have been; ``resolved`` None if it would still be open."""

    tenant: str
    opened: int
    resolved: int | None
    occurrences: int


def replay(rule: CustomRule, tenant: str, values: Iterable[Value], policy: Policy) -> list[Firing]:
    """The alerts of one tenant, in order. ``values`` rise in time."""
    group = GroupState(tenant, rule.metric)
    alerts: list[AlertState] = []
    for one in values:
        machine_rule = rule.of(tenant, one.member, policy.ticks_per_second)
        holds = bool(rule.holds(np.array([one.value]))[0])
        evaluation = Evaluation(machine_rule.rule_id, tenant, rule.metric, one.time, holds)
        evaluate(group, machine_rule, evaluation, policy)
        if group.alert is not None and (not alerts or alerts[-1] is not group.alert):
            alerts.append(group.alert)
    return [Firing(tenant, alert.opened, alert.resolved, alert.occurrences) for alert in alerts]
