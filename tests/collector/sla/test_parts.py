"""A change of terms splits a period; all tenants make the platform."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from tenantwatch_collector.health import CheckResult, Group
from tenantwatch_collector.sla import (
    CheckTerms,
    Evaluation,
    Facts,
    Maintenance,
    Period,
    Policies,
    RequestCount,
    Targets,
    Terms,
    evaluate,
    known_facts,
    report,
)
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.explain_judged import explain_judged
from tenantwatch_collector.sla.judged import judge as judge_versions
from tenantwatch_collector.sla.parts import Version, slice_spans, split_period
from tenantwatch_collector.sla.platform import platform_compliance
from tenantwatch_collector.sla.rounding import decimal_text
from tenantwatch_collector.sla.terms import Burn, BurnRule, CreditRow, Credits, SliceTerms
from tenantwatch_collector.sla.traffic import Slices
from tenantwatch_collector.sla.truth import Verdict
from tenantwatch_collector.sla.whole import Combined
from tenantwatch_wire.records import Status

LAX = Terms(
    (CheckTerms("a", "web", 1, 1, 1000),),
    (Group("web", "critical"),),
    Targets.of({"availability_percentage": "50", "error_rate_percentage": "100"}),
    credits=Credits(Fraction(100), (CreditRow(Fraction(100), "10"),)),
)
STRICT = replace(LAX, targets=Targets.of({"availability_percentage": "99.9", "error_rate_percentage": "100"}))
RESULTS = {
    "a": [
        CheckResult(0, Status.HEALTHY, 1000),
        CheckResult(350, Status.UNHEALTHY),
        CheckResult(450, Status.HEALTHY, 3000),
    ]
}


def judge(terms: Terms, period: Period) -> Evaluation:
    return evaluate(terms, known_facts(terms, RESULTS, 1000), period, 1000)


def combined() -> Combined:
    versions = [Version(400, STRICT), Version(-50, LAX)]
    return Combined([judge(terms, part) for terms, part in split_period(Period(0, 1000), versions)])


def test_a_period_is_split_where_terms_change() -> None:
    versions = [Version(400, STRICT), Version(2000, LAX), Version(-50, LAX)]
    assert split_period(Period(0, 1000), versions) == [(LAX, Period(0, 400)), (STRICT, Period(400, 1000))]
    assert split_period(Period(500, 900), versions) == [(STRICT, Period(500, 900))]


def test_time_before_the_first_terms_is_judged_by_them() -> None:
    assert split_period(Period(0, 1000), [Version(700, LAX)]) == [(LAX, Period(0, 1000))]


def test_parts_add_up() -> None:
    whole, parts = judge(LAX, Period(0, 1000)), combined()
    assert parts.seconds == whole.seconds
    assert parts.counted == whole.counted
    assert parts.traffic == whole.traffic
    assert parts.budget.total == 200 + Fraction(600, 1000)


def test_each_part_is_judged_on_its_own_terms() -> None:
    parts = combined()
    assert [part.compliant for part in parts.parts] == [True, False]
    assert (parts.compliant, parts.violations) == (False, ["availability"])
    assert parts.credit_amount == 10
    assert Combined([judge(replace(LAX, credits=None), Period(0, 400))]).credit_amount is None


def told(versions: list[Version], facts: Facts, as_of: int = 1000) -> Evaluation:
    return judge_versions(versions, facts, Period(0, 1000), as_of).whole


def outage(low: int, high: int, status: Status = Status.UNHEALTHY) -> dict[str, list[CheckResult]]:
    bad = [CheckResult(time, status) for time in range(low, high, 10)]
    return {"a": [CheckResult(0, Status.HEALTHY), *bad, CheckResult(high, Status.HEALTHY)]}


def test_an_allowance_is_the_whole_reports() -> None:
    """Not each part's: what the earlier terms excused is gone."""
    windows = [Maintenance(200, 300), Maintenance(700, 800)]
    capped = replace(LAX, maintenance_allowance=150)
    facts = known_facts(LAX, outage(100, 900), 1000, windows)
    whole = told([Version(0, capped)], facts)
    split = told([Version(0, capped), Version(500, replace(capped))], facts)
    assert whole.seconds[TimeClass.MAINTENANCE] == split.seconds[TimeClass.MAINTENANCE] == 150
    more = replace(capped, maintenance_allowance=180)
    assert told([Version(0, capped), Version(500, more)], facts).seconds[TimeClass.MAINTENANCE] == 180
    less = replace(capped, maintenance_allowance=60)
    assert told([Version(0, capped), Version(500, less)], facts).seconds[TimeClass.MAINTENANCE] == 100


