"""Metrics: the platform now, and a tenant over days."""

from __future__ import annotations

from typing import Any, TypedDict

from tenantwatch_client.connection import Connection, Query


class TenantFigures(TypedDict):
    response_time_ms: float | None
    throughput_rpm: float | None
    error_rate: float | None
    cpu_usage: float | None
    memory_usage: float | None
    active_users: float | None
    health_score: float | None


class PlatformSnapshot(TypedDict):
    timestamp: str
    platform_metrics: dict[str, Any]
    resource_metrics: dict[str, Any]
    tenant_metrics: dict[str, TenantFigures]


class PerformanceMetrics(TypedDict):
    tenant_id: str
    start_date: str
    end_date: str
    interval_s: int
    summary: dict[str, Any]
    points: list[dict[str, Any]]
    current: TenantFigures


class Metrics:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def platform(self) -> PlatformSnapshot:
        found: PlatformSnapshot = self._connection.get("metrics", "platform")
        return found

    def tenant(
        self, tenant_id: str, start_date: str | None = None, end_date: str | None = None
    ) -> PerformanceMetrics:
        """Days as YYYY-MM-DD (UTC), both included; the last seven without them."""
        query: Query = {"start_date": start_date, "end_date": end_date}
        found: PerformanceMetrics = self._connection.get("metrics", tenant_id, query=query)
        return found
