"""Health: how tenants are now, how they were, and looking at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from tenantwatch_client.answers import (
    CheckResult,
    HealthCheckAnswer,
    PlatformOverview,
    Round,
    TenantSummary,
)
from tenantwatch_client.connection import Connection, Query

_PAGE = 1_000


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
