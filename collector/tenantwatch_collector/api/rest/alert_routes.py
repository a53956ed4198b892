"""REST paths of alerts, custom rules and silences. Admins alone change anything."""

# No postponed annotations here: FastAPI must see the types that create_alert_router makes.
from typing import Annotated

from fastapi import APIRouter, Depends, Path

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
from tenantwatch_collector.api.rest.callers import admins, readers
from tenantwatch_collector.api.rest.problems import DOCUMENTED
from tenantwatch_collector.api.rest.routes import PREFIX, Limit, Text
from tenantwatch_collector.api.rules import Rules
from tenantwatch_collector.api.silences import Silences
from tenantwatch_collector.identity import Authenticator, Caller

Id = Annotated[str, Path(max_length=128)]


def create_alert_router(
    alerts: Alerts, rules: Rules, silences: Silences, authenticator: Authenticator
) -> APIRouter:
    """The REST door to everything about alerts."""
    router = APIRouter(prefix=PREFIX, tags=["alerts"], responses=DOCUMENTED)
    Reader = Annotated[Caller, Depends(readers(authenticator))]
    Admin = Annotated[Caller, Depends(admins(authenticator))]

    @router.get("/alerts")
    async def list_alerts(
        caller: Reader, tenant_id: Text = "", severity: Text = "", status: Text = "", limit: Limit = 100
    ) -> AlertList:
        return await alerts.list(caller, tenant_id, severity, status, limit)

    @router.post("/alerts", status_code=201)
    async def create_alert(caller: Admin, new: NewAlert) -> AlertView:
        return await alerts.create(caller, new)

    @router.get("/alerts/{alert_id}")
    async def alert_timeline(caller: Reader, alert_id: Id) -> AlertTimeline:
        return await alerts.timeline(caller, alert_id)

    @router.post("/alerts/{alert_id}/acknowledge")
    async def acknowledge(caller: Admin, alert_id: Id, body: Acknowledge | None = None) -> AlertView:
        return await alerts.command(caller, alert_id, "acknowledge", body.notes if body else "")

    @router.post("/alerts/{alert_id}/resolve")
    async def resolve(caller: Admin, alert_id: Id, body: Resolve | None = None) -> AlertView:
        return await alerts.command(caller, alert_id, "resolve", body.resolution_notes if body else "")

    @router.get("/alert-rules")
    async def list_rules(caller: Reader) -> RuleList:
        return await rules.list(caller)

    @router.post("/alert-rules", status_code=201)
    async def create_rule(caller: Admin, new: NewRule) -> RuleView:
        return await rules.create(caller, new)

    @router.get("/alert-rules/{rule_id}")
    async def rule(caller: Reader, rule_id: Id) -> RuleView:
        return await rules.get(caller, rule_id)

    @router.put("/alert-rules/{rule_id}")
    async def replace_rule(caller: Admin, rule_id: Id, new: RuleBody) -> RuleView:
        return await rules.replace(caller, rule_id, new)

    @router.delete("/alert-rules/{rule_id}", status_code=204)
    async def remove_rule(caller: Admin, rule_id: Id) -> None:
        await rules.remove(caller, rule_id)

    @router.get("/silences")
    async def list_silences(caller: Reader) -> SilenceList:
        return await silences.list(caller)

    @router.post("/silences", status_code=201)
    async def create_silence(caller: Admin, new: NewSilence) -> SilenceView:
        return await silences.create(caller, new)

    @router.delete("/silences/{silence_id}", status_code=204)
    async def end_silence(caller: Admin, silence_id: Annotated[int, Path(ge=1, le=2**62)]) -> None:
        await silences.end(caller, silence_id)

    return router
