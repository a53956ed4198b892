"""Three-valued truth: what the facts alone prove, whatever the policies say."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from tenantwatch_collector.health import CheckResult, Group
from tenantwatch_collector.sla import (
    CheckTerms,
    Maintenance,
    Period,
    Policies,
    Targets,
    Terms,
    evaluate,
    known_facts,
    lay_out,
)
from tenantwatch_collector.sla.truth import Truth, Verdict, truth_of
from tenantwatch_wire.records import Status

from tests.collector.sla.test_evaluate import AS_OF, RESULTS, WINDOWS, terms

AGREED = Terms(
    (CheckTerms("a", "web", 1, 1, 100),),
    (Group("web", "critical"),),
    Targets.of({"availability_percentage": "90", "recovery_time_minutes": 2}),
)


def judge(agreed: Terms, *results: CheckResult, windows: list[Maintenance] | None = None) -> Truth:
    facts = known_facts(agreed, {"a": results}, 1000, windows or [])
    period = Period(0, 1000)
    return truth_of(evaluate(agreed, facts, period, 1000), lay_out(agreed, facts, period, 1000))


def up(*times: int) -> list[CheckResult]:
    return [CheckResult(time, Status.HEALTHY, 1000) for time in times]


def test_all_known_time_proves_it() -> None:
    found = judge(AGREED, *up(*range(0, 1000, 100)))
    assert (found.best, found.worst, found.overall) == (Fraction(100), Fraction(100), Verdict.MET)


def test_a_gap_that_could_hide_a_breach_leaves_it_open() -> None:
    found = judge(AGREED, *up(*range(0, 600, 100)), *up(950))
    assert (found.best, found.worst) == (Fraction(100), Fraction(65))
    assert found.verdicts["availability"] is Verdict.UNPROVED
    assert found.verdicts["response_time"] is Verdict.MET
    assert found.overall is Verdict.UNPROVED


def test_a_breach_in_the_best_case_is_proved() -> None:
    down = CheckResult(400, Status.UNHEALTHY), CheckResult(500, Status.UNHEALTHY)
    found = judge(AGREED, *up(0, 100, 200, 300), *down, *up(700))
    assert found.best is not None
    assert found.best < 90
    assert found.overall is Verdict.BREACHED


def test_no_outage_but_a_gap_longer_than_the_recovery_target() -> None:
    """Availability is proved; that nothing was down for more than two minutes is not."""
    lax = replace(AGREED, targets=Targets.of({"availability_percentage": "50", "recovery_time_minutes": 2}))
    found = judge(lax, *up(*range(0, 600, 100)), *up(*range(700, 1000, 50)))
    assert found.verdicts["availability"] is Verdict.MET
    assert found.verdicts["recovery_time"] is Verdict.MET
    found = judge(lax, *up(*range(0, 600, 100)), *up(*range(750, 1000, 50)))
    assert found.verdicts["recovery_time"] is Verdict.UNPROVED


def test_nothing_known_proves_nothing() -> None:
    found = judge(AGREED)
    assert (found.best, found.worst, found.overall) == (Fraction(100), Fraction(0), Verdict.UNPROVED)
    masked = judge(AGREED, windows=[Maintenance(0, 1000)])
    assert (masked.best, masked.worst, masked.overall) == (None, None, Verdict.UNPROVED)


@settings(max_examples=60, deadline=None)
@given(terms(), RESULTS, WINDOWS, AS_OF)
def test_the_truth_lies_between_the_bounds(agreed, results, windows, as_of) -> None:  # type: ignore[no-untyped-def]
    period = Period(40, 160)
    facts = known_facts(agreed, results, as_of, windows)
    found = evaluate(agreed, facts, period, as_of)
    truth = truth_of(found, lay_out(agreed, facts, period, as_of))
    if found.counted.availability is not None:
        assert truth.worst is not None
        assert truth.best is not None
        assert truth.worst <= found.counted.availability <= truth.best
    if truth.best is not None and truth.verdicts["availability"] is Verdict.MET:
        excluded = replace(agreed, policies=replace(agreed.policies, unknown="down"))
        assert "availability" not in evaluate(excluded, facts, period, as_of).violations


def test_policies_do_not_change_what_is_proved() -> None:
    results = up(*range(0, 600, 100))
    unknown = [
        judge(replace(AGREED, policies=Policies(unknown=p)), *results) for p in ("exclude", "up", "down")
    ]
    assert {(t.best, t.worst) for t in unknown} == {(Fraction(100), Fraction(60))}
