"""Provisional, final, revised; and how long a budget lasts."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tenantwatch_collector.health import CheckResult, Group
from tenantwatch_collector.sla import CheckTerms, Period, Targets, Terms, evaluate, known_facts, lay_out
from tenantwatch_collector.sla.life import Issue, is_final, next_issue, time_to_breach
from tenantwatch_wire.records import Status

HOUR = 3600


def test_final_needs_three_days_and_every_agents_watermark() -> None:
    end = 1000
    assert not is_final(end, end + 72 * HOUR - 1, [end])
    assert is_final(end, end + 72 * HOUR, [end, end + 5])
    assert not is_final(end, end + 72 * HOUR, [end, end - 1])
    assert is_final(end, end + 72 * HOUR, [])
    assert not is_final(end * 10**6, (end + 72 * HOUR) * 10**6 - 1, [], 10**6)


def test_a_report_is_provisional_then_final_then_revised() -> None:
    first = next_issue(None, False, "a")
    assert first == Issue("provisional", 0, "a")
    assert next_issue(first, False, "a") is None
    assert next_issue(first, False, "b") == Issue("provisional", 0, "b")
    final = next_issue(first, True, "a")
    assert final == Issue("final", 0, "a")
    assert next_issue(final, True, "a", "late results") is None
    revised = next_issue(final, True, "c", "late results")
    assert revised == Issue("revised", 1, "c", "late results")
    assert next_issue(revised, True, "d", "correction 7") == Issue("revised", 2, "d", "correction 7")


def test_a_revision_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        next_issue(Issue("final", 0, "a"), True, "b")


def test_time_that_nobody_measured_burns_no_budget_and_spares_none() -> None:
    """Looked at for 20 s, 10 of them down: all time is like that, not like 10 of 100."""
    agreed = Terms(
        (CheckTerms("a", "web", 1, 1, 5000),),
        (Group("web", "critical"),),
        Targets.of({"availability_percentage": "90"}),
    )
    results = {"a": [CheckResult(980, Status.HEALTHY), CheckResult(990, Status.UNHEALTHY)]}
    facts, period = known_facts(agreed, results, 1000), Period(0, 2000)
    found = evaluate(agreed, facts, period, 1000)
    assert found.budget.remaining == 92
    assert time_to_breach(found, lay_out(agreed, facts, period, 1000), 100) == 184


def rate(down_from: int | None, target: str = "90") -> Fraction | None:
    agreed = Terms(
        (CheckTerms("a", "web", 1, 1, 5000),),
        (Group("web", "critical"),),
        Targets.of({"availability_percentage": target}),
    )
    results = [CheckResult(0, Status.HEALTHY)]
    results += [] if down_from is None else [CheckResult(down_from, Status.UNHEALTHY)]
    facts, period = known_facts(agreed, {"a": results}, 1000), Period(0, 2000)
    stretches = lay_out(agreed, facts, period, 1000)
    return time_to_breach(evaluate(agreed, facts, period, 1000), stretches, 100)


def test_the_budget_lasts_as_long_as_the_present_rate_allows() -> None:
    """200 s of budget, 50 s used, and half of the last 100 s was down: 150 s of down time take 300 s."""
    assert rate(950) == 300
    assert rate(None) is None
    assert rate(950, "99.9") == 0


def test_a_budget_of_nothing_is_not_spent_by_nothing() -> None:
    """Where nothing was measured there is no budget, and a target of 100 % has none either."""
    assert rate(None, "100") is None
    agreed = Terms((CheckTerms("a", "web", 1, 1, 5000),), (Group("web", "critical"),))
    facts, period = known_facts(agreed, {"a": []}, 2000), Period(0, 2000)
    stretches = lay_out(agreed, facts, period, 2000)
    assert time_to_breach(evaluate(agreed, facts, period, 2000), stretches, 100) is None
