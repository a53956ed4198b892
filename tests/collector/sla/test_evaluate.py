"""Properties of every contract: sums, independence of order, and the rules read one second at a time."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
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
    Policies,
    RequestCount,
    Targets,
    Terms,
    evaluate,
    known_facts,
    lay_out,
    report,
)
from tenantwatch_collector.sla.cases import evaluate_case
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_wire.records import Status

from tests.collector.sla import second_by_second

LETTERS = {"O": "out_of_scope", "M": "maintenance", "N": "unknown", "U": "up", "G": "degraded", "D": "down"}
CHECKS = ("a", "b", "c")
START, END = 40, 160
INSTANT = st.integers(0, 200)
SELDOM = st.sampled_from([False] * 6 + [True]).flatmap(lambda is_given: INSTANT if is_given else st.none())
ARRIVAL = st.sampled_from([False] * 6 + [True]).flatmap(lambda late: INSTANT if late else st.none())


@st.composite
def series(draw: st.DrawFn) -> list[CheckResult]:
    """Results a few seconds apart, in phases of one status, as real outages are; some arrive late."""
    found, time = [], draw(st.integers(0, 60))
    for _ in range(draw(st.integers(3, 12))):
        status = draw(st.sampled_from([*Status, Status.HEALTHY, Status.UNHEALTHY]))
        step, latency_us = draw(st.integers(1, 12)), draw(st.none() | st.integers(0, 10**6))
        for _ in range(draw(st.integers(1, 5))):
            found.append(CheckResult(time, status, latency_us, draw(ARRIVAL)))
            time += step
    return found


@st.composite
def window(draw: st.DrawFn) -> Maintenance:
    start = draw(st.integers(0, 180))
    checks = draw(st.none() | st.frozensets(st.sampled_from(CHECKS), min_size=1))
    return Maintenance(start, start + draw(st.integers(1, 80)), checks, draw(SELDOM), draw(SELDOM))


RESULTS = st.fixed_dictionaries({name: series() for name in CHECKS})
WINDOWS = st.lists(window(), max_size=4)
AS_OF = st.integers(1, 200) | st.integers(120, 200)


@st.composite
def terms(draw: st.DrawFn, /, **fixed: Any) -> Terms:
    roles = draw(st.tuples(*[st.sampled_from(["critical", "critical", "degrading", "informational"])] * 2))
    groups = tuple(
        Group(f"g{i}", role, draw(st.sampled_from(["any", "all", "quorum"]))) for i, role in enumerate(roles)
    )
    checks = tuple(
        CheckTerms(
            name,
            draw(st.sampled_from(["g0", "g1"])),
            draw(st.integers(1, 3)),
            draw(st.integers(1, 3)),
            draw(st.integers(10, 60)),
            draw(SELDOM),
            draw(SELDOM),
        )
        for name in CHECKS
    )
    policies = Policies(
        draw(st.sampled_from(["exclude", "up", "ignore"])),
        draw(st.sampled_from(["exclude", "up", "down"])),
        draw(st.sampled_from(["up", "down"])),
    )
    drawn: dict[str, Any] = {
        "effective_from": draw(SELDOM),
        "maintenance_min_notice": draw(st.sampled_from([0, 0, 30])),
        "maintenance_allowance": draw(st.none() | st.integers(0, 60)),
    }
    return Terms(checks, groups, policies=policies, **(drawn | fixed))


@st.composite
def redefined(draw: st.DrawFn) -> Terms:
    """Checks that were defined anew at some time, or stopped and came back."""
    agreed, found = draw(terms()), list[CheckTerms]()
    for check in agreed.checks:
        begins, stops, comes_back = sorted(draw(st.lists(INSTANT, min_size=3, max_size=3)))
        found.append(replace(check, active_from=begins, active_to=stops))
        found.append(
            replace(
                check,
                group=draw(st.sampled_from(["g0", "g1"])),
                confirm_failures=draw(st.integers(1, 3)),
                stale_after=draw(st.integers(10, 60)),
                active_from=draw(st.sampled_from([stops, comes_back])),
                active_to=draw(SELDOM),
                timed=draw(st.booleans()),
            )
        )
    return replace(agreed, checks=tuple(found))


def judge(
    agreed: Terms, results: dict[str, list[CheckResult]], windows: list[Maintenance], as_of: int
) -> Evaluation:
    return evaluate(agreed, known_facts(agreed, results, as_of, windows), Period(START, END), as_of)


@settings(max_examples=150, deadline=None)
@given(terms() | redefined(), RESULTS, WINDOWS, AS_OF)
def test_equals_the_rules_read_second_by_second(
    agreed: Terms, results: dict[str, list[CheckResult]], windows: list[Maintenance], as_of: int
) -> None:
    period = Period(START, END)
    facts = known_facts(agreed, results, as_of, windows)
    begin = min([0, *(s.start for s in lay_out(agreed, facts, period, as_of)[:1])])
    seconds = second_by_second.play(lambda _: agreed, facts.changes, windows, period, as_of, begin)
    found = evaluate(agreed, facts, period, as_of)
    inside = Counter(LETTERS[s.letter] for now, s in seconds.items() if START <= now < END)
    assert {c.value: n for c, n in found.seconds.items() if n} == dict(inside)
    assert [
        (i.start, i.end, i.downtime, i.downtime_in_period) for i in found.incidents
    ] == second_by_second.incidents(seconds, lambda _: agreed, period, as_of)


@settings(max_examples=40, deadline=None)
@given(terms(), RESULTS, WINDOWS, AS_OF)
def test_classes_add_up_to_the_total(
    agreed: Terms, results: dict[str, list[CheckResult]], windows: list[Maintenance], as_of: int
) -> None:
    found = judge(agreed, results, windows, as_of)
    assert sum(found.seconds.values()) == max(0, min(END, as_of) - START)
    assert found.counted.eligible <= sum(found.seconds.values())
    for left, right in zip(found.stretches, found.stretches[1:], strict=False):
        assert left.end == right.start


@settings(max_examples=40, deadline=None)
@given(terms(), RESULTS, WINDOWS, AS_OF, st.randoms(use_true_random=False))
def test_the_order_and_number_of_arrivals_do_not_matter(
    agreed: Terms, results: dict[str, list[CheckResult]], windows: list[Maintenance], as_of: int, random: Any
) -> None:
    shuffled = {name: series + series[:3] for name, series in results.items()}
    for series in shuffled.values():
        random.shuffle(series)
    assert judge(agreed, results, windows, as_of) == judge(agreed, shuffled, windows[::-1], as_of)


@settings(max_examples=40, deadline=None)
@given(terms() | redefined(), RESULTS, WINDOWS, AS_OF)
def test_the_same_as_of_gives_the_same_report_for_ever(
    agreed: Terms, results: dict[str, list[CheckResult]], windows: list[Maintenance], as_of: int
) -> None:
    """What arrives later, or is dated later, is not known to it."""
    known = {
        name: [r for r in series if (r.time if r.received_at is None else r.received_at) <= as_of]
        for name, series in results.items()
    }
    assert judge(agreed, known, windows, as_of) == judge(agreed, results, windows, as_of)


@settings(max_examples=40, deadline=None)
@given(terms(maintenance_allowance=None), RESULTS, WINDOWS, AS_OF, st.integers(START + 1, END - 1))
def test_splitting_a_period_adds_up(
    agreed: Terms, results: dict[str, list[CheckResult]], windows: list[Maintenance], as_of: int, cut: int
) -> None:
    facts = known_facts(agreed, results, as_of, windows)
    whole = evaluate(agreed, facts, Period(START, END), as_of)
    left = evaluate(agreed, facts, Period(START, cut), as_of)
    right = evaluate(agreed, facts, Period(cut, END), as_of)
    assert {c: left.seconds[c] + right.seconds[c] for c in TimeClass} == whole.seconds
    assert left.counted.down + right.counted.down == whole.counted.down
    assert left.budget.total + right.budget.total == whole.budget.total
    left.traffic.merge(right.traffic)
    assert left.traffic == whole.traffic


@settings(max_examples=40, deadline=None)
@given(terms(maintenance_allowance=None), RESULTS, WINDOWS, st.integers(START + 1, END - 1))
def test_what_was_known_earlier_is_what_is_known_now_up_to_there(
    agreed: Terms, results: dict[str, list[CheckResult]], windows: list[Maintenance], cut: int
) -> None:
    """A report as of an instant, from facts that never changed afterwards, is a prefix of any later one."""
    settled = {
        name: [CheckResult(r.time, r.status, r.latency_us) for r in series if r.time <= cut]
        for name, series in results.items()
    }
    early = judge(agreed, settled, windows, cut)
    late = known_facts(agreed, settled, END, windows)
    again = evaluate(agreed, late, Period(START, cut), END)
    assert early.seconds == again.seconds
    assert [i.downtime for i in early.incidents] == [i.downtime for i in again.incidents]


CASES = json.loads((Path(__file__).parent / "cases.json").read_text())["cases"]
FINER = 1_000_000


def refined(case: dict[str, Any]) -> dict[str, Any]:
    """The report of a case without calendar or slices, evaluated in microseconds."""
    coarse = evaluate_case(case)
    agreed = coarse.terms
    checks = tuple(
        CheckTerms(
            c.check_id,
            c.group,
            c.confirm_failures,
            c.confirm_successes,
            c.stale_after * FINER,
            None if c.active_from is None else c.active_from * FINER,
            None if c.active_to is None else c.active_to * FINER,
        )
        for c in agreed.checks
    )
    results: dict[str, list[CheckResult]] = {}
    for run in case["runs"]:
        results.setdefault(run["check"], []).extend(
            CheckResult(at * FINER, Status[run["status"].upper()], run.get("latency_us"))
            for at in range(run["from"], run["to"], run["every"])
        )
    windows = [Maintenance(w["from"] * FINER, w["to"] * FINER) for w in case.get("maintenance", ())]
    fine = Terms(checks, agreed.groups, agreed.targets, agreed.policies, agreed.zone, units_per_second=FINER)
    as_of = case["as_of"] * FINER
    return report(
        evaluate(fine, known_facts(fine, results, as_of, windows), coarse.period.in_units(FINER), as_of)
    )


@pytest.mark.parametrize(
    "name", ["A02", "A05c", "A06a", "A06b", "A08a", "A08d", "A09a", "A14d", "I05", "I08"]
)
def test_a_finer_unit_gives_the_same_report(name: str) -> None:
    case = next(case for case in CASES if case["id"] == name)
    assert refined(case["input"]) == case["expected"]


def test_fractions_of_a_second_are_told_exactly() -> None:
    agreed = Terms((CheckTerms("a", "g0", 1, 1, 60_000),), (Group("g0", "critical"),), units_per_second=1000)
    results = {
        "a": [
            CheckResult(0, Status.HEALTHY),
            CheckResult(10_250, Status.UNHEALTHY),
            CheckResult(11_000, Status.HEALTHY),
        ]
    }
    found = report(evaluate(agreed, known_facts(agreed, results, 60_000), Period(0, 60_000), 60_000))
    assert found["incidents"][0] == {
        "start": "10.25",
        "end": 11,
        "downtime_s": "0.75",
        "downtime_in_period_s": "0.75",
        "resolved": True,
        "over_target": False,
    }
    assert found["downtime_minutes"] == "0.02"


def test_counters_replace_results_for_errors_alone() -> None:
    agreed = Terms((CheckTerms("a", "g0", 1, 1, 100),), (Group("g0", "critical"),))
    results = {"a": [CheckResult(0, Status.HEALTHY, 500)]}
    facts = known_facts(agreed, results, 50, requests=[RequestCount(0, 10, 1), RequestCount(50, 9, 9)])
    traffic = evaluate(agreed, facts, Period(0, 100), 50).traffic
    assert (traffic.total, traffic.errors, traffic.latency.count) == (10, 1, 1)


@pytest.mark.parametrize(
    ("allowance", "masked", "incident"),
    [(None, 60, None), (30, 30, (70, 30)), (60, 60, None), (0, 0, (40, 60))],
)
def test_only_maintenance_inside_the_period_spends_the_allowance(
    allowance: int | None, masked: int, incident: tuple[int, int] | None
) -> None:
    """Down and in maintenance from 20 to 100, the period begins at 40; one of 0 is spent there."""
    agreed = Terms(
        (CheckTerms("a", "g0", 1, 1, 500),), (Group("g0", "critical"),), maintenance_allowance=allowance
    )
    results = {
        "a": [
            CheckResult(t, s) for t, s in ((0, Status.HEALTHY), (20, Status.UNHEALTHY), (100, Status.HEALTHY))
        ]
    }
    found = judge(agreed, results, [Maintenance(20, 100)], 200)
    assert found.seconds[TimeClass.MAINTENANCE] == masked
    assert [(i.start, i.downtime) for i in found.incidents] == ([incident] if incident else [])


def test_a_check_that_ends_before_it_begins_is_never_a_member() -> None:
    retired = CheckTerms("a", "g0", 1, 1, 100, active_from=20, active_to=10)
    results = {"a": [CheckResult(0, Status.UNHEALTHY)]}
    agreed = Terms((retired,), (Group("g0", "critical"),))
    found = evaluate(agreed, known_facts(agreed, results, 50), Period(0, 50), 50)
    assert found.seconds[TimeClass.UNKNOWN] == 50


def test_an_empty_period_has_no_numbers() -> None:
    agreed = Terms((CheckTerms("a", "g0", 1, 1, 100),), (Group("g0", "critical"),))
    results = {"a": [CheckResult(0, Status.HEALTHY, 500)]}
    found = report(evaluate(agreed, known_facts(agreed, results, 200), Period(50, 50), 200))
    nulls = ("availability_pct", "coverage_pct", "mttr_s", "mtbf_s", "compliant", "health_score", "credit")
    assert [found[name] for name in nulls] == [None] * len(nulls)
    assert found["budget"] == {"total_s": "0", "remaining_s": "0", "remaining_pct": None}


def test_terms_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="groups that do not exist: web"):
        Terms((CheckTerms("a", "web", 1, 1, 100),), ())
    with pytest.raises(ValueError, match="between 0 and 100"):
        Targets.of({"availability_percentage": "101"})
    with pytest.raises(ValueError, match="policy 'maybe'"):
        Policies(unknown="maybe")  # type: ignore[arg-type]


REDEFINED = Terms(
    (
        CheckTerms("a", "web", 1, 1, 50, 0, 100),
        CheckTerms("a", "extra", 3, 1, 50, 100, timed=False),
        CheckTerms("b", "web", 1, 1, 50, 0),
    ),
    (Group("web", "critical"), Group("extra", "informational")),
)
OUTAGES = {40: Status.UNHEALTHY, 140: Status.UNHEALTHY}
BAD_TWICE = {
    "a": [CheckResult(t, OUTAGES.get(t, Status.HEALTHY), 9) for t in range(0, 200, 20)],
    "b": [CheckResult(t, Status.HEALTHY, 5) for t in range(0, 200, 20)],
}


def test_each_result_counts_as_its_check_was_defined_at_the_time() -> None:
    found = evaluate(REDEFINED, known_facts(REDEFINED, BAD_TWICE, 200), Period(0, 200), 200)
    assert [(i.start, i.end) for i in found.incidents] == [(40, 60)], "and not at 140"
    assert (found.traffic.total, found.traffic.errors) == (15, 1)
    assert (found.traffic.latency.count, found.traffic.latency.sum_us) == (14, 4 * 9 + 10 * 5)


def test_what_a_check_becomes_later_changes_nothing_of_a_period_that_is_over() -> None:
    before = replace(REDEFINED, checks=(replace(REDEFINED.checks[0], active_to=None), REDEFINED.checks[2]))
    earlier = evaluate(before, known_facts(before, BAD_TWICE, 100), Period(0, 100), 100)
    later = evaluate(REDEFINED, known_facts(REDEFINED, BAD_TWICE, 200), Period(0, 100), 200)
    assert report(later)["incidents"] == report(earlier)["incidents"]
    assert (later.seconds, later.traffic) == (earlier.seconds, earlier.traffic)


@pytest.mark.parametrize("begins", [None, 40, 99])
def test_a_check_is_one_thing_at_a_time(begins: int | None) -> None:
    first, second, _ = REDEFINED.checks
    with pytest.raises(ValueError, match="check a is told twice of the same time"):
        replace(REDEFINED, checks=(first, replace(second, active_from=begins)))
    with pytest.raises(ValueError, match="not in order"):
        replace(REDEFINED, checks=(second, first))
