"""A change of terms splits a period; all tenants make the platform."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from tenantwatch_collector.health import CheckResult, Group
from tenantwatch_collector.sla import CheckTerms, Evaluation, Period, Targets, Terms, evaluate, known_facts
from tenantwatch_collector.sla.parts import Combined, Version, split_period
from tenantwatch_collector.sla.platform import platform_compliance
from tenantwatch_collector.sla.terms import CreditRow, Credits
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
    assert parts.incidents == whole.incidents
    assert parts.budget.total == 200 + Fraction(600, 1000)


def test_each_part_is_judged_on_its_own_terms() -> None:
    parts = combined()
    assert [part.compliant for part in parts.parts] == [True, False]
    assert (parts.compliant, parts.violations) == (False, ["availability"])
    assert parts.credit_amount == 10
    assert Combined([judge(replace(LAX, credits=None), Period(0, 400))]).credit_amount is None


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
