"""The alert state machine: evaluations, the operator and the clock in; transitions and messages out.

Callers keep the order of one instant: evaluations, then the operator, then `tick`, then delivery. So a
condition that clears at the very instant its delay ends is never told.
"""

from __future__ import annotations

from tenantwatch_collector.alerts.alert import (
    AlertState,
    GroupState,
    Notification,
    Outcome,
    Status,
    Transition,
    new_alert_id,
)
from tenantwatch_collector.alerts.flapping import observe
from tenantwatch_collector.alerts.member import MemberState, Phase, accept, advance, is_held
from tenantwatch_collector.alerts.rule import Evaluation, Policy, Rule, is_for_people
from tenantwatch_collector.alerts.suppression import NOT_SUPPRESSED, Suppression


def is_quiet(group: GroupState | None, rule: Rule, value: bool | None) -> bool:
    """Whether an evaluation can change nothing that is ever told or shown.

    Skipping a quiet one also skips the memory of its time: who skips must keep late ones out itself.
    """
    if value is None or value:
        return value is None
    if group is None:
        return True
    member = group.members.get(rule.rule_id)
    if member is not None and (member.phase is not Phase.INACTIVE or member.held_until is not None):
        return False
    return not rule.flap_detection or not is_moved(group)


def is_moved(group: GroupState) -> bool:
    """Whether one more observation would change what is known of its flapping."""
    return not group.flapping.is_unmoved_by(group.is_firing)


def evaluate(group: GroupState, rule: Rule, evaluation: Evaluation, policy: Policy) -> Outcome:
    """Apply one evaluation. Late ones, and a second one of the same instant, change nothing."""
    outcome = Outcome(group, [], [])
    member = group.members.setdefault(evaluation.rule_id, MemberState())
    if not accept(member, evaluation.time) or evaluation.value is None:
        return outcome
    advance(member, rule, evaluation.time, evaluation.value)
    if rule.flap_detection:
        observe(group.flapping, evaluation.time, group.is_firing)
    if evaluation.value and member.phase is Phase.FIRING:
        _occur(outcome, rule, member, evaluation, policy)
    elif group.open_alert is not None and not group.is_firing:
        _end(outcome, group.open_alert, evaluation.time, policy)
    return outcome


def acknowledge(group: GroupState, alert_id: str, now: int, policy: Policy) -> Outcome:
    """Somebody works on it: every timer stops. An alert that is not active stays as it is."""
    outcome = Outcome(group, [], [])
    alert = group.open_alert
    if alert is None or alert.alert_id != alert_id or alert.status is not Status.ACTIVE:
        return outcome
    alert.status = Status.ACKNOWLEDGED
    _stop_timers(alert)
    if policy.ack_timeout_seconds is not None:
        alert.ack_expires = now + policy.ticks(policy.ack_timeout_seconds)
    _say(
        outcome,
        alert,
        "acknowledged",
        now,
        policy.in_order(set(alert.addressed) & policy.acknowledged_channels),
    )
    return outcome


def resolve(group: GroupState, alert_id: str, now: int, policy: Policy) -> Outcome:
    """Somebody ends it. What is pending or firing now is held: it does not simply open the next one."""
    outcome = Outcome(group, [], [])
    alert = group.open_alert
    if alert is None or alert.alert_id != alert_id:
        return outcome
    for member in group.members.values():
        if member.phase is not Phase.INACTIVE:
            member.held_until = now + policy.ticks(policy.hold_seconds)
    _end(outcome, alert, now, policy)
    return outcome


def drop_member(group: GroupState, rule_id: str, now: int, policy: Policy) -> Outcome:
    """The rule is watched no more: it holds nothing open."""
    outcome = Outcome(group, [], [])
    group.members.pop(rule_id, None)
    if group.open_alert is not None and not group.is_firing:
        _end(outcome, group.open_alert, now, policy)
    return outcome


def tick(group: GroupState, now: int, policy: Policy, suppression: Suppression = NOT_SUPPRESSED) -> Outcome:
    """Say what is due. However late it comes, it takes at most one step of the escalation."""
    outcome = Outcome(group, [], [])
    alert = group.alert
    if alert is None or suppression.active:
        return outcome
    _restart_escalation(alert, policy, suppression)
    if group.flapping.notice is not None:
        _say_flapping(outcome, alert, now, policy)
    if alert.is_open and not group.flapping.flapping:
        _run_timers(outcome, alert, now, policy)
    return outcome


def next_due(group: GroupState, suppression: Suppression = NOT_SUPPRESSED) -> int | None:
    """When to tick next; None until something else happens. It may lie in the past."""
    alert = group.alert
    if alert is None:
        return None
    timers = [group.flapping.noticed]
    if alert.is_open and not group.flapping.flapping:
        timers += [alert.due, alert.next_escalation, alert.next_repeat, alert.ack_expires]
    due = min((timer for timer in timers if timer is not None), default=None)
    if due is None or not suppression.active:
        return due
    return None if suppression.until is None else max(due, suppression.until)


