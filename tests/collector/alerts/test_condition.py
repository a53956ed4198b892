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
from tenantwatch_collector.alerts.rule import Severity

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
