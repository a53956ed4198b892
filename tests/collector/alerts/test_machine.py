"""Holds for every history: one open alert, a transition per message, restarts that change nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.alerts.alert import GroupState, Outcome
from tenantwatch_collector.alerts.flapping import FlapHistory
from tenantwatch_collector.alerts.machine import (
    acknowledge,
    drop_member,
    evaluate,
    is_quiet,
    next_due,
    resolve,
    tick,
)
from tenantwatch_collector.alerts.rule import Evaluation, Policy, Rule, Severity, check_unhealthy_rule
from tenantwatch_collector.alerts.suppression import (
    Inhibition,
    Silence,
    Suppression,
    suppression_at,
)

POLICY = Policy(ack_timeout_seconds=500)


class Step(NamedTuple):
    kind: str
    pause: int
    rule: str
    value: bool | None
    severity: Severity | None
    is_silent: bool


RULES = {
    "a": Rule("a", "t1", "http_endpoint", Severity.ERROR, 2, 2, flap_detection=True),
    "b": Rule("b", "t1", "http_endpoint", Severity.WARNING, for_ticks=60, keep_firing_ticks=90),
    "c": Rule("c", "t1", "http_endpoint", Severity.CRITICAL, flap_detection=True),
}
STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["evaluate", "evaluate", "evaluate", "tick", "tick", "acknowledge", "resolve"]),
        st.sampled_from([0, 1, 30, 60, 300, 3600]),
        st.sampled_from(sorted(RULES)),
        st.sampled_from([True, True, False, False, None]),
        st.none() | st.sampled_from(list(Severity)),
        st.booleans(),
    ),
    max_size=60,
)


def take(group: GroupState, step: Step, now: int, policy: Policy = POLICY) -> Outcome:
    open_id = group.open_alert.alert_id if group.open_alert else ""
    if step.kind == "evaluate":
        evaluation = Evaluation(step.rule, "t1", "http_endpoint", now, step.value, step.severity)
        return evaluate(group, RULES[step.rule], evaluation, policy)
    if step.kind == "tick":
        return tick(group, now, policy, Suppression(active=step.is_silent))
    act = acknowledge if step.kind == "acknowledge" else resolve
    return act(group, open_id, now, policy)


@given(STEPS)
def test_there_is_at_most_one_open_alert_and_every_message_has_its_transition(steps: list[Step]) -> None:
    group, now, keys = GroupState("t1", "http_endpoint"), 0, set()
    open_ids: set[str] = set()
    for step in steps:
        now += step.pause
        outcome = take(group, step, now)
        kinds = {(t.alert_id, t.kind) for t in outcome.transitions}
        for transition in outcome.transitions:
            if transition.kind == "opened":
                open_ids.add(transition.alert_id)
            if transition.kind == "resolved":
                open_ids.remove(transition.alert_id)
        assert len(open_ids) <= 1
        assert open_ids == ({group.open_alert.alert_id} if group.open_alert else set())
        for message in outcome.notifications:
            assert (message.alert_id, message.kind) in kinds
            assert message.dedup_key not in keys
            keys.add(message.dedup_key)


@given(STEPS, st.integers(0, 60))
def test_a_restart_at_any_point_has_the_same_future(steps: list[Step], restart_at: int) -> None:
    steady, restarted, now = GroupState("t1", "http_endpoint"), GroupState("t1", "http_endpoint"), 0
    for i, step in enumerate(steps):
        now += step.pause
        if i == restart_at:
            restarted = GroupState.from_json(restarted.to_json())
            assert restarted == steady
        assert take(steady, step, now)[1:] == take(restarted, step, now)[1:]
        assert next_due(steady) == next_due(restarted)
    assert GroupState.from_json(steady.to_json()) == steady == restarted


@given(STEPS)
def test_the_unit_of_time_does_not_matter(steps: list[Step]) -> None:
    micros = Policy(ticks_per_second=1_000_000, ack_timeout_seconds=500)
    # Rules carry durations in ticks, so only those without any can be shared between the two.
    steps = [step for step in steps if step.rule != "b"]
    one, other, now = GroupState("t1", "http_endpoint"), GroupState("t1", "http_endpoint"), 0
    for step in steps:
        now += step.pause
        told = [(n.kind, n.n, n.channels) for n in take(one, step, now).notifications]
        assert told == [
            (n.kind, n.n, n.channels) for n in take(other, step, now * 10**6, micros).notifications
        ]


@given(STEPS)
def test_applying_an_evaluation_twice_changes_nothing(steps: list[Step]) -> None:
    group, now = GroupState("t1", "http_endpoint"), 0
    for step in steps:
        now += step.pause
        take(group, step, now)
        if step.kind == "evaluate":
            before = group.to_json()
            assert take(group, step, now)[1:] == ([], [])
            assert take(group, step, now - 1)[1:] == ([], [])
            assert group.to_json() == before


@given(STEPS)
def test_a_quiet_evaluation_changes_only_the_memory_of_its_time(steps: list[Step]) -> None:
    group, now = GroupState("t1", "http_endpoint"), 0
    for step in steps:
        now += step.pause
        quiet = step.kind == "evaluate" and is_quiet(group, RULES[step.rule], step.value)
        before = asdict(group)
        outcome = take(group, step, now)
        if quiet:
            after = asdict(group)
            before["members"].setdefault(step.rule, after["members"][step.rule])
            before["members"][step.rule]["newest"] = after["members"][step.rule]["newest"]
            assert after == before
            assert outcome[1:] == ([], [])


@given(STEPS)
def test_after_a_tick_nothing_is_overdue(steps: list[Step]) -> None:
    group, now = GroupState("t1", "http_endpoint"), 0
    for step in steps:
        now += step.pause
        take(group, step, now)
        tick(group, now, POLICY)
        due = next_due(group)
        assert due is None or due > now


def test_an_unhealthy_check_opens_after_n_and_resolves_after_m() -> None:
    rule = check_unhealthy_rule("t1", "web-1/home", "http_endpoint", 3, 2)
    group, kinds = GroupState("t1", "http_endpoint"), []
    for now, value in enumerate([True, True, True, False, False]):
        outcome = evaluate(group, rule, Evaluation(rule.rule_id, "t1", rule.alert_type, now, value), POLICY)
        ticked = tick(group, now, POLICY)
        kinds += [(now, n.kind, n.channels) for n in outcome.notifications + ticked.notifications]
    told = ("slack", "email", "sms")
    assert kinds == [(2, "firing", told), (4, "resolved", told)]


def fire(group: GroupState, now: int, value: bool = True, rule: str = "c") -> Outcome:
    return take(group, Step("evaluate", 0, rule, value, None, False), now)


def test_a_manual_resolve_holds_the_member_for_an_hour_or_until_it_was_good() -> None:
    for end_of_hold in ("an hour", "a good one"):
        group = GroupState("t1", "http_endpoint")
        fire(group, 0)
        assert group.alert is not None
        resolve(group, group.alert.alert_id, 10, POLICY)
        fire(group, 60)
        assert group.open_alert is None
        if end_of_hold == "a good one":
            fire(group, 70, value=False)
        fire(group, 3609 if end_of_hold == "an hour" else 80)
        assert (group.open_alert is None) == (end_of_hold == "an hour")
        fire(group, 3610)
        assert group.open_alert is not None


def test_a_rule_that_is_watched_no_more_holds_nothing_open() -> None:
    group = GroupState("t1", "http_endpoint")
    fire(group, 0)
    fire(group, 1, rule="b")
    tick(group, 1, POLICY)
    assert drop_member(group, "b", 2, POLICY).notifications == []
    assert [n.kind for n in drop_member(group, "c", 3, POLICY).notifications] == ["resolved"]
    assert group.open_alert is None


def test_an_acknowledgement_that_runs_out_is_told_and_escalates_again() -> None:
    group = GroupState("t1", "http_endpoint")
    fire(group, 0)
    tick(group, 0, POLICY)
    assert group.alert is not None
    acknowledge(group, group.alert.alert_id, 10, POLICY)
    assert next_due(group) == 510
    assert [n.kind for n in tick(group, 510, POLICY).notifications] == ["unacked"]
    assert next_due(group) == 570


def test_what_is_due_in_a_silence_waits_and_the_escalation_starts_anew() -> None:
    group = GroupState("t1", "http_endpoint")
    fire(group, 0)
    tick(group, 0, POLICY)
    silences = [Silence(50, 100, "t1")]
    during = suppression_at(60, "t1", "http_endpoint", silences)
    assert next_due(group, during) == 100
    assert tick(group, 60, POLICY, during).notifications == []
    after = suppression_at(100, "t1", "http_endpoint", silences)
    assert tick(group, 100, POLICY, after).notifications == []
    assert next_due(group) == 160


def test_pagerduty_hears_the_end_of_a_flapping_alert_and_people_hear_that_it_flaps() -> None:
    group, told = GroupState("t1", "http_endpoint"), []
    for now in range(7):
        said = fire(group, now, value=bool(now % 2)).notifications + tick(group, now, POLICY).notifications
        told = [(n.kind, n.channels) for n in said]
    assert told == [("resolved", ("pagerduty",)), ("flapping_start", ("slack", "email", "sms"))]
    assert group.flapping == FlapHistory(bits=0b101010, flapping=True)


def test_a_greater_trouble_inhibits_its_targets_of_the_same_tenant_until_it_lingered() -> None:
    source = GroupState("t1", "http_endpoint")
    fire(source, 0)
    assert source.alert is not None
    rules = [Inhibition("http_endpoint", frozenset({"redis_connectivity", "http_endpoint"}), 60)]

    def at(now: int, tenant: str = "t1", kind: str = "redis_connectivity") -> Suppression:
        assert source.alert is not None
        return suppression_at(now, tenant, kind, (), rules, [source.alert])

    assert at(5) == Suppression(active=True)
    assert not at(5, tenant="t2").active
    assert not at(5, kind="http_endpoint").active
    fire(source, 10, value=False)
    assert at(69) == Suppression(active=True, until=70)
    assert at(70) == Suppression(last_end=70)
