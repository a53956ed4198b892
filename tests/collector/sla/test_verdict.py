"""Targets, budget, burn, score, credit and slices at their edges."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tenantwatch_collector.sla.availability import BurnAnswer, Counted, burn_rates
from tenantwatch_collector.sla.classes import Stretch, TimeClass
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.incidents import Incident
from tenantwatch_collector.sla.terms import (
    TIERS,
    Burn,
    BurnRule,
    CreditRow,
    Credits,
    SliceTerms,
    Targets,
)
from tenantwatch_collector.sla.traffic import RequestCount, Slices, Traffic, Unmasked, count_slices
from tenantwatch_collector.sla.verdict import credit, health_score, violations
from tenantwatch_wire.records import Status

TARGETS = Targets.of({"availability_percentage": "99.9", "error_rate_percentage": "1"})
GOLD = Credits(Fraction("1000"), (CreditRow(Fraction("99.9"), "10"), CreditRow(Fraction(95), "100")))


def at_target() -> tuple[Counted, Traffic, list[Incident]]:
    traffic = Traffic(1000, 10, LatencyHistogram.of([500_000]))
    return Counted(999_000, 1000), traffic, [Incident(0, 900, 900, 900, True)]


def beyond_target() -> tuple[Counted, Traffic, list[Incident]]:
    traffic = Traffic(1000, 11, LatencyHistogram.of([500_001]))
    return Counted(998_999, 1001), traffic, [Incident(0, 901, 901, 901, True)]


def test_equality_with_a_target_is_compliance() -> None:
    assert violations(*at_target(), TARGETS, 1) == []
    assert health_score(*at_target(), TARGETS, 1) == 50


def test_anything_beyond_is_a_violation_in_a_fixed_order() -> None:
    missed = violations(*beyond_target(), TARGETS, 1)
    assert missed == ["availability", "response_time", "error_rate", "recovery_time"]


def test_parts_without_data_are_left_out_of_the_score() -> None:
    assert health_score(Counted(0, 0), Traffic(), [], TARGETS, 1) is None
    assert health_score(Counted(100, 0), Traffic(), [], TARGETS, 1) == 100
    assert health_score(Counted(0, 0), Traffic(1000, 10), [], TARGETS, 1) == 50


def test_nothing_allowed_and_nothing_used_is_perfect() -> None:
    strict = Targets.of({"availability_percentage": "100", "error_rate_percentage": "0"})
    assert health_score(Counted(100, 0), Traffic(10, 0), [], strict, 1) == 100
    assert health_score(Counted(99, 1), Traffic(10, 1), [], strict, 1) == Fraction(1500, 80)


@pytest.mark.parametrize(
    ("down", "pct", "amount"), [(1000, "0", 0), (1001, "10", 100), (50_001, "100", 1000)]
)
def test_the_highest_row_that_matches_is_owed(down: int, pct: str, amount: int) -> None:
    owed = credit(Counted(1_000_000 - down, down), GOLD)
    assert owed is not None
    assert (owed.pct, int(owed.amount)) == (pct, amount)


def test_no_credit_without_counted_time_or_table() -> None:
    assert credit(Counted(0, 0), GOLD) is None
    assert credit(Counted(1, 1), None) is None


def burn(target: str, down_from: int) -> BurnAnswer:
    stretches = [
        Stretch(0, down_from, TimeClass.UP, Status.HEALTHY),
        Stretch(down_from, 1000, TimeClass.DOWN, Status.UNHEALTHY),
    ]
    rules = Burn(10_000, (BurnRule("critical", Fraction(100), 1000, 100),))
    targets = Targets.of({"availability_percentage": target})
    return burn_rates([s for s in stretches if s.start < s.end], rules, targets, 1000)[0]


def test_a_burn_rate_at_its_threshold_is_silent() -> None:
    assert burn("99", 900).long.rate == burn("99", 900).threshold == 10
    assert not burn("99", 900).firing
    assert burn("99", 899).firing


def test_where_nothing_is_allowed_any_burn_is_unlimited() -> None:
    assert burn("100", 999).firing
    assert not burn("100", 1000).firing
    assert burn("100", 1000).long.rate == 0


@pytest.mark.parametrize(("empty", "expected"), [("good", Slices(4, 1)), ("exclude", Slices(2, 1))])
def test_slices(empty: str, expected: Slices) -> None:
    stretches = [
        Stretch(0, 150, TimeClass.UP, Status.HEALTHY),
        Stretch(150, 300, TimeClass.MAINTENANCE, Status.HEALTHY),
        Stretch(300, 450, TimeClass.UP, Status.HEALTHY),
    ]
    requests = [
        RequestCount(0, 100, 5),
        RequestCount(100, 100, 6),
        RequestCount(160, 100, 100),
        RequestCount(350, 9, 9),
    ]
    agreed = SliceTerms(100, Fraction(5), 10, empty)  # type: ignore[arg-type]
    # Five per cent is not more than five; the slice in maintenance vanishes; nine requests are too few.
    counted = count_slices(requests, agreed, (0, 450), Unmasked(stretches, (0, 450)))
    assert counted == (expected if empty == "good" else Slices(3, 1))


@pytest.mark.parametrize(("requests", "bad"), [(9, 0), (10, 1)])
def test_a_slice_needs_so_many_requests_to_be_bad(requests: int, bad: int) -> None:
    up = [Stretch(0, 100, TimeClass.UP, Status.HEALTHY)]
    agreed = SliceTerms(100, Fraction(5), 10, "good")
    counted = count_slices([RequestCount(0, requests, 9)], agreed, (0, 100), Unmasked(up, (0, 100)))
    assert counted == Slices(1, bad)


def test_tiers() -> None:
    figures = {name: (str(t.availability_percentage), int(t.response_time_ms)) for name, t in TIERS.items()}
    assert figures == {
        "basic": ("99", 1000),
        "professional": ("199/2", 750),
        "enterprise": ("999/10", 500),
    }
    assert {t.recovery_time_minutes for t in TIERS.values()} == {15}
