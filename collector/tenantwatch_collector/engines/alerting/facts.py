"""How the engine's alerts look to everybody else: as records, events and messages."""

from __future__ import annotations

import json

from tenantwatch_collector.alerts.alert import AlertState, Notification, Transition
from tenantwatch_collector.alerts.builtin import NO_DATA
from tenantwatch_collector.alerts.routing import UNDELIVERABLE
from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.engines.findings import Finding
from tenantwatch_collector.engines.peers import COLLECTOR_SILENT
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.store.base import PLATFORM_KEY, AlertCommand, AlertEvent, AlertRecord

SOURCE_SERVICE = "saas_monitoring"
REPORTED = ("custom:", COLLECTOR_SILENT, UNDELIVERABLE)
"""What the types of alerts begin with that callers and other rooms report."""


def context(watched: WatchedCheck, text: str, name: str = "") -> dict[str, str]:
    """What an occurrence looked like, for people; ``name`` is that of a custom rule."""
    check = watched.check
    return ({"name": name} if name else {}) | {
        "agent_id": check.agent_id,
        "check_id": check.definition.check_id,
        "target": check.definition.target,
        "text": text,
    }


def finding_context(finding: Finding) -> dict[str, str]:
    """The same of a service level or an anomaly: what it is about, and which condition of it holds."""
    names = {
        "sla_violation": "service level missed",
        "burn_rate": "error budget burns too fast",
        "anomaly": "unusually slow",
    }
    return {
        "name": names.get(finding.alert_type, finding.alert_type),
        "description": f"{finding.label}: {finding.text}",
        "period": finding.label,
        "condition": finding.rule_id,
        "text": finding.text,
    }


def reported(command: AlertCommand) -> tuple[str, Severity, dict[str, str]]:
    """Type, severity and context of an alert that somebody reports."""
    told = json.loads(command.detail)
    seen = {
        **told["alert_data"],
        "name": told["alert_name"],
        "description": told["description"],
        "source_service": told["source_service"],
        "reported_by": command.who,
    }
    return told["alert_type"], Severity(told["severity"]), seen


def is_reported(alert_type: str) -> bool:
    """Whether alerts of the type are reported, and judged by no rule."""
    return alert_type.startswith(REPORTED)


def alert_record(tenant_key: int, alert_type: str, alert: AlertState, seen: dict[str, str]) -> AlertRecord:
    """The alert as it is kept, with what its newest occurrence looked like."""
    return AlertRecord(
        alert_id=alert.alert_id,
        tenant_key=tenant_key,
        alert_type=alert_type,
        alert_name=_name(tenant_key, alert_type, alert.severity, seen),
        alert_description=_description(seen),
        severity=alert.severity,
        status=alert.status,
        first_occurred_us=alert.opened,
        last_occurred_us=alert.last_occurred,
        occurrence_count=alert.occurrences,
        resolved_at_us=alert.resolved,
        alert_data=json.dumps(seen),
    )


def alert_event(tenant_key: int, transition: Transition, by: AlertCommand | None = None) -> AlertEvent:
    """A transition for the record, and by whose command it came about."""
    alert_id, time, kind = transition.alert_id, transition.time, transition.kind
    if by is not None:
        return AlertEvent(tenant_key, alert_id, time, kind, who=by.who, detail=by.notes)
    detail = f"{transition.severity.value}, level {transition.level}"
    return AlertEvent(tenant_key, alert_id, time, kind, detail=detail)


def _name(tenant_key: int, alert_type: str, severity: Severity, seen: dict[str, str]) -> str:
    if tenant_key == PLATFORM_KEY and "causes" in seen:
        return f"{seen['causes']}: {seen['tenant_count']} tenants at once"
    if alert_type == NO_DATA:
        return "no data"
    if "name" in seen:
        return seen["name"]
    return f"{alert_type} is {'unhealthy' if severity.rank >= Severity.ERROR.rank else 'degraded'}"


def _description(seen: dict[str, str]) -> str:
    if "description" in seen:
        return seen["description"]
    return f"{seen['check_id']} on {seen['agent_id']}: {seen['text'] or 'unhealthy'}"


def message_payload(
    record: AlertRecord, tenant_id: str, notification: Notification, dashboard_url: str
) -> dict[str, object]:
    """What a channel is given; a webhook posts it as it is."""
    link = f"{dashboard_url}/admin/monitoring/alerts/{record.alert_id}" if dashboard_url else None
    return {
        "kind": notification.kind,
        "dedup_key": notification.dedup_key,
        "level": notification.level,
        "alert": {
            "alert_id": record.alert_id,
            "alert_name": record.alert_name,
            "alert_description": record.alert_description,
            "tenant_id": tenant_id,
            "severity": record.severity,
            "status": record.status,
            "source_service": json.loads(record.alert_data).get("source_service", SOURCE_SERVICE),
            "metric_name": record.alert_type,
            "first_occurred_us": record.first_occurred_us,
            "last_occurred_us": record.last_occurred_us,
            "occurrence_count": record.occurrence_count,
            "resolved_at_us": record.resolved_at_us,
            "alert_data": json.loads(record.alert_data),
        },
        "link": link,
    }