def test_an_outage_over_a_change_is_one_and_began_by_the_terms_then_in_force() -> None:
    """Degraded time is down by the later terms alone: it does not make the outage begin earlier."""
    stricter = replace(LAX, policies=Policies(degraded="down"))
    results = outage(200, 300, Status.DEGRADED)["a"][:-1] + outage(300, 700)["a"][1:]
    facts = known_facts(LAX, {"a": results}, 1000)
    (found,) = told([Version(0, LAX), Version(500, stricter)], facts).incidents
    assert (found.start, found.end, found.downtime, found.downtime_in_period) == (300, 700, 400, 400)
    slow = known_facts(LAX, outage(200, 700, Status.DEGRADED), 1000)
    (found,) = told([Version(0, LAX), Version(500, stricter)], slow).incidents
    assert (found.start, found.end, found.downtime) == (500, 700, 200)
    # The other way round the change itself ends it.
    (found,) = told([Version(0, stricter), Version(500, LAX)], slow).incidents
    assert (found.start, found.end, found.downtime) == (200, 500, 300)


def test_what_ends_in_the_next_part_is_told_as_ended() -> None:
    results = [
        *outage(300, 490)["a"][:-1],
        CheckResult(600, Status.UNKNOWN),
        CheckResult(700, Status.HEALTHY),
    ]
    quick = replace(LAX, checks=(CheckTerms("a", "web", 1, 1, 15),))
    facts = known_facts(quick, {"a": results}, 1000)
    (found,) = told([Version(0, quick), Version(500, replace(quick))], facts).incidents
    assert (found.start, found.end, found.resolved) == (300, 495, True)


def test_an_outage_is_too_long_by_the_terms_of_its_own_time() -> None:
    patient = replace(LAX, targets=replace(LAX.targets, recovery_time_minutes=Fraction(5)))
    hasty = replace(LAX, targets=replace(LAX.targets, recovery_time_minutes=Fraction(1)))
    facts = known_facts(LAX, outage(100, 200), 1000)
    found = told([Version(0, patient), Version(500, hasty)], facts)
    assert (found.violations, report(found)["incidents"][0]["over_target"]) == ([], False)
    found = told([Version(0, hasty), Version(500, patient)], facts)
    assert (found.violations, report(found)["incidents"][0]["over_target"]) == (["recovery_time"], True)


def test_terms_to_come_judge_nothing_yet() -> None:
    facts = known_facts(LAX, outage(100, 200), 400)
    versions = [Version(0, LAX), Version(500, STRICT)]
    found = told(versions, facts, 400)
    assert (found.terms, found.eval_end, found.violations) == (LAX, 400, [])
    assert told(versions, facts, 600).terms == STRICT


def test_the_best_and_the_worst_case_count_each_time_by_its_own_policies() -> None:
    harsh = replace(LAX, policies=Policies(degraded="down"))
    facts = known_facts(LAX, outage(0, 1000, Status.DEGRADED), 1000)
    found = judge_versions([Version(0, LAX), Version(500, harsh)], facts, Period(0, 1000), 1000)
    assert found.truth.best == found.truth.worst == 50


