"""Alerts: what is wrong, who works on it, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from tenantwatch_client.connection import Connection


class Deed(TypedDict):
    who: str
    at: str
    notes: str


class AlertView(TypedDict):
    alert_id: str
    alert_name: str
    alert_description: str
    tenant_id: str
    severity: str
    status: str
    source_service: str
    metric_name: str
    first_occurred: str
    last_occurred: str
    occurrence_count: int
    resolved_at: str | None
    alert_data: dict[str, str]
    notifications_sent: int
    last_notification_at: str | None
    notification_channels: list[str]
    acknowledgement: Deed | None
    resolution: Deed | None


class TimelineEntry(TypedDict):
    time: str
    kind: str
    who: str
    channel: str
    outcome: str
    detail: str


class AlertTimeline(TypedDict):
    alert: AlertView
    timeline: list[TimelineEntry]


class Alerts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self,
        tenant_id: str | None = None,
        severity: str | None = None,
        status: str | None = None,
        limit: int = 100,
    ) -> list[AlertView]:
        """Newest first."""
        query = {"tenant_id": tenant_id, "severity": severity, "status": status, "limit": limit}
        found: list[AlertView] = self._connection.get("alerts", query=query)["alerts"]
        return found

    def get(self, alert_id: str) -> AlertTimeline:
        """One with its record: what happened, by whom, and each attempt to tell somebody."""
        found: AlertTimeline = self._connection.get("alerts", alert_id)
        return found

    def create(
        self,
        tenant_id: str,
        name: str,
        severity: str,
        description: str,
        data: Mapping[str, str] | None = None,
    ) -> AlertView:
        """Report one of your own; while it is open, the same name counts once more."""
        body = {
            "tenant_id": tenant_id,
            "alert_name": name,
            "severity": severity,
            "description": description,
            "alert_data": dict(data or {}),
        }
        made: AlertView = self._connection.post("alerts", body=body)
        return made

    def acknowledge(self, alert_id: str, notes: str = "") -> AlertView:
        """Somebody works on it: no more escalation."""
        found: AlertView = self._connection.post("alerts", alert_id, "acknowledge", body={"notes": notes})
        return found

    def resolve(self, alert_id: str, notes: str = "") -> AlertView:
        """End it."""
        body = {"resolution_notes": notes}
        found: AlertView = self._connection.post("alerts", alert_id, "resolve", body=body)
        return found
