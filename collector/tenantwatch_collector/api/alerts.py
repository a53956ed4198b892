"""Operations on alerts. What callers want is left in the store; the engine does it, and they wait for it."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.alerts.alert import Status
from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.api.alerting import (
    SOURCE_SERVICE,
    AlertList,
    AlertTimeline,
    AlertView,
    Deed,
    NewAlert,
    TimelineEntry,
)
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.pages import MAX_LIMIT, bounded, cursor_of, place_of
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.errors import NotFound, NotYet, RefusedForEver
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import PLATFORM, PLATFORM_KEY, AlertEvent, AlertRecord, Store

WAIT_SECONDS = 5.0
"""How long a caller waits for the engine; what is left in the store is done later all the same."""
MAX_TIMELINE = 1_000
_REPORTED = "custom:"
_STATUS = {"acknowledge": "acknowledged", "resolve": "resolved"}


class Alerts:
    """``commanded`` wakes the engine, ``passes`` fires whenever it has done what there was."""

    def __init__(self, store: Store, commanded: Callable[[], None], passes: Signal) -> None:
        self._store = store
        self._commanded = commanded
        self._passes = passes

    @demands(Permission.MONITORING_READ)
    async def list(
        self, caller: Caller, tenant_id: str, severity: str, status: str, limit: int, cursor: str
    ) -> AlertList:
        """Alerts, newest first; empty texts mean any."""
        limit = bounded("limit", limit, MAX_LIMIT)
        one_of("severity", severity, [each.value for each in Severity])
        one_of("status", status, [each.value for each in Status])
        key = await whose_alerts(self._store, caller, tenant_id)
        place = place_of(cursor, int, str)
        before = None if place is None else (int(place[0]), str(place[1]))
        found = await self._store.alerts(key, severity, status, limit + 1, before)
        page = found[:limit]
        following = None
        if len(found) > limit:
            following = cursor_of(page[-1][0].first_occurred_us, page[-1][0].alert_id)
        return AlertList(alerts=[*await self.views(page)], next_cursor=following)

    @demands(Permission.MONITORING_READ)
    async def timeline(self, caller: Caller, alert_id: str) -> AlertTimeline:
        """One alert with its record: what happened, by whom, and each attempt to tell somebody."""
        view = await self._view(caller, alert_id)
        events = await self._store.alert_events(alert_id, caller.tenant_key, MAX_TIMELINE)
        return AlertTimeline(alert=view, timeline=[entry_of(event) for event in events])

    @demands(Permission.MONITORING_WRITE)
    async def create(self, caller: Caller, new: NewAlert) -> AlertView:
        """Report an alert of one's own. It lasts until somebody resolves it."""
        tenant = await reachable_tenant(self._store, caller, new.tenant_id)
        alert_type = _REPORTED + new.alert_name
        detail = json.dumps({**new.model_dump(mode="json"), "alert_type": alert_type})
        async with recorded(self._store, caller, "alert.create", new.alert_name, tenant) as record:
            record.after = new
            command = await record.store.report_alert(tenant.tenant_key, caller.subject, "", detail)

        async def opened() -> AlertRecord | None:
            alert = await self._store.newest_alert(tenant.tenant_key, alert_type)
            return alert if alert and alert.last_occurred_us >= command.created_at_us else None

        made = await self._await(opened)
        if made is None:
            raise NotYet("the alert is left with the engine, which has not opened it yet: look again")
        return (await self.views([(made, tenant.tenant_id)]))[0]

    @demands(Permission.ALERTS_ACKNOWLEDGE)
    async def command(self, caller: Caller, alert_id: str, action: str, notes: str) -> AlertView:
        """Acknowledge or resolve; answers with what became of the alert."""
        before = await self._view(caller, alert_id)
        # The platform's own alerts are of no tenant.
        tenant = await self._store.tenant(before.tenant_id)
        async with recorded(self._store, caller, f"alert.{action}", alert_id, tenant) as record:
            record.before, record.after = {"status": before.status}, {"notes": notes}
            if not await record.store.command_alert(
                alert_id, caller.tenant_key, action, caller.subject, notes
            ):
                raise NotFound(f"there is no open alert {alert_id!r}")

        async def obeyed() -> AlertRecord | None:
            found = await self._store.alert(alert_id, caller.tenant_key)
            return found[0] if found and found[0].status in (_STATUS[action], "resolved") else None

        await self._await(obeyed)
        return await self._view(caller, alert_id)

    async def _await(self, done: Callable[[], Awaitable[AlertRecord | None]]) -> AlertRecord | None:
        """What ``done`` answers once the engine has obeyed, or None when that takes too long."""
        deadline = time.monotonic() + WAIT_SECONDS
        self._commanded()
        while True:
            seen = self._passes.count
            if (found := await done()) is not None:
                return found
            left_seconds = deadline - time.monotonic()
            if left_seconds <= 0 or self._passes.closed:
                return None
            await self._passes.wait_beyond(seen, left_seconds)

    async def _view(self, caller: Caller, alert_id: str) -> AlertView:
        found = await self._store.alert(alert_id, caller.tenant_key)
        if found is None:
            raise NotFound(f"there is no alert {alert_id!r} that you can reach")
        return (await self.views([found]))[0]

    async def views(self, found: Sequence[tuple[AlertRecord, str]]) -> Sequence[AlertView]:
        notes: dict[str, list[AlertEvent]] = {}
        for event in await self._store.alert_notes([alert.alert_id for alert, _ in found]):
            notes.setdefault(event.alert_id, []).append(event)
        return [_alert(alert, tenant_id, notes.get(alert.alert_id, [])) for alert, tenant_id in found]


