"""Confirmation, back-dating and freshness of one check's timeline."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.health.groups import Group, GroupState, group_level, tenant_level
from tenantwatch_collector.health.timeline import Change, CheckTimeline
from tenantwatch_wire.records import Status

H, D, U, X = Status.HEALTHY, Status.DEGRADED, Status.UNHEALTHY, Status.UNKNOWN


def follow(text: str, failures: int = 3, successes: int = 2, stale_after: int = 30) -> list[Change]:
    """Changes for one letter every 10 units; a dot is no result."""
    timeline = CheckTimeline(failures, successes, stale_after)
    changes: list[Change] = []
    for position, letter in enumerate(text):
        if letter != ".":
            changes += timeline.apply(position * 10, {"H": H, "D": D, "U": U, "X": X}[letter])
    return changes


def test_one_good_result_ends_not_knowing() -> None:
    assert follow("H") == [Change(0, H)]


def test_a_failure_is_confirmed_by_the_third_and_dated_at_the_first() -> None:
    assert follow("HHUUU") == [Change(0, H), Change(20, U)]


def test_a_broken_run_leaves_no_trace() -> None:
    assert follow("HUUHUUH") == [Change(0, H)]


def test_recovery_is_dated_at_the_first_good_result() -> None:
    assert follow("HUUUHH")[-1] == Change(40, H)


def test_degraded_then_unhealthy_are_two_changes_of_their_own_dates() -> None:
    assert follow("HDUUU") == [Change(0, H), Change(10, D), Change(20, U)]


def test_failures_alone_need_confirmation_even_at_the_start() -> None:
    assert follow("UU") == []
    assert follow("UUU") == [Change(0, U)]


def test_silence_becomes_unknown_when_the_last_result_expires() -> None:
    assert follow("H....H") == [Change(0, H), Change(30, X), Change(50, H)]
    assert follow("H..H") == [Change(0, H)]


def test_the_checkers_own_failure_is_no_measurement() -> None:
    assert follow("HUXUXU") == [Change(0, H), Change(10, U)]
    assert follow("HXXXXXX", stale_after=30) == [Change(0, H)]


def test_the_clock_alone_makes_it_unknown() -> None:
    timeline = CheckTimeline(3, 2, 30)
    timeline.apply(0, H)
    assert timeline.expire(30) == []
    assert timeline.expire(31) == [Change(30, X)]
    assert timeline.expire(99) == []


@given(st.text("HDUX.", max_size=40), st.integers(0, 40), st.integers(1, 4), st.integers(1, 4))
def test_a_restart_at_any_point_changes_nothing(text: str, cut: int, failures: int, successes: int) -> None:
    timeline = CheckTimeline(failures, successes, 30)
    changes: list[Change] = []
    for position, letter in enumerate(text):
        if position == cut:
            timeline = CheckTimeline.from_json(json.loads(json.dumps(timeline.to_json())))
        if letter != ".":
            changes += timeline.apply(position * 10, {"H": H, "D": D, "U": U, "X": X}[letter])
    assert changes == follow(text, failures, successes)


@given(st.text("HDU", max_size=30))
def test_a_quiet_check_is_not_changed_by_another_healthy_result(text: str) -> None:
    timeline = CheckTimeline(2, 2, 30)
    for position, letter in enumerate(text):
        timeline.apply(position * 10, {"H": H, "D": D, "U": U}[letter])
    if timeline.quiet:
        assert timeline.apply(len(text) * 10, H) == []
        assert timeline.quiet


def test_groups_by_their_rules() -> None:
    assert group_level([U, H], "any") is U
    assert group_level([U, H], "all") is D
    assert group_level([U, U, H], "quorum") is U
    assert group_level([U, X], "quorum") is U
    assert group_level([X, X], "any") is X


def test_a_tenant_is_never_called_up_where_it_was_not_measured() -> None:
    critical, other = Group("http", "critical"), Group("external", "degrading")
    assert tenant_level([GroupState(critical, X), GroupState(other, H)]) is X
    assert tenant_level([GroupState(critical, H), GroupState(other, X)]) is H
    assert tenant_level([GroupState(critical, H), GroupState(other, U)]) is D
    assert tenant_level([GroupState(critical, U), GroupState(Group("db", "critical"), X)]) is U
