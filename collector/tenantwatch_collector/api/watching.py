"""Operations that go on: results and alerts as they come, each answer with a cursor to go on from later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
from tenantwatch_wire.records import Status

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.alerting import AlertView, TimelineEntry
from tenantwatch_collector.api.alerts import Alerts, entry_of, whose_alerts
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.pages import cursor_of, place_of
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import Commit, Store, StoredResult, Tenant, TenantCheck

AT_ONCE = 1_000
"""Results in an answer, and commits or events that are looked through together."""


@dataclass(frozen=True, slots=True)
class AlertNews:
    """One line of an alert's record, with the alert as it is now."""

    alert: AlertView
    entry: TimelineEntry
    cursor: str


class Watching:
    """``changed`` fires after commits and after judging. Streams end when it is closed."""

    def __init__(self, store: Store, alerts: Alerts, changed: Signal) -> None:
        self._store = store
        self._alerts = alerts
        self._changed = changed

    @demands(Permission.MONITORING_READ)
    async def results(
        self, caller: Caller, tenant_id: str, cursor: str
    ) -> AsyncIterator[tuple[Sequence[StoredResult], str]]:
        """One tenant's results by their commits, each once: from the cursor on, or from now on."""
        if not tenant_id and caller.tenant is None:
            raise RefusedForEver("tenant_id: write whose results are watched")
        tenant = await reachable_tenant(
            self._store,
            caller,
            tenant_id or caller.tenant.tenant_id,  # type: ignore[union-attr]
        )
        place = place_of(cursor, int, int)
        through, skip = place or (await self._store.newest_commit(), 0)
        through, skip = int(through), int(skip)
        while not self._changed.closed:
            seen = self._changed.count
            for touch in await self._store.touched_after(through, AT_ONCE):
                if tenant.tenant_key in touch.touched.tenant_key:
                    async for answer in self._of_commit(tenant, touch.commit_id, skip):
                        yield answer
                through, skip = touch.commit_id, 0
            if not await self._store.touched_after(through, 1):
                await self._changed.wait_beyond(seen)

    async def _of_commit(
        self, tenant: Tenant, commit_id: int, skip: int
    ) -> AsyncIterator[tuple[Sequence[StoredResult], str]]:
        """The tenant's results in one commit; the cursor of all but the last answer lies within it."""
        (commit, *_) = await self._store.commits_after(commit_id - 1, 1)
        if commit.commit_id != commit_id:
            return  # deleted meanwhile
        checks = {check.check_key: check for check in await self._store.tenant_checks(tenant.tenant_key)}
        found = _results(tenant, commit, checks)
        for first in range(skip, len(found), AT_ONCE):
            after = first + AT_ONCE
            rest = after < len(found)
            yield found[first:after], cursor_of(commit_id - 1, after) if rest else cursor_of(commit_id, 0)

    @demands(Permission.MONITORING_READ)
    async def alerts(self, caller: Caller, tenant_id: str, cursor: str) -> AsyncIterator[AlertNews]:
        """What happens to alerts, in order, each once: from the cursor on, or from now on."""
        key = await whose_alerts(self._store, caller, tenant_id)
        place = place_of(cursor, int)
        through = int(place[0]) if place else await self._store.newest_alert_event()
        while not self._changed.closed:
            seen = self._changed.count
            found = await self._store.alert_events_after(through, key, AT_ONCE)
            for event_id, event in found:
                through = event_id
                alert = await self._store.alert(event.alert_id, key)
                if alert is not None:
                    (view,) = await self._alerts.views([alert])
                    yield AlertNews(view, entry_of(event), cursor_of(event_id))
            if not found:
                await self._changed.wait_beyond(seen)


def _results(tenant: Tenant, commit: Commit, checks: dict[int, TenantCheck]) -> list[StoredResult]:
    """By time and check, so that a cursor within them means the same whenever it is given back."""
    columns = commit.columns.take(np.flatnonzero(commit.columns.tenant_key == tenant.tenant_key))
    metrics: dict[int, dict[str, float]] = {}
    sparse = columns.metrics
    for row, name, value in zip(
        sparse.row.tolist(), sparse.name.tolist(), sparse.value.tolist(), strict=True
    ):
        metrics.setdefault(row, {})[sparse.names[name]] = value
    return [
        StoredResult(
            tenant.tenant_id,
            checks[key].agent_id,
            checks[key].check_id,
            checks[key].kind,
            int(columns.time_us[row]),
            Status(int(columns.status[row])),
            None if (latency := int(columns.latency_us[row])) < 0 else latency,
            columns.texts.get(row, ""),
            metrics.get(row, {}),
            commit.received_at_us,
            key,
            commit.commit_id,
        )
        for row in np.lexsort((columns.check_key, columns.time_us)).tolist()
        if (key := int(columns.check_key[row])) in checks
    ]
