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
    ServiceHours,
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


def running(agreed: Terms, as_of: int, *results: CheckResult) -> Truth:
    """The same period while it runs."""
    facts, period = known_facts(agreed, {"a": results}, as_of), Period(0, 1000)
    return truth_of(evaluate(agreed, facts, period, as_of), lay_out(agreed, facts, period, as_of))


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


def test_what_the_rest_of_the_period_can_mend_is_no_breach() -> None:
    """90 % of 1000 s allow 100 s: 30 of the first 200 are mended by 800 good ones, 110 are not."""
    mild = [*up(0, 100, 130), CheckResult(100, Status.UNHEALTHY)]
    errors = {"availability_percentage": "90", "recovery_time_minutes": 9, "error_rate_percentage": "50"}
    lax = replace(AGREED, targets=Targets.of(errors))
    found = running(lax, 200, *mild)
    assert found.best is not None
    assert found.best < 90
    assert found.verdicts["availability"] is Verdict.NOT_SO_FAR
    assert found.overall is Verdict.NOT_SO_FAR
    down = [CheckResult(at, Status.UNHEALTHY) for at in (0, 60)]
    assert running(lax, 200, *down, *up(100)).verdicts["availability"] is Verdict.NOT_SO_FAR
    assert running(lax, 200, *down, *up(101)).verdicts["availability"] is Verdict.BREACHED
    assert running(lax, 1000, *mild).verdicts["availability"] is not Verdict.NOT_SO_FAR


def test_the_rest_is_what_service_hours_leave_of_it() -> None:
    """Of 1000 s the contract covers the first 300: 100 more cannot mend 40 s, as 800 could."""
    hours = (ServiceHours(3, 0, 5),)
    opening = replace(AGREED, service_hours=hours)
    results = [*up(0), CheckResult(100, Status.UNHEALTHY), *up(140)]
    assert running(AGREED, 200, *results).verdicts["availability"] is Verdict.NOT_SO_FAR
    assert running(opening, 200, *results).verdicts["availability"] is Verdict.BREACHED


def test_an_outage_that_lasted_too_long_is_not_mended() -> None:
    lax = replace(AGREED, targets=Targets.of({"availability_percentage": "50", "recovery_time_minutes": 2}))
    down = [CheckResult(at, Status.UNHEALTHY) for at in (0, 60, 120)]
    assert running(lax, 200, *down, *up(130)).overall is Verdict.BREACHED


def test_slow_answers_and_errors_are_mended_by_as_much_that_is_asked_as_before() -> None:
    """Of 1000 s 200 are over: five times the looks are to come, so a fifth of a mean or a rate counts."""
    targets = {"availability_percentage": "1", "response_time_ms": 100, "error_rate_percentage": "10"}
    agreed = replace(AGREED, targets=Targets.of(targets))
    for latency_ms, word in ((100, "MET"), (500, "NOT_SO_FAR"), (501, "BREACHED")):
        looks = [CheckResult(at, Status.HEALTHY, latency_ms * 1000) for at in range(0, 200, 50)]
        assert running(agreed, 200, *looks).verdicts["response_time"] is Verdict[word]
    for errors, word in ((0, "MET"), (1, "NOT_SO_FAR"), (2, "NOT_SO_FAR"), (3, "BREACHED")):
        bad = [CheckResult(at, Status.UNHEALTHY) for at in range(0, 10 * errors, 10)]
        good = up(*range(10 * errors, 40, 10))
        assert running(agreed, 200, *bad, *good).verdicts["error_rate"] is Verdict[word], errors


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
