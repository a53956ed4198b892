"""What became of alerts, as it will be written: their keys, records, events, and the messages they owe."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tenantwatch_collector.alerts.alert import Notification, Outcome
from tenantwatch_collector.engines.alerting.facts import alert_event, alert_record, message_payload
from tenantwatch_collector.engines.alerting.groups import HeldGroups
from tenantwatch_collector.engines.alerting.held import Held, Key
from tenantwatch_collector.store.base import (
    PLATFORM_KEY,
    AlertCommand,
    AlertEvent,
    AlertRecord,
    Judgement,
    OutboxMessage,
)


class Owed:
    """All of it since the last ``collect``, which hands it over to be written in one transaction."""

    def __init__(self, held: HeldGroups, channels: Sequence[str], dashboard_url: str) -> None:
        self._held = held
        self._channels = tuple(channels)
        self._dashboard_url = dashboard_url.rstrip("/")
        self._changed: set[Key] = set()
        self._alerts: dict[str, AlertRecord] = {}
        self._events: list[AlertEvent] = []
        self._messages: list[OutboxMessage] = []
        self.obeyed: list[int] = []
        """The commands that were carried out."""

    def change(self, key: Key, held: Held) -> None:
        """What is held of this key differs from what is written, and its next instant may, too."""
        self._changed.add(key)
        self._held.heed(key, held)

    def note(
        self, key: Key, held: Held, outcome: Outcome, now_us: int, by: AlertCommand | None = None
    ) -> None:
        """Put on record what an outcome of the machine tells, and owe its messages."""
        self.change(key, held)
        alert = held.group.alert
        if alert is None or not outcome.transitions:
            return
        record = alert_record(*key, alert, held.context)
        self._alerts[record.alert_id] = record
        if key[0] != PLATFORM_KEY and any(t.kind == "opened" for t in outcome.transitions):
            held.opened_at_us = now_us
        self._events += [alert_event(key[0], t, by) for t in outcome.transitions if t.kind != "occurred"]
        for notification in outcome.notifications:
            self._owe(record, alert.tenant, notification, now_us)

    def _owe(self, record: AlertRecord, tenant_id: str, notification: Notification, now_us: int) -> None:
        payload = json.dumps(message_payload(record, tenant_id, notification, self._dashboard_url))
        for channel in notification.channels:
            message = OutboxMessage(
                message_id=0,
                tenant_key=record.tenant_key,
                alert_id=record.alert_id,
                kind=notification.kind,
                dedup_key=notification.dedup_key,
                channel=channel,
                payload=payload,
                created_at_us=now_us,
                configured=channel in self._channels,
            )
            self._messages.append(message)

    def withhold(self, key: Key, held: Held, reason: str, now_us: int) -> None:
        """Put on record why what is due is not told."""
        alert = held.group.alert
        held.withheld = reason
        self.change(key, held)
        if alert is not None:
            self._events.append(AlertEvent(key[0], alert.alert_id, now_us, "withheld", detail=reason))

    def collect(self, judgement: Judgement) -> None:
        """Hand over what was found, to be written."""
        judgement.alert_keys = [self._held.state(key) for key in sorted(self._changed)]
        judgement.alerts = list(self._alerts.values())
        judgement.events = self._events
        judgement.messages = self._messages
        judgement.obeyed = self.obeyed
        self._changed, self._alerts, self._events, self._messages = set(), {}, [], []
        self.obeyed = []
