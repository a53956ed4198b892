"""Custom rules: what holds for which values, whose they are, and what is no rule."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.alerts.builtin import NAMES, ON_METRICS, in_force
from tenantwatch_collector.alerts.condition import Condition, CustomRule
from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.alerts.window import Aggregation

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


@given(st.sampled_from(sorted(PLAIN)), st.floats(-5, 5), st.lists(st.floats(-5, 5), max_size=20))
def test_a_condition_is_what_it_is_called(
    condition: Condition, threshold: float, values: list[float]
) -> None:
    found = rule(condition=condition, threshold=threshold).holds(np.array(values, np.float64))
    assert found.tolist() == [PLAIN[condition](value, threshold) for value in values]


@pytest.mark.parametrize("condition", [*PLAIN, Condition.CHANGES_BY_PERCENT])
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
    over = rule(window_seconds=600, aggregation=Aggregation.P95, enabled=False)
    assert CustomRule.defined("cpu-high", None, None, over.definition()) == over


def test_one_of_an_earlier_version_is_read_as_it_was_meant() -> None:
    kept = (
        '{"metric": "cpu_percent", "condition": "less_than", "threshold": 3.0, "severity": "info",'
        ' "for_seconds": 0, "keep_firing_seconds": 0, "failure_threshold": 1, "success_threshold": 1}'
    )
    read = CustomRule.defined("old", None, None, kept)
    assert (read.enabled, read.window_seconds, read.alert_type) == (True, 0, "cpu_percent")


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, "cpu_percent greater than 90"),
        ({"window_seconds": 60}, "avg of cpu_percent over 60 s greater than 90"),
        ({"condition": Condition.ABSENT, "window_seconds": 60}, "cpu_percent absent for 60 s"),
        ({"condition": Condition.CHANGES_BY_PERCENT}, "cpu_percent changes by 90 %"),
    ],
)
def test_people_call_it_by_what_it_says(more: dict[str, Any], name: str) -> None:
    assert rule(**more).name == name


def test_the_built_in_rules_are_in_force_unless_told_otherwise() -> None:
    mine = rule()
    assert {one.rule_id for one in in_force([mine])} == {*ON_METRICS, "cpu-high"}
    assert {one.rule_id for one in in_force([], NAMES)} == set()
    own = replace(ON_METRICS["builtin-cpu"], threshold=50.0)
    assert own in in_force([own], {"resources"})
    assert "builtin-cpu" not in {one.rule_id for one in in_force([replace(own, enabled=False)])}


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"metric": ""}, "metric: "),
        ({"threshold": float("inf")}, "threshold: write a number"),
        ({"tenant": "a", "tier": "basic"}, "give tenant or tier, not both"),
        ({"for_seconds": -1}, "for_seconds: write 0 to"),
        ({"failure_threshold": 0}, "failure_threshold: write 1 to"),
        ({"condition": Condition.ABSENT}, "window_seconds: write for how long"),
        ({"condition": Condition.ABSENT, "window_seconds": 9, "for_seconds": 9}, "absent: window_seconds"),
        ({"aggregation": Aggregation.MAX}, "window_seconds: write over how long"),
        ({"window_seconds": 100_000}, "window_seconds: write 0 to 86400"),
        ({"condition": Condition.CHANGES_BY_PERCENT, "threshold": 0.0}, "a percentage above 0"),
    ],
)
def test_what_is_no_rule_is_refused(more: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        rule(**more)
