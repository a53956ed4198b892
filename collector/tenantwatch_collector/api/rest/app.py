"""The REST application: routes, problem details, and the three addresses that watch the collector itself."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Response

from tenantwatch_collector import __version__
from tenantwatch_collector.api.admission import Admission
from tenantwatch_collector.api.idempotency import Idempotency
from tenantwatch_collector.api.models import Problem
from tenantwatch_collector.api.offered import Offered
from tenantwatch_collector.api.rest.alert_routes import (
    create_alert_router,
    create_route_router,
    create_rule_router,
    create_silence_router,
)
from tenantwatch_collector.api.rest.assignment_routes import create_assignment_router
from tenantwatch_collector.api.rest.audit_routes import create_audit_router
from tenantwatch_collector.api.rest.bodies import BoundedBodies
from tenantwatch_collector.api.rest.description import complete
from tenantwatch_collector.api.rest.door import RestDoor
from tenantwatch_collector.api.rest.health_routes import create_check_router, create_health_router
from tenantwatch_collector.api.rest.issued_routes import create_issued_router
from tenantwatch_collector.api.rest.platform_routes import create_deployment_router, create_metrics_router
from tenantwatch_collector.api.rest.problems import answer_with_problems
from tenantwatch_collector.api.rest.request_ids import RequestIds
from tenantwatch_collector.api.rest.sla_routes import create_sla_router, create_terms_router
from tenantwatch_collector.api.rest.tenant_routes import create_tenant_router
from tenantwatch_collector.store.base import Store
from tenantwatch_collector.vitals import Vitals


def create_app(store: Store, vitals: Vitals, routers: list[APIRouter], admission: Admission) -> FastAPI:
    """Everything that the REST port serves."""
    app = FastAPI(
        title="tenantwatch",
        version=__version__,
        # Its pages would fetch programs from elsewhere.
        docs_url=None,
        redoc_url=None,
        description="How each tenant is served. Send a token: `Authorization: Bearer tw_...`.",
    )
    app.state.door = RestDoor(admission, Idempotency(store))
    for router in routers:
        app.include_router(router)
    _watch_the_watcher(app, store, vitals)
    app.add_middleware(BoundedBodies)
    app.add_middleware(RequestIds)
    answer_with_problems(app)
    plain = app.openapi
    app.openapi = lambda: complete(plain())  # type: ignore[method-assign]
    return app


def _watch_the_watcher(app: FastAPI, store: Store, vitals: Vitals) -> None:
    @app.get("/healthz", tags=["collector"])
    async def healthz() -> dict[str, str]:
        """Answers while the process lives."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["collector"], responses={503: {"model": Problem}})
    async def readyz() -> dict[str, str]:
        """Answers ok while the store can be written."""
        await store.ping()
        return {"status": "ok"}

    @app.get("/metrics", tags=["collector"], response_class=Response)
    async def metrics() -> Response:
        """The collector's own figures for Prometheus; nothing of any tenant."""
        return Response(vitals.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


def create_routers(offered: Offered) -> list[APIRouter]:
    """The REST doors to everything that is offered."""
    return [
        create_health_router(offered.operations),
        create_check_router(offered.operations, offered.checks),
        create_alert_router(offered.alerts),
        create_rule_router(offered.rules),
        create_route_router(offered.routes),
        create_silence_router(offered.silences),
        create_sla_router(offered.levels),
        create_terms_router(offered.contracting),
        create_metrics_router(offered.metrics),
        create_deployment_router(offered.deployments),
        create_assignment_router(offered.assignments),
        create_audit_router(offered.auditing),
        create_tenant_router(offered.tenancy),
        create_issued_router(offered.issued),
    ]