async def whose_alerts(store: Store, caller: Caller, tenant_id: str) -> int | None:
    """The key of the tenant named, or of the platform itself; None: of all that the caller reaches."""
    if tenant_id == PLATFORM and caller.tenant is None:
        return PLATFORM_KEY
    return (await reachable_tenant(store, caller, tenant_id)).tenant_key if tenant_id else caller.tenant_key


def one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    """Refuses what can never be; an empty text means any."""
    if value and value not in allowed:
        raise RefusedForEver(f"{name}: write one of {', '.join(allowed)}")


def _alert(alert: AlertRecord, tenant_id: str, notes: Sequence[AlertEvent]) -> AlertView:
    data = json.loads(alert.alert_data)
    told = [event for event in notes if event.channel]
    return AlertView(
        alert_id=alert.alert_id,
        alert_name=alert.alert_name,
        alert_description=alert.alert_description,
        tenant_id=tenant_id,
        severity=alert.severity,
        status=alert.status,
        source_service=data.get("source_service", SOURCE_SERVICE),
        metric_name=alert.alert_type,
        first_occurred=instant(alert.first_occurred_us),
        last_occurred=instant(alert.last_occurred_us),
        occurrence_count=alert.occurrence_count,
        resolved_at=None if alert.resolved_at_us is None else instant(alert.resolved_at_us),
        alert_data=data,
        notifications_sent=len(told),
        last_notification_at=instant(max(event.time_us for event in told)) if told else None,
        notification_channels=sorted({event.channel for event in told}),
        acknowledgement=_deed("acknowledged", notes),
        resolution=_deed("resolved", notes) if alert.status == "resolved" else None,
    )


def _deed(kind: str, notes: Sequence[AlertEvent]) -> Deed | None:
    found = [event for event in notes if event.kind == kind and not event.channel]
    if not found:
        return None
    last = found[-1]
    return Deed(who=last.who, at=instant(last.time_us), notes=last.detail if last.who else "")


def entry_of(event: AlertEvent) -> TimelineEntry:
    return TimelineEntry(
        time=instant(event.time_us),
        kind=event.kind,
        who=event.who,
        channel=event.channel,
        outcome=event.outcome,
        detail=event.detail,
    )
