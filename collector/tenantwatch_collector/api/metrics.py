"""Operations on metrics: the platform now, and one tenant's performance over time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from tenantwatch_wire.records import Status

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.measured import (
    PerformanceMetrics,
    PlatformFigures,
    PlatformSnapshot,
    ResourceFigures,
    TenantFigures,
)
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.operations import resources_of
from tenantwatch_collector.api.performance import performance, width_of
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.store.base import CheckHealth, Rollup, Store, Tenant

WINDOW_US = 900_000_000
"""What the snapshot's rates and means are about."""
SNAPSHOT_SECONDS = 15.0
"""A snapshot of the whole platform may be this old: it asks for every tenant."""
MAX_DAYS = 400
_NETWORK, _REQUESTS, _USERS = "network_bytes_per_second", "requests_per_minute", "active_users"
_QUARTER_S = 900
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One tenant in the window. Latencies are of results that did not fail."""

    figures: TenantFigures
    measured: int
    errors: int
    latencies: int
    latency_sum_us: int
    disk_percent: float | None
    network: float | None


class Metrics:
    """``scores`` are the tenants' health scores of this month by tenant_id, kept by another room."""

    def __init__(self, store: Store, scores: Mapping[str, float | None]) -> None:
        self._store = store
        self._scores = scores
        self._making = asyncio.Lock()
        self._made: tuple[float, PlatformSnapshot] | None = None

    @demands(Permission.MONITORING_READ)
    async def platform(self, caller: Caller) -> PlatformSnapshot:
        """The platform as the caller sees it; a tenant sees itself alone."""
        if caller.tenant is not None:
            return await self._snapshot([caller.tenant])
        async with self._making:
            if self._made is None or time.monotonic() - self._made[0] > SNAPSHOT_SECONDS:
                there = [tenant for tenant in await self._store.tenants() if tenant.deleted_at_us is None]
                self._made = time.monotonic(), await self._snapshot(there)
            return self._made[1]

    @demands(Permission.MONITORING_READ)
    async def tenant(
        self, caller: Caller, tenant_id: str, start: date | None, end: date | None
    ) -> PerformanceMetrics:
        """Response times, errors and states from ``start`` to ``end``, both days (UTC) included."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        last = end or datetime.now(UTC).date()
        if not _FIRST_DAY <= min(last, start or last) <= max(last, start or last) <= _LAST_DAY:
            raise RefusedForEver(f"start_date and end_date must lie from {_FIRST_DAY} to {_LAST_DAY}")
        first = start or last - timedelta(days=6)
        if not 0 <= (last - first).days < MAX_DAYS:
            raise RefusedForEver(f"start_date must not lie after end_date, nor {MAX_DAYS} days before it")
        from_us, to_us = _midnight_us(first), _midnight_us(last + timedelta(days=1))
        width_s = width_of((to_us - from_us) // 1_000_000)
        rollups = await self._rollups(tenant.tenant_key, width_s, from_us, to_us)
        kinds = {c.check_key: c.kind for c in await self._store.tenant_checks(tenant.tenant_key)}
        counted = [rollup for rollup in rollups if kinds.get(rollup.check_key) != "host_resources"]
        now = (await self._see(tenant)).figures
        return performance(tenant_id, (first, last), width_s, counted, now)

    async def _rollups(self, tenant_key: int, width_s: int, from_us: int, to_us: int) -> Sequence[Rollup]:
        """Those of the width, and quarters of an hour for what has none of it yet."""
        found = list(await self._store.rollups(tenant_key, width_s, from_us, to_us))
        if width_s == _QUARTER_S:
            return found
        width_us = width_s * 1_000_000
        made = {rollup.start_us for rollup in found}
        recent_us = time.time_ns() // 1000 // width_us * width_us - width_us
        quarters = await self._store.rollups(tenant_key, _QUARTER_S, max(from_us, recent_us), to_us)
        return found + [q for q in quarters if q.start_us // width_us * width_us not in made]

    async def _snapshot(self, tenants: Sequence[Tenant]) -> PlatformSnapshot:
        seen = {tenant.tenant_id: await self._see(tenant) for tenant in tenants}
        each = list(seen.values())
        measured, latencies = sum(s.measured for s in each), sum(s.latencies for s in each)
        return PlatformSnapshot(
            timestamp=instant(time.time_ns() // 1000),
            platform_metrics=PlatformFigures(
                total_tenants=len(tenants),
                active_tenants=sum(s.measured > 0 for s in each),
                total_requests_per_minute=_sum([s.figures.throughput_rpm for s in each]),
                average_response_time=sum(s.latency_sum_us for s in each) / latencies / 1000
                if latencies
                else None,
                error_rate=100 * sum(s.errors for s in each) / measured if measured else None,
            ),
            resource_metrics=ResourceFigures(
                cpu_utilization=_mean([s.figures.cpu_usage for s in each]),
                memory_utilization=_mean([s.figures.memory_usage for s in each]),
                disk_utilization=_mean([s.disk_percent for s in each]),
                network_throughput=_sum([s.network for s in each]),
            ),
            tenant_metrics={tenant_id: one.figures for tenant_id, one in seen.items()},
        )

    async def _see(self, tenant: Tenant) -> _Seen:
        now_us = time.time_ns() // 1000
        since_us = now_us - WINDOW_US
        checks = [
            check
            for check in await self._store.check_health(tenant.tenant_key)
            if check.last_result is not None and check.last_result.time_us >= since_us
        ]
        columns, _ = await self._store.results_between(tenant.tenant_key, since_us, now_us + 1)
        hosts = [c.check.check_key for c in checks if c.check.definition.kind == "host_resources"]
        counted = ~np.isin(columns.check_key, hosts) & (columns.status != Status.UNKNOWN)
        failed = counted & (columns.status == Status.UNHEALTHY)
        timed = columns.latency_us[counted & ~failed & (columns.latency_us >= 0)]
        measured, errors, sum_us = int(counted.sum()), int(failed.sum()), int(timed.sum())
        usage = resources_of(checks)
        figures = TenantFigures(
            response_time_ms=sum_us / len(timed) / 1000 if len(timed) else None,
            throughput_rpm=_sum(_named(checks, _REQUESTS)),
            error_rate=100 * errors / measured if measured else None,
            cpu_usage=usage.cpu_percent if usage else None,
            memory_usage=usage.memory_percent if usage else None,
            active_users=_sum(_named(checks, _USERS)),
            health_score=self._scores.get(tenant.tenant_id),
        )
        disk = usage.disk_percent if usage else None
        return _Seen(figures, measured, errors, len(timed), sum_us, disk, _sum(_named(checks, _NETWORK)))


def _named(checks: Sequence[CheckHealth], metric: str) -> list[float | None]:
    """What the checks' newest results say of a metric."""
    return [check.last_result.metrics.get(metric) for check in checks if check.last_result]


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _midnight_us(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000
