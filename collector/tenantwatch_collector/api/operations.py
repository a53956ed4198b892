"""Operations on health: the platform, its tenants, one tenant now and before, and news as they come.

Each takes the authenticated caller first. A tenant's caller reaches that tenant alone: what does not
exist and what is another's give the same NotFound.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from math import floor

from tenantwatch_wire.records import Status

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api import models
from tenantwatch_collector.api.models import State, instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.pages import MAX_LIMIT, Page, bounded, cursor_of, place_of
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import (
    AlertRecord,
    CheckHealth,
    Store,
    StoredResult,
    Tenant,
    TenantHealth,
)

MAX_HOURS = 24 * 366
_RANK: dict[str, int] = {"healthy": 0, "unknown": 1, "degraded": 2, "unhealthy": 3}


class Operations:
    """What callers may ask of health."""

    def __init__(
        self, store: Store, changed: Signal, compliance: Mapping[str, bool | None] | None = None
    ) -> None:
        self._store = store
        self._changed = changed
        self._compliance = {} if compliance is None else compliance

    @demands(Permission.MONITORING_READ)
    async def dashboard(self, caller: Caller) -> models.DashboardHealth:
        """The platform as the caller sees it: the latest 20 results and the top 10 alerts with it."""
        overview = await self.platform(caller)
        recent = await self._store.recent_results(caller.tenant_key, 20)
        alerts = await self._store.open_alerts(caller.tenant_key, 10)
        now_us = time.time_ns() // 1000
        return models.DashboardHealth(
            platform_health=overview.platform_health,
            recent_checks=[_recent(result, self._compliance.get(result.tenant_id)) for result in recent],
            active_alerts=[_active(alert, tenant_id, now_us) for alert, tenant_id in alerts],
            tenants=overview.tenants,
        )

    @demands(Permission.MONITORING_READ)
    async def platform(self, caller: Caller) -> models.PlatformOverview:
        """Every tenant that the caller may see, the worst first, and the counts."""
        tenants = await self._store.tenant_health(caller.tenant_key)
        open_alerts = await self._store.count_open_alerts(caller.tenant_key)
        views = [_overview(tenant) for tenant in tenants]
        views.sort(key=lambda view: (-_RANK[view.state], view.tenant_id))
        return models.PlatformOverview(
            platform_health=_platform(views, open_alerts, self._compliance), tenants=views
        )

    @demands(Permission.MONITORING_READ)
    async def tenants(self, caller: Caller, limit: int, cursor: str) -> tuple[Sequence[TenantHealth], str]:
        """A page of tenants by tenant_id, and the cursor of the next one or an empty text."""
        limit = bounded("limit", limit, MAX_LIMIT)
        found = await self._store.tenant_health(caller.tenant_key)
        page, following = Page(limit, cursor).of(found, lambda health: health.tenant.tenant_id)
        return page, following or ""

    @demands(Permission.MONITORING_READ)
    async def tenant_list(self, caller: Caller, limit: int, cursor: str) -> models.TenantList:
        """A page of tenants by tenant_id."""
        page, next_cursor = await self.tenants(caller, limit, cursor)
        return models.TenantList(
            tenants=[_overview(health) for health in page], next_cursor=next_cursor or None
        )

    @demands(Permission.MONITORING_READ)
    async def tenant_summary(self, caller: Caller, tenant_id: str) -> models.TenantSummary:
        """One tenant's state, its groups and its checks."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        health = (await self._store.tenant_health(tenant.tenant_key))[0]
        checks = await self._store.check_health(tenant.tenant_key)
        return models.TenantSummary(
            **_overview(health).model_dump(exclude={"checks_total", "checks_failing"}),
            groups=[models.GroupHealth(**group) for group in json.loads(health.groups)],
            checks=[_check(check) for check in checks],
            resource_usage=resources_of(checks),
            active_alerts=await self._store.count_open_alerts(tenant.tenant_key),
        )

    @demands(Permission.MONITORING_READ)
    async def open_alerts(self, caller: Caller, tenant_id: str, limit: int) -> list[models.ActiveAlert]:
        """The tenant's alerts that are not over, the most severe first."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        now_us = time.time_ns() // 1000
        found = await self._store.open_alerts(tenant.tenant_key, limit)
        return [_active(alert, tenant_id, now_us) for alert, _ in found]

    @demands(Permission.MONITORING_READ)
    async def history(
        self,
        caller: Caller,
        tenant_id: str,
        from_us: int,
        to_us: int,
        limit: int,
        check_id: str = "",
        cursor: str = "",
    ) -> tuple[Sequence[StoredResult], str]:
        """A page of results in [from_us, to_us), newest first, and the cursor of the next page."""
        limit = bounded("limit", limit, MAX_LIMIT)
        if to_us - from_us > MAX_HOURS * 3_600_000_000:
            raise RefusedForEver(f"at most {MAX_HOURS} hours can be asked for at once")
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        place = place_of(cursor, int, int, int)
        before = None if place is None else (int(place[0]), int(place[1]), int(place[2]))
        found = await self._store.results(tenant.tenant_key, from_us, to_us, limit + 1, check_id, before)
        page = found[:limit]
        more = len(found) > limit
        return page, cursor_of(*page[-1].place) if more else ""

    @demands(Permission.MONITORING_READ)
    async def watch(self, caller: Caller, tenant_id: str) -> AsyncIterator[models.TenantSummary]:
        """The present health of the tenant, or of all that the caller sees, then every change,
        until the collector stops."""
        key = caller.tenant_key
        if tenant_id:
            key = (await reachable_tenant(self._store, caller, tenant_id)).tenant_key
        shown: dict[str, tuple[object, ...]] = {}
        while not self._changed.closed:
            seen = self._changed.count
            for health in await self._store.tenant_health(key):
                name = health.tenant.tenant_id
                summary = await self.tenant_summary(caller, name)
                face = _face(summary)
                if shown.get(name) != face:
                    shown[name] = face
                    yield summary
            await self._changed.wait_beyond(seen)

    @demands(Permission.MONITORING_READ)
    async def changes(self, caller: Caller) -> AsyncGenerator[None, None]:
        """Yields after commits, several may come as one, until the collector stops."""
        while not self._changed.closed:
            seen = self._changed.count
            yield
            await self._changed.wait_beyond(seen)


def milliseconds(latency_us: int | None) -> float | None:
    return None if latency_us is None else latency_us / 1000


def check_result(result: StoredResult) -> models.CheckResult:
    return models.CheckResult(
        agent_id=result.agent_id,
        check_id=result.check_id,
        check_type=result.kind,
        status=state_of(result.status),
        response_time=milliseconds(result.latency_us),
        timestamp=instant(result.time_us),
        received_at=instant(result.received_at_us),
        text=result.text,
        metrics=result.metrics,
    )


def state_of(status: Status) -> State:
    states: tuple[State, ...] = ("healthy", "degraded", "unhealthy", "unknown")
    return states[status]


def _platform(
    views: Sequence[models.TenantOverview], open_alerts: int, compliance: Mapping[str, bool | None]
) -> models.PlatformHealth:
    judged = [kept for view in views if (kept := compliance.get(view.tenant_id)) is not None]
    count = {state: sum(view.state == state for view in views) for state in _RANK}
    known = [view.state for view in views if view.state != "unknown"]
    return models.PlatformHealth(
        overall_status=max(known, key=_RANK.__getitem__, default="unknown"),
        total_tenants=len(views),
        healthy_tenants=count["healthy"],
        unhealthy_tenants=count["unhealthy"],
        degraded_tenants=count["degraded"],
        unknown_tenants=count["unknown"],
        active_alerts=open_alerts,
        sla_compliance=floor(10_000 * sum(judged) / len(judged)) / 100 if judged else None,
    )


def _overview(health: TenantHealth) -> models.TenantOverview:
    tenant: Tenant = health.tenant
    return models.TenantOverview.model_validate(
        {
            "tenant_id": tenant.tenant_id,
            "tenant_name": tenant.tenant_name,
            "tier": tenant.tier,
            "state": health.state,
            "since": instant(health.since_us),
            "checks_total": health.checks_total,
            "checks_failing": health.checks_failing,
        }
    )


def _recent(result: StoredResult, sla_compliant: bool | None) -> models.RecentCheck:
    return models.RecentCheck(
        tenant_id=result.tenant_id,
        agent_id=result.agent_id,
        check_id=result.check_id,
        kind=result.kind,
        status=state_of(result.status),
        response_time=milliseconds(result.latency_us),
        timestamp=instant(result.time_us),
        sla_compliant=sla_compliant,
        text=result.text,
    )


def _check(health: CheckHealth) -> models.CheckSummary:
    last, definition = health.last_result, health.check.definition
    return models.CheckSummary(
        agent_id=health.check.agent_id,
        check_id=definition.check_id,
        kind=definition.kind,
        group=definition.group,
        state=state_of(health.level),
        since=instant(health.since_us) if health.since_us else None,
        last_result=None if last is None else instant(last.time_us),
        response_time=None if last is None else milliseconds(last.latency_us),
        text="" if last is None else last.text,
        target=definition.target,
    )


def resources_of(checks: Sequence[CheckHealth]) -> models.ResourceUsage | None:
    """The worst of the tenant's hosts; None where no host is watched."""
    hosts = [
        c.last_result.metrics for c in checks if c.last_result and c.last_result.kind == "host_resources"
    ]
    if not hosts:
        return None
    names = models.ResourceUsage.model_fields
    worst = {name: max((h[name] for h in hosts if name in h), default=None) for name in names}
    return models.ResourceUsage(**worst)


def _active(alert: AlertRecord, tenant_id: str, now_us: int) -> models.ActiveAlert:
    return models.ActiveAlert(
        alert_id=alert.alert_id,
        tenant_id=tenant_id,
        severity=alert.severity,
        status=alert.status,
        message=alert.alert_description,
        duration=round(max(0, now_us - alert.first_occurred_us) / 60e6, 1),
    )


def _face(summary: models.TenantSummary) -> tuple[object, ...]:
    """What a watcher is told about: states, not every new latency."""
    checks = tuple((c.agent_id, c.check_id, c.state, c.since) for c in summary.checks)
    groups = tuple((g.group, g.role, g.rule, g.state) for g in summary.groups)
    return summary.state, summary.since, checks, groups, summary.active_alerts