def test_a_part_of_which_nothing_counts_leaves_nothing_open() -> None:
    """The contract begins with the second part, and the third is still to come."""
    begun = replace(LAX, effective_from=300)
    facts = known_facts(LAX, outage(600, 610), 900)
    versions = [Version(0, begun), Version(300, replace(begun)), Version(950, STRICT)]
    found = judge_versions(versions, facts, Period(0, 1000), 900)
    assert set(found.truth.verdicts.values()) == {Verdict.MET}
    assert found.truth.overall is Verdict.MET
    early = judge_versions(versions, facts, Period(0, 1000), 200)
    assert (early.truth.overall, set(early.truth.verdicts)) == (Verdict.UNPROVED, {"availability"})


def test_burn_rates_count_each_time_by_its_own_policies() -> None:
    burning = replace(LAX, burn=Burn(10_000, (BurnRule("critical", Fraction(100), 800, 100),)))
    harsh = replace(burning, policies=Policies(degraded="down"))
    facts = known_facts(LAX, outage(0, 1000, Status.DEGRADED), 1000)
    (answer,) = told([Version(0, burning), Version(800, harsh)], facts).burn
    assert answer.long.rate == Fraction(200, 800) / Fraction(1, 2)
    assert answer.short.rate == 2


def test_burn_rates_of_an_instant_are_the_same_whichever_period_is_asked_about() -> None:
    rule = Burn(10_000, (BurnRule("critical", Fraction(100), 800, 100),))
    lax, strict = replace(LAX, burn=rule), replace(STRICT, burn=rule)
    versions = [Version(0, lax), Version(1500, strict)]
    facts = known_facts(lax, outage(1600, 1700), 2000)
    periods = [Period(0, 1000), Period(1000, 2000), Period(1600, 2000)]
    past, split, present = (judge_versions(versions, facts, period, 2000) for period in periods)
    assert past.whole.terms == lax
    assert past.whole.burn == split.whole.burn == present.whole.burn != []
    target = f"(1 - {decimal_text(strict.targets.availability_percentage)} / 100)"
    assert any(target in line for line in explain_judged(past))


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ((100, 100), [(0, 500), (500, 1000)]),
        ((100, 50), [(0, 450), (450, 1000)]),
        ((100, None), [(0, 450), (450, 1000)]),
        ((300, 300), [(0, 600), (600, 1000)]),
        ((2000, 2000), [(0, 1000), (1000, 1000)]),
    ],
)
def test_no_slice_is_told_twice(lengths: tuple[int, int | None], expected: list[tuple[int, int]]) -> None:
    """One that the change at 450 cuts belongs to the terms in which it began."""
    sliced = [
        LAX if n is None else replace(LAX, slices=SliceTerms(n, Fraction(10), 1, "good")) for n in lengths
    ]
    split = split_period(Period(0, 1000), [Version(0, sliced[0]), Version(450, sliced[1])])
    assert slice_spans(split) == expected


def test_a_slice_over_a_change_has_all_of_its_requests() -> None:
    """Nine of ten failed before the change and none of ninety after it: under ten per cent of the slice."""
    sliced = replace(LAX, slices=SliceTerms(100, Fraction(10), 1, "good"))
    requests = [RequestCount(410, 10, 9), RequestCount(460, 90, 0)]
    facts = replace(known_facts(LAX, outage(990, 1000), 1000), requests=requests)
    split = told([Version(0, sliced), Version(450, replace(sliced))], facts)
    assert split.slices == told([Version(0, sliced)], facts).slices == Slices(10, 0)


def test_the_platform_counts_tenants_with_data() -> None:
    silent = evaluate(LAX, known_facts(LAX, {}, 1000), Period(0, 1000), 1000)
    month, day = judge(LAX, Period(0, 1000)), judge(STRICT, Period(300, 500))
    found = platform_compliance([month, day, silent])
    assert (found.tenants, found.tenants_with_data, found.compliant_tenants) == (3, 2, 1)
    assert found.compliance_percentage == 50
    assert found.average_availability == 70
    assert found.weighted_availability == Fraction(100 * 1000, 1200)
    assert found.average_response_ms == Fraction(2 + 3, 2)
    assert platform_compliance([silent]).compliance_percentage is None
    assert Combined([silent]).compliant is None
