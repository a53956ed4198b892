"""Health: how tenants are now, how they were, and looking at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypedDict

from tenantwatch_client.areas.tenants import TenantOverview
from tenantwatch_client.connection import Connection, Query

_PAGE = 1_000


class PlatformHealth(TypedDict):
    overall_status: str
    total_tenants: int
    healthy_tenants: int
    unhealthy_tenants: int
    degraded_tenants: int
    unknown_tenants: int
    active_alerts: int
    sla_compliance: float | None


class PlatformOverview(TypedDict):
    platform_health: PlatformHealth
    tenants: list[TenantOverview]


class GroupHealth(TypedDict):
    group: str
    role: str
    rule: str
    state: str


class CheckSummary(TypedDict):
    agent_id: str
    check_id: str
    kind: str
    group: str
    state: str
    since: str | None
    last_result: str | None
    response_time: float | None
    text: str
    target: str


class ResourceUsage(TypedDict):
    cpu_percent: float | None
    memory_percent: float | None
    disk_percent: float | None


class TenantSummary(TypedDict):
    tenant_id: str
    tenant_name: str
    tier: str
    state: str
    since: str
    groups: list[GroupHealth]
    checks: list[CheckSummary]
    resource_usage: ResourceUsage | None
    active_alerts: int


class CheckResult(TypedDict):
    agent_id: str
    check_id: str
    check_type: str
    status: str
    response_time: float | None
    timestamp: str
    received_at: str
    text: str
    metrics: dict[str, float]


class Layers(TypedDict):
    http_endpoint: str | None
    database: str | None
    redis: str | None
    kubernetes: str | None
    external_apis: str | None


class HealthCheckFound(TypedDict):
    tenant_id: str
    overall_status: str
    response_time: float | None
    checks: Layers
    resource_usage: ResourceUsage | None
    sla_compliance: bool | None
    violations: list[str]
    timestamp: str
    check_type: str
    unanswered: list[str]


class HealthCheckAnswer(HealthCheckFound):
    results: list[CheckResult]


class NotChecked(TypedDict):
    tenant_id: str
    reason: str


class Round(TypedDict):
    total_checked: int
    healthy: int
    degraded: int
    unhealthy: int
    unknown: int
    results: list[HealthCheckFound]
    not_checked: list[NotChecked]


class Health:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def platform(self, limit: int = 1_000) -> PlatformOverview:
        """Counts, and at most ``limit`` tenants, the worst first."""
        found: PlatformOverview = self._connection.get("health", "platform", query={"limit": limit})
        return found

    def tenant(self, tenant_id: str) -> TenantSummary:
        found: TenantSummary = self._connection.get("health", tenant_id, "summary")
        return found

    def look(self, tenant_id: str, check_type: str = "comprehensive", deep: bool = True) -> HealthCheckAnswer:
        """Have the tenant's agents look now; waits until what they saw is committed, a minute at most."""
        body = {"check_type": check_type, "include_deep_checks": deep}
        found: HealthCheckAnswer = self._connection.post("health-checks", tenant_id, body=body)
        return found

    def round(self, check_type: str = "comprehensive", deep: bool = True) -> Round:
        """The same at every tenant."""
        body = {"check_type": check_type, "include_deep_checks": deep}
        found: Round = self._connection.post("health-checks", body=body)
        return found

    def history(
        self, tenant_id: str, check_id: str = "", hours: int = 24, limit: int = 100
    ) -> Iterator[CheckResult]:
        """At most ``limit`` results of the last ``hours``, newest first."""
        query: Query = {"hours": hours, "limit": min(limit, _PAGE), "check_id": check_id}
        pages = self._connection.pages("health-checks", tenant_id, key="results", query=query)
        yield from islice(pages, limit)
