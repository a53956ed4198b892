"""REST paths of health: how tenants are, how they were, and looking at once."""

# No postponed annotations here: FastAPI must see the types of the endpoints.
import time
from typing import Annotated

from fastapi import APIRouter, Query

from tenantwatch_collector.api import models
from tenantwatch_collector.api.health_checks import HealthChecks
from tenantwatch_collector.api.looks import HealthCheckAnswer, NewHealthCheck, Round
from tenantwatch_collector.api.operations import MAX_HOURS, Operations, check_result
from tenantwatch_collector.api.pages import MAX_LIMIT
from tenantwatch_collector.api.rest.door import PREFIX, Known, operations_router, through
from tenantwatch_collector.api.rest.parameters import Cursor, Limit, Text

MAX_TENANTS = 10_000


def create_health_router(operations: Operations) -> APIRouter:
    """The REST door to how tenants are."""
    router = operations_router(PREFIX, "monitoring")

    @router.get("/dashboard/health")
    @through(operations.dashboard)
    async def dashboard_health(caller: Known) -> models.DashboardHealth:
        return await operations.dashboard(caller)

    @router.get("/health/platform")
    @through(operations.platform)
    async def platform_health(
        caller: Known, limit: Annotated[int, Query(ge=1, le=MAX_TENANTS)] = MAX_LIMIT
    ) -> models.PlatformOverview:
        overview = await operations.platform(caller)
        return overview.model_copy(update={"tenants": overview.tenants[:limit]})

    @router.get("/tenants")
    @through(operations.tenant_list)
    async def list_tenants(caller: Known, limit: Limit = 100, cursor: Cursor = "") -> models.TenantList:
        return await operations.tenant_list(caller, limit, cursor)

    @router.get("/health/{tenant_id}/summary")
    @through(operations.tenant_summary)
    async def tenant_summary(caller: Known, tenant_id: str) -> models.TenantSummary:
        return await operations.tenant_summary(caller, tenant_id)

    return router


def create_check_router(operations: Operations, checks: HealthChecks) -> APIRouter:
    """The REST door to looking now, and to what was seen before."""
    router = operations_router(PREFIX, "monitoring")

    @router.post("/health-checks")
    @through(checks.round)
    async def run_round(caller: Known, new: NewHealthCheck | None = None) -> Round:
        return await checks.round(caller, new or NewHealthCheck())

    @router.post("/health-checks/{tenant_id}")
    @through(checks.run)
    async def run_health_check(
        caller: Known, tenant_id: str, new: NewHealthCheck | None = None
    ) -> HealthCheckAnswer:
        return await checks.run(caller, tenant_id, new or NewHealthCheck())

    @router.get("/health-checks/{tenant_id}")
    @through(operations.history)
    async def health_check_history(
        caller: Known,
        tenant_id: str,
        hours: Annotated[int, Query(ge=1, le=MAX_HOURS)] = 24,
        limit: Limit = 100,
        check_id: Text = "",
        cursor: Cursor = "",
    ) -> models.HealthCheckHistory:
        # Now itself is included: a result of this very microsecond is history already.
        to_us = time.time_ns() // 1000 + 1
        found, next_cursor = await operations.history(
            caller, tenant_id, to_us - hours * 3_600_000_000, to_us, limit, check_id, cursor
        )
        return models.HealthCheckHistory(
            tenant_id=tenant_id,
            results=[check_result(result) for result in found],
            next_cursor=next_cursor or None,
        )

    return router
