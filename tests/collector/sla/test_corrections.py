"""Corrections need two people, are never taken back, and leave the number as issued beside it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.health import CheckResult, Group
from tenantwatch_collector.sla import (
    CheckTerms,
    Evaluation,
    Maintenance,
    Period,
    Targets,
    Terms,
    evaluate,
    known_facts,
    lay_out,
)
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.corrections import Correction, corrections_known
from tenantwatch_collector.sla.judged import judge as judge_versions
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.truth import Verdict
from tenantwatch_wire.records import Status

from tests.collector.sla.test_evaluate import AS_OF, RESULTS, WINDOWS, terms

AGREED = Terms(
    (CheckTerms("a", "web", 1, 1, 2000),),
    (Group("web", "critical"),),
    Targets.of({"availability_percentage": "99", "error_rate_percentage": "50"}),
)
RESULTS_OF_A = [
    CheckResult(0, Status.HEALTHY, 1000),
    CheckResult(300, Status.UNHEALTHY),
    CheckResult(400, Status.HEALTHY, 1000),
]
MEND = Correction(1, 250, 450, TimeClass.UP, "our probe's own fault", "ann", 1000, "bob", 1100)


def judge(as_of: int, *corrections: Correction) -> Evaluation:
    facts = known_facts(AGREED, {"a": RESULTS_OF_A}, 1000)
    return evaluate(
        AGREED, replace(facts, corrections=corrections_known(corrections, as_of)), Period(0, 1000), 1000
    )


def test_the_amended_number_stands_beside_the_issued_one() -> None:
    issued, amended = judge(1099, MEND), judge(1100, MEND)
    assert (issued.counted.down, issued.violations) == (100, ["availability"])
    assert (amended.counted.down, amended.violations, amended.incidents) == (0, [], [])
    assert sum(amended.seconds.values()) == sum(issued.seconds.values())


def test_masked_time_takes_its_results_out() -> None:
    assert judge(1100, replace(MEND, counts_as=TimeClass.MAINTENANCE)).traffic.total == 1
    down = judge(1100, replace(MEND, counts_as=TimeClass.DOWN))
    assert [(i.start, i.end) for i in down.incidents] == [(250, 450)]


def test_where_two_meet_the_one_approved_later_counts() -> None:
    later = replace(MEND, number=2, counts_as=TimeClass.UNKNOWN, start=400, approved_at=1200)
    assert judge(1300, later, MEND).seconds[TimeClass.UNKNOWN] == 50
    assert judge(1150, later, MEND).seconds[TimeClass.UNKNOWN] == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start": 450}, "end after it begins"),
        ({"end": 1001}, "of the past"),
        ({"reason": " "}, "needs a reason"),
        ({"reason": "x" * 1001}, "at most 1000"),
        ({"author": ""}, "needs an author"),
        ({"approver": "Ann"}, "second person"),
        ({"approver": "ann\u200b"}, "second person"),
        ({"approver": "\uff21nn"}, "second person"),
        ({"approved_at": None}, "a person and an instant"),
    ],
)
def test_what_is_no_correction(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(MEND, **change)


def test_approval_is_given_once_and_by_another() -> None:
    fresh = replace(MEND, approver=None, approved_at=None)
    assert corrections_known([fresh], 10**9) == []
    assert fresh.approved("bob", 1100) == MEND
    with pytest.raises(ValueError, match="second person"):
        fresh.approved("ann", 1100)
    with pytest.raises(ValueError, match="already, by bob"):
        MEND.approved("eve", 1200)


def test_it_puts_no_time_under_the_contract_and_takes_no_window_away() -> None:
    """A mask is agreed, not measured: under it a correction says only what service did."""
    agreed = replace(AGREED, effective_from=300)
    window = [Maintenance(350, 420)]
    facts = known_facts(agreed, {"a": RESULTS_OF_A}, 1000, window)
    everything = replace(MEND, start=0, end=1000)

    def found(counts_as: TimeClass) -> Evaluation:
        amended = replace(facts, corrections=[replace(everything, counts_as=counts_as)])
        return evaluate(agreed, amended, Period(0, 1000), 1000)

    up = found(TimeClass.UP).seconds
    assert (up[TimeClass.OUT_OF_SCOPE], up[TimeClass.MAINTENANCE], up[TimeClass.UP]) == (300, 70, 630)
    assert found(TimeClass.MAINTENANCE).seconds[TimeClass.OUT_OF_SCOPE] == 300
    assert found(TimeClass.OUT_OF_SCOPE).seconds[TimeClass.OUT_OF_SCOPE] == 1000
    # It was down all the time: the window does not end the outage.
    (outage,) = found(TimeClass.DOWN).incidents
    assert (outage.start, outage.downtime, outage.resolved) == (300, 630, False)


def test_nothing_is_proved_of_time_before_the_contract() -> None:
    agreed = replace(AGREED, effective_from=5000)
    facts = replace(known_facts(agreed, {}, 1000), corrections=[replace(MEND, start=0, end=1000)])
    found = judge_versions([Version(0, agreed)], facts, Period(0, 1000), 1000)
    assert (found.whole.counted.availability, found.truth.overall) == (None, Verdict.UNPROVED)


def test_a_later_one_undoes_a_window_that_an_earlier_one_made() -> None:
    masked = replace(MEND, counts_as=TimeClass.MAINTENANCE)
    undone = replace(MEND, number=2, start=350, counts_as=TimeClass.DOWN, approved_at=1200)
    seconds = judge(1300, masked, undone).seconds
    assert (seconds[TimeClass.MAINTENANCE], seconds[TimeClass.DOWN]) == (100, 100)


CORRECTIONS = st.lists(
    st.builds(
        lambda start, length, cls, at: Correction(at, start, start + length, cls, "r", "a", 900, "b", at),
        st.integers(0, 180),
        st.integers(1, 60),
        st.sampled_from(TimeClass),
        st.integers(900, 999),
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(terms(), RESULTS, WINDOWS, AS_OF, CORRECTIONS)
def test_corrections_keep_the_total_and_the_order(agreed, results, windows, as_of, corrections) -> None:  # type: ignore[no-untyped-def]
    facts = known_facts(agreed, results, as_of, windows)
    period = Period(40, 160)
    bare = lay_out(agreed, facts, period, as_of)
    amended = lay_out(agreed, replace(facts, corrections=corrections_known(corrections, 999)), period, as_of)
    assert sum(s.end - s.start for s in amended) == sum(s.end - s.start for s in bare)
    assert [s.start for s in amended[:1]] == [s.start for s in bare[:1]]
    last = {t: c.counts_as for c in corrections_known(corrections, 999) for t in range(c.start, c.end)}
    for now in range(bare[0].start, bare[-1].end) if bare else ():
        was, became = (next(s for s in each if s.start <= now < s.end) for each in (bare, amended))
        order = [TimeClass.OUT_OF_SCOPE, TimeClass.MAINTENANCE]
        said = last.get(now, was.time_class)
        masks = [each for each in order if each in (said, was.time_class)]
        assert became.time_class is (masks[0] if masks else said)
    for left, right in pairwise(amended):
        assert left.end == right.start
        assert (left.time_class, left.real) != (right.time_class, right.real)
