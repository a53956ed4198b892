"""Whole and parts, as issued and amended, steps of a trend; and everything survives being written down."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.sla import (
    Maintenance,
    Period,
    Targets,
    Terms,
    buckets_of,
    calendar_period,
    evaluate,
    known_facts,
)
from tenantwatch_collector.sla.buckets import Rollups
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.contract import Contract
from tenantwatch_collector.sla.corrections import Correction
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.steps import steps_of
from tenantwatch_collector.sla.traffic import Traffic
from tenantwatch_collector.sla.written import (
    correction_from_json,
    correction_to_json,
    terms_from_json,
    terms_to_json,
    window_from_json,
    window_to_json,
)

from tests.collector.sla import second_by_second
from tests.collector.sla.test_contract import CHECKS, GROUPS
from tests.collector.sla.test_evaluate import AS_OF, LETTERS, RESULTS, WINDOWS, terms

PERIOD = Period(40, 160)


@settings(max_examples=50, deadline=None)
@given(terms(), RESULTS, WINDOWS, AS_OF, st.integers(41, 159))
def test_splitting_a_period_adds_up(agreed, results, windows, as_of, cut) -> None:  # type: ignore[no-untyped-def]
    """New terms in the middle that say the same change nothing: no sum, no outage, no allowance."""
    facts = known_facts(agreed, results, as_of, windows)
    whole = evaluate(agreed, facts, PERIOD, as_of)
    split = judge([Version(0, agreed), Version(cut, replace(agreed))], facts, PERIOD, as_of)
    assert len(split.parts) == 2
    assert split.whole.seconds == whole.seconds
    assert split.whole.counted == whole.counted
    assert split.whole.traffic == whole.traffic
    assert split.whole.budget == whole.budget
    assert split.whole.incidents == whole.incidents
    assert split.whole.over_target == whole.over_target
    assert split.whole.stretches == whole.stretches
    once = judge([Version(0, agreed)], facts, PERIOD, as_of)
    assert (split.truth.best, split.truth.worst) == (once.truth.best, once.truth.worst)


@settings(max_examples=60, deadline=None)
@given(terms(), terms(), RESULTS, WINDOWS, AS_OF, st.integers(1, 199))
def test_each_second_is_on_the_terms_then_in_force(one, other, results, windows, as_of, cut) -> None:  # type: ignore[no-untyped-def]
    """Before the period too, where outages begin; and one allowance is spent over all of it."""
    other = replace(other, checks=one.checks, groups=one.groups)

    def in_force(now: int) -> Terms:
        agreed: Terms = one if now < cut else other
        return agreed

    facts = known_facts(one, results, as_of, windows)
    begin = min([40, as_of, *(changes[0].time for changes in facts.changes.values() if changes)])
    seconds = second_by_second.play(in_force, facts.changes, windows, PERIOD, as_of, begin)
    found = judge([Version(0, one), Version(cut, other)], facts, PERIOD, as_of).whole
    inside = Counter(LETTERS[s.letter] for now, s in seconds.items() if 40 <= now < 160)
    assert {c.value: n for c, n in found.seconds.items() if n} == dict(inside)
    assert [
        (i.start, i.end, i.downtime, i.downtime_in_period) for i in found.incidents
    ] == second_by_second.incidents(seconds, in_force, PERIOD, as_of)


@settings(max_examples=80, deadline=None)
@given(
    terms(), RESULTS, WINDOWS, AS_OF, st.lists(st.integers(41, 159), unique=True, max_size=5), st.booleans()
)
def test_the_steps_of_a_trend_add_up(agreed, results, windows, as_of, cuts, by_buckets) -> None:  # type: ignore[no-untyped-def]
    edges = [40, *sorted(cuts), 160]
    steps = [Period(low, high) for low, high in pairwise(edges)]
    facts = known_facts(agreed, results, as_of, windows)
    if by_buckets:
        buckets = {n: buckets_of(s, 10, agreed.max_future_skew) for n, s in results.items()}
        facts = replace(facts, rollups=Rollups(buckets, 10**9))
    found = judge([Version(0, agreed)], facts, PERIOD, as_of, steps)
    together = Traffic()
    for point in found.trend:
        together.merge(point.traffic)
    assert together == found.whole.traffic
    assert {c: sum(p.seconds[c] for p in found.trend) for c in TimeClass} == dict(found.whole.seconds)


def test_new_targets_in_the_middle_are_judged_there() -> None:
    lax = Contract().to_terms(CHECKS, GROUPS, None)
    strict = replace(lax, targets=Targets.of({"availability_percentage": "100"}))
    facts = known_facts(lax, {}, 1000)
    found = judge([Version(0, lax), Version(500, strict)], facts, Period(0, 1000), 1000)
    assert [part.terms for part in found.parts] == [lax, strict]
    assert found.issued is None
    mend = Correction(1, 0, 1000, TimeClass.UP, "r", "a", 1000, "b", 1001)
    amended = judge([Version(0, lax)], replace(facts, corrections=[mend]), Period(0, 1000), 1000)
    assert amended.whole.seconds[TimeClass.UP] == 1000
    assert amended.issued is not None
    assert amended.issued.seconds[TimeClass.UP] == 0


@settings(max_examples=40, deadline=None)
@given(terms())
def test_terms_survive_being_written(agreed) -> None:  # type: ignore[no-untyped-def]
    agreed = replace(agreed, zone=ZoneInfo("Asia/Kathmandu"))
    assert terms_from_json(json.loads(json.dumps(terms_to_json(agreed)))) == agreed


def test_a_whole_contract_survives_being_written() -> None:
    contract = Contract.model_validate(
        {
            "service_hours": [{"weekday": 0, "from_minute": 480, "to_minute": 1080}],
            "credits": {"fee": "10.50", "table": [{"below": "99.9", "credit_pct": "10"}]},
            "slices": {},
        }
    )
    agreed = contract.to_terms(CHECKS, GROUPS, 7, 1_000_000)
    assert terms_from_json(json.loads(json.dumps(terms_to_json(agreed)))) == agreed
    window = Maintenance(1, 2, frozenset({"a"}), 0, None)
    assert window_from_json(json.loads(json.dumps(window_to_json(window)))) == window
    mend = Correction(1, 0, 10, TimeClass.UP, "r", "a", 10, "b", 11)
    assert correction_from_json(json.loads(json.dumps(correction_to_json(mend)))) == mend


@pytest.mark.parametrize(
    ("kind", "day", "count"),
    [
        ("daily", date(2026, 3, 29), 23),
        ("weekly", date(2026, 3, 29), 7),
        ("monthly", date(2026, 3, 1), 31),
        ("quarterly", date(2026, 1, 1), 14),
        ("yearly", date(2026, 1, 1), 12),
    ],
)
def test_steps_tile_their_period(kind, day, count) -> None:  # type: ignore[no-untyped-def]
    zone = ZoneInfo("Europe/Berlin")
    period = calendar_period(kind, day, zone)
    steps = steps_of(period, zone)
    assert len(steps) == count
    assert (steps[0].start, steps[-1].end) == (period.start, period.end)
    for left, right in pairwise(steps):
        assert left.end == right.start
    assert steps_of(Period(5, 5), zone) == []