def _occur(outcome: Outcome, rule: Rule, member: MemberState, evaluation: Evaluation, policy: Policy) -> None:
    group, time = outcome.group, evaluation.time
    severity = evaluation.severity or rule.severity
    alert = group.open_alert
    if alert is None:
        if is_held(member, time):
            return
        member.held_until = None
        alert_id = new_alert_id(group, time)
        alert = AlertState(
            alert_id, group.tenant, group.alert_type, severity, opened=time, last_occurred=time
        )
        alert.due = time + policy.delay(severity)
        group.alert = alert
        _note(outcome, alert, "opened", time)
        return
    alert.occurrences += 1
    alert.last_occurred = max(alert.last_occurred, time)
    if severity.rank > alert.severity.rank:
        due = alert.due
        alert.severity, alert.level, alert.status = severity, 0, Status.ACTIVE
        _stop_timers(alert)
        raised_due = time + policy.delay(severity)
        alert.due = raised_due if due is None else min(due, raised_due)
    _note(outcome, alert, "occurred", time)


def _end(outcome: Outcome, alert: AlertState, time: int, policy: Policy) -> None:
    alert.status, alert.resolved = Status.RESOLVED, time
    _stop_timers(alert)
    channels = set(alert.addressed)
    if outcome.group.flapping.flapping:
        # People hear that it flaps, and later how it ended; machines keep incidents that must be closed.
        channels = {channel for channel in channels if not is_for_people(channel)}
    _say(outcome, alert, "resolved", time, policy.in_order(channels))


def _say_flapping(outcome: Outcome, alert: AlertState, now: int, policy: Policy) -> None:
    flapping = outcome.group.flapping
    kind, flapping.notice, flapping.noticed = flapping.notice or "", None, None
    channels = set(policy.channels(alert.severity, alert.level))
    if kind == "flapping_start" and not alert.is_open:
        channels = {channel for channel in channels if is_for_people(channel)}
    _say(outcome, alert, kind, now, policy.in_order(channels))
    if kind == "flapping_stop" and alert.status is Status.ACTIVE:
        alert.due = None
        _start_timers(alert, now, policy)


def _run_timers(outcome: Outcome, alert: AlertState, now: int, policy: Policy) -> None:
    """At most one message: the first of these that is due moves the others on."""
    kind = _due_kind(alert, now)
    if kind is None:
        return
    if kind == "escalation":
        alert.level += 1
    alert.status, alert.due, alert.ack_expires = Status.ACTIVE, None, None
    _say(outcome, alert, kind, now, policy.channels(alert.severity, alert.level))
    if kind == "repeat":
        repeat = policy.repeat(alert.severity)
        alert.next_repeat = None if repeat is None else now + repeat
    else:
        _start_timers(alert, now, policy)


def _due_kind(alert: AlertState, now: int) -> str | None:
    if alert.ack_expires is not None and now >= alert.ack_expires:
        return "unacked"
    if alert.due is not None and now >= alert.due:
        return "severity_raised" if alert.was_told else "firing"
    if alert.next_escalation is not None and now >= alert.next_escalation:
        return "escalation"
    if alert.next_repeat is not None and now >= alert.next_repeat:
        return "repeat"
    return None


def _start_timers(alert: AlertState, now: int, policy: Policy) -> None:
    escalation, repeat = policy.escalation(alert.severity), policy.repeat(alert.severity)
    climbs = escalation is not None and alert.level < policy.max_level(alert.severity)
    alert.next_escalation = now + escalation if climbs and escalation is not None else None
    alert.next_repeat = None if repeat is None else now + repeat


def _stop_timers(alert: AlertState) -> None:
    alert.due = alert.next_escalation = alert.next_repeat = alert.ack_expires = None


def _restart_escalation(alert: AlertState, policy: Policy, suppression: Suppression) -> None:
    escalation = policy.escalation(alert.severity)
    if alert.next_escalation is not None and escalation is not None and suppression.last_end is not None:
        alert.next_escalation = max(alert.next_escalation, suppression.last_end + escalation)


def _say(outcome: Outcome, alert: AlertState, kind: str, time: int, channels: tuple[str, ...]) -> None:
    _note(outcome, alert, kind, time)
    if not channels:
        return
    n = alert.message_counts.get(kind, 1 if kind == "escalation" else 0)
    alert.message_counts[kind] = n + 1
    if kind not in ("resolved", "acknowledged"):
        alert.last_notified = time
        alert.addressed += [channel for channel in channels if channel not in alert.addressed]
    key = f"{alert.alert_id}/{kind}/{n}"
    outcome.notifications.append(
        Notification(alert.alert_id, kind, n, alert.level, alert.severity, channels, key, alert.status)
    )


def _note(outcome: Outcome, alert: AlertState, kind: str, time: int) -> None:
    outcome.transitions.append(
        Transition(alert.alert_id, kind, time, alert.status, alert.severity, alert.level)
    )
