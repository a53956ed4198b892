"""Metrics: the platform now, and a tenant over days."""

from __future__ import annotations

from tenantwatch_client.answers import PerformanceMetrics, PlatformSnapshot
from tenantwatch_client.connection import Connection, Query


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
