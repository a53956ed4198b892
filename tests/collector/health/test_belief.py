"""What was believed when: changes are only ever added, and give back every belief of the past."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.health import (
    Change,
    CheckResult,
    differences,
    known_history,
    measurements,
    revise,
    timeline,
    with_silences,
)
from tenantwatch_wire.records import Status

RESULTS = st.lists(
    st.builds(CheckResult, st.integers(0, 80), st.sampled_from(Status), st.none(), st.integers(80, 100)),
    max_size=25,
)


def belief(results: list[CheckResult], as_of: int) -> list[Change]:
    return timeline(measurements(results, as_of, 30), 2, 2, 15, as_of)


HISTORY = st.builds(belief, RESULTS, st.just(100))


@settings(max_examples=150, deadline=None)
@given(HISTORY, HISTORY)
def test_differences_turn_one_belief_into_another(before: list[Change], after: list[Change]) -> None:
    history = list(before)
    for change in differences(before, after):
        revise(history, [change])
    assert history == after


@settings(max_examples=100, deadline=None)
@given(RESULTS)
def test_every_belief_of_the_past_can_be_told(results: list[CheckResult]) -> None:
    kept: list[tuple[int, Change]] = []
    now: list[Change] = []
    for as_of in range(80, 101):
        then = belief(results, as_of)
        kept += [(as_of, change) for change in differences(now, then)]
        now = then
    for as_of in range(80, 101):
        assert known_history(kept[::-1], as_of) == belief(results, as_of)


def test_a_silence_is_known_as_soon_as_it_has_begun_whenever_it_is_noted() -> None:
    up, silent = Change(0, Status.HEALTHY), Change(50, Status.UNKNOWN)
    kept = with_silences([(1, up), (900, silent), (950, Change(50, Status.HEALTHY))])
    assert known_history(kept, 50) == [up]
    assert known_history(kept, 51) == [up, silent]
    assert known_history(kept, 949) == [up, silent]
    assert known_history(kept, 950) == [up]


def test_what_was_believed_by_a_clock_that_is_ahead_is_not_replaced_by_an_earlier_silence() -> None:
    ahead = [(1, Change(0, Status.HEALTHY)), (40, Change(60, Status.HEALTHY))]
    kept = with_silences([*ahead, (900, Change(50, Status.UNKNOWN)), (900, Change(60, Status.HEALTHY))])
    assert known_history(kept, 100) == [Change(0, Status.HEALTHY)]
    assert known_history(kept, 900)[1:] == [Change(50, Status.UNKNOWN), Change(60, Status.HEALTHY)]


def test_a_change_that_was_none_is_taken_back_without_being_removed() -> None:
    up, down = Change(0, Status.HEALTHY), Change(50, Status.UNHEALTHY)
    assert differences([up, down], [up]) == [Change(50, Status.HEALTHY)]
    kept = [(1, up), (60, down), (70, Change(50, Status.HEALTHY))]
    assert known_history(kept, 65) == [up, down]
    assert known_history(kept, 70) == [up]
    assert known_history(kept, 0) == []
