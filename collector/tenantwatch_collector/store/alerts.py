"""Alerts, their record, and what bounds them: rules, routes, silences, commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tenantwatch_collector.store.agreements import WindowRecord


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as kept; ``alert_data`` is its context, JSON."""

    alert_id: str
    tenant_key: int
    alert_type: str
    alert_name: str
    alert_description: str
    severity: str
    status: str
    first_occurred_us: int
    last_occurred_us: int
    occurrence_count: int
    resolved_at_us: int | None
    alert_data: str


@dataclass(frozen=True, slots=True)
class AlertKeyState:
    """The engine's memory of one (tenant, alert_type): members, flapping, the open alert. JSON."""

    tenant_key: int
    alert_type: str
    state: str
    next_due_us: int | None


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One line of an alert's record: what happened to it, by whom, or to whom it was told and how that went.

    ``who`` is empty where the engine did it by itself. ``channel`` is set where a message was attempted;
    ``outcome`` is then sent, retry or dead.
    """

    tenant_key: int
    alert_id: str
    time_us: int
    kind: str
    who: str = ""
    channel: str = ""
    outcome: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StoredSilence:
    """Nobody is told in [start_us, end_us): of one tenant or type, or of anything where neither is named."""

    silence_id: int
    tenant_id: str | None
    alert_type: str | None
    start_us: int
    end_us: int
    who: str
    notes: str


@dataclass(frozen=True, slots=True)
class StoredRoute:
    """One version of a route: who is told of which alerts. ``definition`` is JSON; empty: it was removed.

    Routes are asked in the order of ``priority`` and name.
    """

    name: str
    version: int
    priority: int
    definition: str
    recorded_at_us: int
    recorded_by: str


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A custom rule as kept: ``tenant_id`` or ``tier`` say for whom, neither is for everybody.

    ``definition`` is JSON: the rest is the alert engine's business.
    """

    rule_id: str
    tenant_id: str | None
    tier: str | None
    definition: str
    created_at_us: int
    created_by: str


@dataclass(frozen=True, slots=True)
class AlertCommand:
    """What somebody wants done: ``action`` is acknowledge, resolve, or create an alert.

    ``detail`` is JSON of the alert to be created.
    """

    command_id: int
    tenant_key: int
    alert_id: str
    action: str
    who: str
    notes: str
    created_at_us: int
    detail: str = ""


class AlertStore(Protocol):
    """The part of the store's contract that alerts, and all that is said about them, rest on."""

    async def alert_rules(self, tenant_key: int | None = None) -> Sequence[StoredRule]:
        """Custom rules by rule_id; with a tenant only those that name it."""

    async def put_alert_rule(self, rule: StoredRule) -> None:
        """Keep it in place of the one of its id, whose time and author of creation stay."""

    async def remove_alert_rule(self, rule_id: str) -> bool: ...
    async def metric_names(self, tenant_id: str | None) -> Sequence[str]:
        """What metrics there are, of one tenant or of all, by name."""

    async def alert_routes(self) -> Sequence[StoredRoute]:
        """The newest version of each route that was not removed, in the order in which they are asked."""

    async def alert_route_versions(self, name: str) -> Sequence[StoredRoute]:
        """All versions of a route, newest first."""

    async def put_alert_route(self, route: StoredRoute) -> int:
        """Keep it as the route's newest version, whose number is the store's, and answered."""

    async def add_silence(self, silence: StoredSilence) -> int:
        """Keep it; its id is the store's, and answered."""

    async def silences(self, ending_after_us: int, tenant_key: int | None = None) -> Sequence[StoredSilence]:
        """Those that end later, by silence_id; with a tenant only those that name it."""

    async def end_silence(self, silence_id: int, now_us: int) -> bool:
        """End it now; False if there is none of that id that is not over."""

    async def windows_ending_after(self, time_us: int) -> Sequence[WindowRecord]:
        """Maintenance windows of all tenants that are not over or recur, and are not cancelled."""

    async def command_alert(
        self, alert_id: str, tenant_key: int | None, action: str, who: str, notes: str
    ) -> bool:
        """Ask the engine to acknowledge or resolve it. False: there is no such alert, or it is over.

        With a tenant only if the alert is that tenant's. What came of it stands in the alert's record.
        """

    async def report_alert(self, tenant_key: int, who: str, notes: str, detail: str) -> AlertCommand:
        """Ask the engine to open the alert that ``detail``, JSON, describes."""

    async def pending_alert_commands(self) -> Sequence[AlertCommand]:
        """What callers want done to alerts and no engine has done yet, oldest first."""

    async def alerts(
        self,
        tenant_key: int | None,
        severity: str,
        status: str,
        limit: int,
        before: tuple[int, str] | None = None,
    ) -> Sequence[tuple[AlertRecord, str]]:
        """(alert, tenant_id), newest first; an empty severity or status means any.

        ``before`` is (first_occurred_us, alert_id) of an earlier page's last one.
        """

    async def open_alerts(self, tenant_key: int | None, limit: int) -> Sequence[tuple[AlertRecord, str]]:
        """(alert, tenant_id) of those that are not resolved, the most severe first, then the newest."""

    async def alert(self, alert_id: str, tenant_key: int | None) -> tuple[AlertRecord, str] | None:
        """(alert, tenant_id); with a tenant only if the alert is that tenant's."""

    async def newest_alert(self, tenant_key: int, alert_type: str) -> AlertRecord | None: ...
    async def count_open_alerts(self, tenant_key: int | None) -> int: ...
    async def alert_events(self, alert_id: str, tenant_key: int | None, limit: int) -> Sequence[AlertEvent]:
        """The alert's record, oldest first: what happened, by whom, and each attempt to tell somebody."""

    async def alert_notes(self, alert_ids: Sequence[str]) -> Sequence[AlertEvent]:
        """Who acknowledged or resolved these alerts, and what was told to whom, oldest first."""

    async def newest_alert_event(self) -> int:
        """The id of the newest line in the record of any alert; 0 if there is none."""

    async def alert_events_after(
        self, event_id: int, tenant_key: int | None, limit: int
    ) -> Sequence[tuple[int, AlertEvent]]:
        """The lines after that one with their ids, oldest first; with a tenant only that tenant's."""
