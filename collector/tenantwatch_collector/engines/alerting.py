"""The first alert rule, driven: a check that is confirmed unhealthy raises an alert of its kind."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tenantwatch_wire.records import Status

from tenantwatch_collector.alerts.check_rule import (
    Alert,
    Evaluation,
    KeyState,
    Notification,
    Outcome,
    drop_member,
    evaluate,
    tick,
)
from tenantwatch_collector.engines.checks import Judged, WatchedCheck
from tenantwatch_collector.store.base import (
    AlertKeyState,
    AlertRecord,
    JudgedState,
    Judgement,
    OutboxMessage,
)

SEVERITY = "error"
SOURCE_SERVICE = "saas_monitoring"


class AlertBook:
    """The open keys, and what was found since the last ``collect``."""

    def __init__(self, channels: Sequence[str], dashboard_url: str) -> None:
        self._channels = channels
        self._dashboard_url = dashboard_url
        self._tenant_ids: dict[int, str] = {}
        self._keys: dict[tuple[int, str], KeyState] = {}
        self._changed: dict[tuple[int, str], KeyState] = {}
        self._alerts: dict[str, AlertRecord] = {}
        self._messages: list[OutboxMessage] = []

    def fresh(self) -> AlertBook:
        """An empty book with the same settings."""
        book = AlertBook(self._channels, self._dashboard_url)
        book.name_tenants(self._tenant_ids)
        return book

    def load(self, judged: JudgedState) -> None:
        for kept in judged.alert_keys:
            key = KeyState.from_json(json.loads(kept.state))
            self._keys[kept.tenant_key, kept.alert_type] = key

    def name_tenants(self, tenant_ids: dict[int, str]) -> None:
        self._tenant_ids = tenant_ids

    def judge(self, judged: Judged, now_us: int) -> None:
        """Evaluate the rule on one result. Late results and silence never make or end an alert."""
        if judged.status is None:
            return
        definition = judged.watched.check.definition
        value = None if judged.status is Status.UNKNOWN else judged.status is Status.UNHEALTHY
        evaluation = Evaluation(
            str(judged.watched.check.check_key),
            judged.time_us,
            value,
            SEVERITY,
            definition.confirm_failures,
            definition.confirm_successes,
            {
                "agent_id": judged.watched.check.agent_id,
                "check_id": definition.check_id,
                "target": definition.target,
                "text": judged.text,
            },
        )
        name, key = self._key(judged.watched)
        if value is False and key.is_idle(evaluation.member):
            return
        self._note(name, key, evaluate(key, evaluation), now_us)

    def drop(self, watched: WatchedCheck, now_us: int) -> None:
        """The check is watched no more."""
        name, key = self._key(watched)
        member = str(watched.check.check_key)
        if not key.is_idle(member):
            self._note(name, key, drop_member(key, member, now_us), now_us)

    def tick(self, now_us: int) -> None:
        """Send what is due."""
        for name, key in self._keys.items():
            due = key.next_due_us()
            if due is not None and due <= now_us:
                self._note(name, key, tick(key, now_us), now_us)

    def is_idle(self, watched: WatchedCheck) -> bool:
        """Whether a healthy result of this check can be passed over."""
        return self._key(watched)[1].is_idle(str(watched.check.check_key))

    def next_due_us(self) -> int | None:
        return min((due for key in self._keys.values() if (due := key.next_due_us())), default=None)

    def collect(self, judgement: Judgement) -> None:
        """Hand over what was found, to be written."""
        judgement.alert_keys = [
            AlertKeyState(tenant, kind, json.dumps(key.to_json()), key.next_due_us())
            for (tenant, kind), key in self._changed.items()
        ]
        judgement.alerts = list(self._alerts.values())
        judgement.messages = self._messages
        self._changed, self._alerts, self._messages = {}, {}, []

    def _key(self, watched: WatchedCheck) -> tuple[tuple[int, str], KeyState]:
        check = watched.check
        name = check.tenant_key, check.definition.kind
        if name not in self._keys:
            self._keys[name] = KeyState(self._tenant_ids[check.tenant_key], check.definition.kind)
        return name, self._keys[name]

    def _note(self, name: tuple[int, str], key: KeyState, outcome: Outcome, now_us: int) -> None:
        self._changed[name] = key
        if outcome.alert is None:
            return
        record = _record(*name, outcome.alert)
        self._alerts[record.alert_id] = record
        for notification in outcome.notifications:
            self._owe(record, key.tenant_id, notification, now_us)

    def _owe(self, record: AlertRecord, tenant_id: str, notification: Notification, now_us: int) -> None:
        for channel in self._channels:
            payload = {
                "kind": notification.kind,
                "dedup_key": notification.dedup_key,
                "alert": {
                    "alert_id": record.alert_id,
                    "alert_name": record.alert_name,
                    "alert_description": record.alert_description,
                    "tenant_id": tenant_id,
                    "severity": record.severity,
                    "status": record.status,
                    "source_service": SOURCE_SERVICE,
                    "metric_name": record.alert_type,
                    "first_occurred_us": record.first_occurred_us,
                    "last_occurred_us": record.last_occurred_us,
                    "occurrence_count": record.occurrence_count,
                    "resolved_at_us": record.resolved_at_us,
                    "alert_data": json.loads(record.alert_data),
                },
                "link": self._link(tenant_id),
            }
            self._messages.append(
                OutboxMessage(
                    0,
                    record.tenant_key,
                    record.alert_id,
                    notification.kind,
                    notification.dedup_key,
                    channel,
                    json.dumps(payload),
                    now_us,
                )
            )

    def _link(self, tenant_id: str) -> str | None:
        return f"{self._dashboard_url}/admin/monitoring/tenants/{tenant_id}" if self._dashboard_url else None


def _record(tenant_key: int, alert_type: str, alert: Alert) -> AlertRecord:
    seen = alert.context
    return AlertRecord(
        alert_id=alert.alert_id,
        tenant_key=tenant_key,
        alert_type=alert_type,
        alert_name=f"{alert_type} is unhealthy",
        alert_description=f"{seen['check_id']} on {seen['agent_id']}: {seen['text'] or 'unhealthy'}",
        severity=alert.severity,
        status="active" if alert.resolved_us is None else "resolved",
        first_occurred_us=alert.opened_us,
        last_occurred_us=alert.last_occurred_us,
        occurrence_count=alert.occurrences,
        resolved_at_us=alert.resolved_us,
        alert_data=json.dumps(seen),
    )
