"""REST paths under /api/v1/monitoring: read the request, call the operation, answer its model."""

# No postponed annotations here: FastAPI must see the types that create_router makes.
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from tenantwatch_collector.api import models
from tenantwatch_collector.api.health_checks import HealthChecks
from tenantwatch_collector.api.looks import HealthCheckAnswer, NewHealthCheck, Round
from tenantwatch_collector.api.operations import MAX_HOURS, MAX_LIMIT, Operations, check_result
from tenantwatch_collector.api.rest.callers import readers
from tenantwatch_collector.api.rest.problems import DOCUMENTED
from tenantwatch_collector.identity import Authenticator, Caller

PREFIX = "/api/v1/monitoring"
MAX_TENANTS = 10_000
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Text = Annotated[str, Query(max_length=128)]


def create_router(operations: Operations, checks: HealthChecks, authenticator: Authenticator) -> APIRouter:
    """The REST door to the operations."""
    router = APIRouter(prefix=PREFIX, tags=["monitoring"], responses=DOCUMENTED)

    Authenticated = Annotated[Caller, Depends(readers(authenticator))]

    @router.get("/dashboard/health")
    async def dashboard_health(caller: Authenticated) -> models.DashboardHealth:
        return await operations.dashboard(caller)

    @router.get("/health/platform")
    async def platform_health(
        caller: Authenticated, limit: Annotated[int, Query(ge=1, le=MAX_TENANTS)] = MAX_LIMIT
    ) -> models.PlatformOverview:
        overview = await operations.platform(caller)
        return overview.model_copy(update={"tenants": overview.tenants[:limit]})

    @router.get("/tenants")
    async def list_tenants(caller: Authenticated, limit: Limit = 100, cursor: Text = "") -> models.TenantList:
        return await operations.tenant_list(caller, limit, cursor)

    @router.get("/health/{tenant_id}/summary")
    async def tenant_summary(caller: Authenticated, tenant_id: str) -> models.TenantSummary:
        return await operations.tenant_summary(caller, tenant_id)

    @router.post("/health-checks")
    async def run_round(caller: Authenticated, new: NewHealthCheck | None = None) -> Round:
        return await checks.round(caller, new or NewHealthCheck())

    @router.post("/health-checks/{tenant_id}")
    async def run_health_check(
        caller: Authenticated, tenant_id: str, new: NewHealthCheck | None = None
    ) -> HealthCheckAnswer:
        return await checks.run(caller, tenant_id, new or NewHealthCheck())

    @router.get("/health-checks/{tenant_id}")
    async def health_check_history(
        caller: Authenticated,
        tenant_id: str,
        hours: Annotated[int, Query(ge=1, le=MAX_HOURS)] = 24,
        limit: Limit = 100,
        check_id: Text = "",
        cursor: Text = "",
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
