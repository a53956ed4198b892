"""REST paths of alerts, custom rules, routes and silences."""

# No postponed annotations here: FastAPI must see the types of the endpoints.
from typing import Annotated

from fastapi import APIRouter, Path

from tenantwatch_collector.api.alerting import (
    Acknowledge,
    AlertList,
    AlertTimeline,
    AlertView,
    NewAlert,
    NewRule,
    NewSilence,
    Resolve,
    RuleBody,
    RuleList,
    RuleView,
    SilenceList,
    SilenceView,
)
from tenantwatch_collector.api.alerts import Alerts
from tenantwatch_collector.api.rest.door import PREFIX, Known, operations_router, through
from tenantwatch_collector.api.rest.parameters import Cursor, Limit, Paged, Text
from tenantwatch_collector.api.routes import Routes
from tenantwatch_collector.api.routing import RouteBody, RouteHistory, RouteList, RouteView
from tenantwatch_collector.api.rules import Rules
from tenantwatch_collector.api.silences import Silences

Id = Annotated[str, Path(max_length=128)]


def create_alert_router(alerts: Alerts) -> APIRouter:
    """The REST door to alerts themselves."""
    router = operations_router(PREFIX, "alerts")

    @router.get("/alerts")
    @through(alerts.list)
    async def list_alerts(
        caller: Known,
        tenant_id: Text = "",
        severity: Text = "",
        status: Text = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> AlertList:
        return await alerts.list(caller, tenant_id, severity, status, limit, cursor)

    @router.post("/alerts", status_code=201)
    @through(alerts.create)
    async def create_alert(caller: Known, new: NewAlert) -> AlertView:
        return await alerts.create(caller, new)

    @router.get("/alerts/{alert_id}")
    @through(alerts.timeline)
    async def alert_timeline(caller: Known, alert_id: Id) -> AlertTimeline:
        return await alerts.timeline(caller, alert_id)

    @router.post("/alerts/{alert_id}/acknowledge")
    @through(alerts.command)
    async def acknowledge(caller: Known, alert_id: Id, body: Acknowledge | None = None) -> AlertView:
        return await alerts.command(caller, alert_id, "acknowledge", body.notes if body else "")

    @router.post("/alerts/{alert_id}/resolve")
    @through(alerts.command)
    async def resolve(caller: Known, alert_id: Id, body: Resolve | None = None) -> AlertView:
        return await alerts.command(caller, alert_id, "resolve", body.resolution_notes if body else "")

    return router


def create_rule_router(rules: Rules) -> APIRouter:
    """The REST door to custom rules."""
    router = operations_router(PREFIX, "alerts")

    @router.get("/alert-rules")
    @through(rules.list)
    async def list_rules(caller: Known, page: Paged) -> RuleList:
        return await rules.list(caller, page)

    @router.post("/alert-rules", status_code=201)
    @through(rules.create)
    async def create_rule(caller: Known, new: NewRule) -> RuleView:
        return await rules.create(caller, new)

    @router.get("/alert-rules/{rule_id}")
    @through(rules.get)
    async def rule(caller: Known, rule_id: Id) -> RuleView:
        return await rules.get(caller, rule_id)

    @router.put("/alert-rules/{rule_id}")
    @through(rules.replace)
    async def replace_rule(caller: Known, rule_id: Id, new: RuleBody) -> RuleView:
        return await rules.replace(caller, rule_id, new)

    @router.delete("/alert-rules/{rule_id}", status_code=204)
    @through(rules.remove)
    async def remove_rule(caller: Known, rule_id: Id) -> None:
        await rules.remove(caller, rule_id)

    return router


def create_route_router(routes: Routes) -> APIRouter:
    """The REST door to who is told of which alerts."""
    router = operations_router(PREFIX, "alerts")

    @router.get("/alert-routes")
    @through(routes.list)
    async def list_routes(caller: Known) -> RouteList:
        return await routes.list(caller)

    @router.get("/alert-routes/{name}")
    @through(routes.history)
    async def route_history(caller: Known, name: Id) -> RouteHistory:
        return await routes.history(caller, name)

    @router.put("/alert-routes/{name}")
    @through(routes.put)
    async def put_route(caller: Known, name: Id, new: RouteBody) -> RouteView:
        return await routes.put(caller, name, new)

    @router.delete("/alert-routes/{name}", status_code=204)
    @through(routes.remove)
    async def remove_route(caller: Known, name: Id) -> None:
        await routes.remove(caller, name)

    return router


def create_silence_router(silences: Silences) -> APIRouter:
    """The REST door to times in which nobody is told."""
    router = operations_router(PREFIX, "alerts")

    @router.get("/silences")
    @through(silences.list)
    async def list_silences(caller: Known, page: Paged) -> SilenceList:
        return await silences.list(caller, page)

    @router.post("/silences", status_code=201)
    @through(silences.create)
    async def create_silence(caller: Known, new: NewSilence) -> SilenceView:
        return await silences.create(caller, new)

    @router.delete("/silences/{silence_id}", status_code=204)
    @through(silences.end)
    async def end_silence(caller: Known, silence_id: Annotated[int, Path(ge=1, le=2**62)]) -> None:
        await silences.end(caller, silence_id)

    return router
