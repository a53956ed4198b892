"""What is owed to whom: pure rules over the delivery rows of one alert, wherever they are stored.

A row is claimed, sent, then marked. A sender that dies in between sends the same dedup_key again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tenantwatch_collector.alerts.alert import Notification
from tenantwatch_collector.alerts.rule import Policy, Severity, channel_rank

RETRY_SECONDS = (30, 60, 120, 240, 300)


class DeliveryStatus(StrEnum):
    OWED = "owed"
    SENT = "sent"
    REPLACED = "replaced"
    NOT_CONFIGURED = "not_configured"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one channel; (dedup_key, channel) is unique."""

    alert_id: str
    kind: str
    level: int
    severity: Severity
    channel: str
    dedup_key: str
    created: int
    next_attempt: int
    status: DeliveryStatus = DeliveryStatus.OWED
    attempts: int = 0
    # Set while a sender holds the row: it may have been heard, though nobody wrote it down.
    claimed: bool = False
    sent: int | None = None

    @property
    def may_be_heard(self) -> bool:
        return self.status is DeliveryStatus.SENT or (self.status is DeliveryStatus.OWED and self.claimed)


def enqueue(
    rows: Sequence[Delivery], notification: Notification, now: int, configured: Iterable[str] | None = None
) -> list[Delivery]:
    """All rows of the alert with the notification added: what it replaces is marked, nothing is doubled.

    ``configured`` None means every channel is. A resolve goes only where the alert was heard, and
    ends every message that was not delivered.
    """
    if any(row.dedup_key == notification.dedup_key for row in rows):
        return list(rows)
    is_end = notification.kind == "resolved"
    heard = {row.channel for row in rows if row.may_be_heard}
    targets = [channel for channel in notification.channels if not is_end or channel in heard]
    known = None if configured is None else set(configured)
    kept = [_replace_if_owed(row) if is_end or row.channel in targets else row for row in rows]
    return kept + [_owe(notification, channel, now, known) for channel in targets]


def _replace_if_owed(row: Delivery) -> Delivery:
    if row.status is not DeliveryStatus.OWED:
        return row
    # A claimed row stays "maybe heard": a later resolve must still reach that channel.
    return replace(row, status=DeliveryStatus.SENT if row.claimed else DeliveryStatus.REPLACED, claimed=False)


def _owe(notification: Notification, channel: str, now: int, configured: set[str] | None) -> Delivery:
    is_known = configured is None or channel in configured
    return Delivery(
        notification.alert_id,
        notification.kind,
        notification.level,
        notification.severity,
        channel,
        notification.dedup_key,
        created=now,
        next_attempt=now,
        status=DeliveryStatus.OWED if is_known else DeliveryStatus.NOT_CONFIGURED,
    )


def due(rows: Iterable[Delivery], now: int) -> list[Delivery]:
    """What may be attempted now, in the channels' order."""
    owed = [row for row in rows if row.status is DeliveryStatus.OWED and row.next_attempt <= now]
    return sorted(owed, key=lambda row: (channel_rank(row.channel), row.channel, row.created))


def next_attempt(rows: Iterable[Delivery]) -> int | None:
    """When the next row falls due; None when nothing is owed."""
    return min((row.next_attempt for row in rows if row.status is DeliveryStatus.OWED), default=None)


def claim(row: Delivery, now: int, lease: int) -> Delivery:
    """The row in a sender's hands. Unless it is marked before, it falls due again when the lease ends."""
    return replace(row, attempts=row.attempts + 1, claimed=True, next_attempt=now + lease)


def delivered(row: Delivery, now: int) -> Delivery:
    return replace(row, status=DeliveryStatus.SENT, claimed=False, sent=now)


def failed(row: Delivery, now: int, policy: Policy) -> Delivery:
    """The row after an attempt that surely was not heard."""
    return replace(row, claimed=False, next_attempt=now + policy.ticks(retry_delay_seconds(row.attempts)))


def recovered(row: Delivery, now: int) -> Delivery:
    """The row after a restart of its only sender: a lease of the dead one holds nobody up."""
    return replace(row, next_attempt=min(row.next_attempt, now)) if row.claimed else row


def retry_delay_seconds(attempts: int) -> int:
    """The pause after the given number of failed attempts."""
    return RETRY_SECONDS[min(max(attempts, 1), len(RETRY_SECONDS)) - 1]
