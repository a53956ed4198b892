"""REST paths of metrics and of the platform's own call that creates tenants."""

# No postponed annotations here: FastAPI must see the types that the functions make.
from datetime import date

from fastapi import APIRouter

from tenantwatch_collector.api.deployments import Deployment, Deployments, NewDeployment
from tenantwatch_collector.api.measured import PerformanceMetrics, PlatformSnapshot
from tenantwatch_collector.api.metrics import Metrics
from tenantwatch_collector.api.rest.door import PREFIX, Known, operations_router, through


def create_metrics_router(metrics: Metrics) -> APIRouter:
    """The REST door to metrics."""
    router = operations_router(f"{PREFIX}/metrics", "metrics")

    @router.get("/platform")
    @through(metrics.platform)
    async def platform_metrics(caller: Known) -> PlatformSnapshot:
        return await metrics.platform(caller)

    @router.get("/{tenant_id}")
    @through(metrics.tenant)
    async def tenant_metrics(
        caller: Known, tenant_id: str, start_date: date | None = None, end_date: date | None = None
    ) -> PerformanceMetrics:
        return await metrics.tenant(caller, tenant_id, start_date, end_date)

    return router


def create_deployment_router(deployments: Deployments) -> APIRouter:
    """The platform's own call, under its own prefix."""
    router = operations_router("/api/v1/tenant-orchestration", "tenants")

    @router.post("/deployments", status_code=201)
    @through(deployments.create)
    async def create_deployment(caller: Known, new: NewDeployment) -> Deployment:
        return await deployments.create(caller, new)

    return router
