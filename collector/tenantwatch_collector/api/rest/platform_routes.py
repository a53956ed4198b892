"""REST paths of metrics and of the platform's own call that creates tenants."""

# No postponed annotations here: FastAPI must see the types that the functions make.
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends

from tenantwatch_collector.api.deployments import Deployment, Deployments, NewDeployment
from tenantwatch_collector.api.measured import PerformanceMetrics, PlatformSnapshot
from tenantwatch_collector.api.metrics import Metrics
from tenantwatch_collector.api.rest.callers import admins, readers
from tenantwatch_collector.api.rest.problems import DOCUMENTED
from tenantwatch_collector.api.rest.routes import PREFIX
from tenantwatch_collector.identity import Authenticator, Caller


def create_metrics_router(metrics: Metrics, authenticator: Authenticator) -> APIRouter:
    """The REST door to metrics."""
    router = APIRouter(prefix=f"{PREFIX}/metrics", tags=["metrics"], responses=DOCUMENTED)
    Reader = Annotated[Caller, Depends(readers(authenticator))]

    @router.get("/platform")
    async def platform_metrics(caller: Reader) -> PlatformSnapshot:
        return await metrics.platform(caller)

    @router.get("/{tenant_id}")
    async def tenant_metrics(
        caller: Reader, tenant_id: str, start_date: date | None = None, end_date: date | None = None
    ) -> PerformanceMetrics:
        return await metrics.tenant(caller, tenant_id, start_date, end_date)

    return router


def create_deployment_router(deployments: Deployments, authenticator: Authenticator) -> APIRouter:
    """The platform's own call, under its own prefix."""
    router = APIRouter(prefix="/api/v1/tenant-orchestration", tags=["tenants"], responses=DOCUMENTED)

    @router.post("/deployments", status_code=201)
    async def create_deployment(
        caller: Annotated[Caller, Depends(admins(authenticator))], new: NewDeployment
    ) -> Deployment:
        return await deployments.create(caller, new)

    return router
