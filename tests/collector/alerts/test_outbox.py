"""Delivery rows: what replaces what, who hears the end, and when a failure is tried again."""

from __future__ import annotations

from itertools import pairwise

from tenantwatch_collector.alerts.alert import Notification, Status
from tenantwatch_collector.alerts.outbox import (
    Delivery,
    DeliveryStatus,
    claim,
    delivered,
    due,
    enqueue,
    failed,
    next_attempt,
    recovered,
)
from tenantwatch_collector.alerts.rule import Policy, Severity

CHANNELS = ("slack", "email")


def message(kind: str, n: int = 0, channels: tuple[str, ...] = CHANNELS) -> Notification:
    return Notification("x", kind, n, 0, Severity.WARNING, channels, f"x/{kind}/{n}", Status.ACTIVE)


def sent_to(rows: list[Delivery], channel: str) -> list[Delivery]:
    return [delivered(row, 1) if row.channel == channel else row for row in rows]


def owed(rows: list[Delivery]) -> list[tuple[str, str]]:
    return [(row.kind, row.channel) for row in rows if row.status is DeliveryStatus.OWED]


def test_a_message_is_owed_once_to_each_channel() -> None:
    rows = enqueue([], message("firing"), 0)
    assert owed(rows) == [("firing", "slack"), ("firing", "email")]
    assert enqueue(rows, message("firing"), 5) == rows


def test_a_newer_message_replaces_what_was_not_delivered_and_starts_afresh() -> None:
    rows = [failed(claim(row, 0, 30), 0, Policy()) for row in enqueue([], message("firing"), 0)]
    rows = enqueue(rows, message("escalation", 1), 10)
    assert owed(rows) == [("escalation", "slack"), ("escalation", "email")]
    assert next_attempt(rows) == 10


def test_a_resolve_goes_only_where_the_alert_was_heard() -> None:
    rows = sent_to(enqueue([], message("firing"), 0), "slack")
    rows = enqueue(rows, message("resolved"), 9)
    assert owed(rows) == [("resolved", "slack")]


def test_a_resolve_that_nobody_waits_for_ends_what_was_owed() -> None:
    rows = enqueue(enqueue([], message("firing"), 0), message("resolved"), 9)
    assert owed(rows) == []
    assert next_attempt(rows) is None


def test_a_resolve_goes_where_a_dead_sender_may_have_been_heard() -> None:
    rows = [recovered(claim(row, 0, 30), 7) for row in enqueue([], message("firing", 0, ("slack",)), 0)]
    assert next_attempt(rows) == 7
    assert owed(enqueue(rows, message("resolved", 0, ("slack",)), 9)) == [("resolved", "slack")]


def test_a_channel_that_is_not_configured_is_recorded_and_never_due() -> None:
    rows = enqueue([], message("firing"), 0, configured=["slack"])
    assert [row.status for row in rows] == [DeliveryStatus.OWED, DeliveryStatus.NOT_CONFIGURED]
    assert [row.channel for row in due(rows, 0)] == ["slack"]


def test_pauses_grow_to_five_minutes() -> None:
    (row,) = enqueue([], message("firing", 0, ("sms",)), 0)
    attempts = [row.next_attempt]
    for _ in range(6):
        row = failed(claim(row, row.next_attempt, 30), row.next_attempt, Policy())
        attempts.append(row.next_attempt)
    assert [b - a for a, b in pairwise(attempts)] == [30, 60, 120, 240, 300, 300]


def test_a_claim_is_nobody_elses_until_its_lease_ends() -> None:
    (row,) = enqueue([], message("firing", 0, ("sms",)), 0)
    held = claim(row, 0, 30)
    assert due([held], 29) == []
    assert due([held], 30) == [held]
