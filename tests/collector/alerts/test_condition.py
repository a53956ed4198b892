"""Custom rules: what holds for which values, whose they are, and what is no rule."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.alerts.condition import Condition, CustomRule
from tenantwatch_collector.alerts.replay import Firing, Value, replay
from tenantwatch_collector.alerts.rule import Policy, Severity

PLAIN: dict[Condition, Callable[[float, float], bool]] = {
    Condition.GREATER_THAN: operator.gt,
    Condition.GREATER_OR_EQUAL: operator.ge,
    Condition.LESS_THAN: operator.lt,
    Condition.LESS_OR_EQUAL: operator.le,
    Condition.EQUALS: operator.eq,
    Condition.NOT_EQUALS: operator.ne,
}


def rule(**more: Any) -> CustomRule:
    given = {"metric": "cpu_percent", "condition": Condition.GREATER_THAN, "threshold": 90.0, **more}
    return CustomRule("cpu-high", severity=Severity.ERROR, **given)


@given(st.sampled_from(Condition), st.floats(-5, 5), st.lists(st.floats(-5, 5), max_size=20))
def test_a_condition_is_what_it_is_called(
    condition: Condition, threshold: float, values: list[float]
) -> None:
    found = rule(condition=condition, threshold=threshold).holds(np.array(values, np.float64))
    assert found.tolist() == [PLAIN[condition](value, threshold) for value in values]


@pytest.mark.parametrize("condition", Condition)
def test_not_a_number_is_never_a_reason(condition: Condition) -> None:
    assert rule(condition=condition).holds(np.array([np.nan])).tolist() == [False]


def test_it_is_for_a_tenant_a_tier_or_everybody() -> None:
    assert rule().is_for("acme", "basic")
    assert rule(tenant="acme").is_for("acme", "basic")
    assert not rule(tenant="acme").is_for("other", "basic")
    assert rule(tier="basic").is_for("other", "basic")
    assert not rule(tier="basic").is_for("other", "enterprise")


def test_a_rule_survives_being_kept() -> None:
    made = rule(tier="basic", for_seconds=60, keep_firing_seconds=5, failure_threshold=3)
    assert CustomRule.defined("cpu-high", None, "basic", made.definition()) == made


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"metric": ""}, "metric: "),
        ({"threshold": float("inf")}, "threshold: write a number"),
        ({"tenant": "a", "tier": "basic"}, "give tenant or tier, not both"),
        ({"for_seconds": -1}, "for_seconds: write 0 to"),
        ({"failure_threshold": 0}, "failure_threshold: write 1 to"),
    ],
)
def test_what_is_no_rule_is_refused(more: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        rule(**more)


def test_a_replay_shows_the_alerts_that_there_would_have_been() -> None:
    lasting = rule(for_seconds=10)
    readings = [
        (0, 95.0),
        (5, 95.0),
        (10, 95.0),
        (15, 95.0),
        (20, 50.0),
        (30, 95.0),
        (35, 20.0),
        (50, 99.0),
        (60, 99.0),
    ]
    values = [Value("web-1/host", at, value) for at, value in readings]
    assert replay(lasting, "acme", values, Policy()) == [
        Firing("acme", 10, 20, 2),
        Firing("acme", 60, None, 1),
    ]


def test_in_a_replay_too_the_checks_of_a_tenant_share_the_alert() -> None:
    values = [Value("a", 0, 95), Value("b", 1, 95), Value("a", 2, 5), Value("b", 3, 5)]
    assert replay(rule(), "acme", values, Policy()) == [Firing("acme", 0, 3, 2)]
