"""What the dashboard may see: the API's operations behind a signed-in session."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.alerts import Alerts
from tenantwatch_collector.api.operations import Operations
from tenantwatch_collector.errors import NotAllowed, NotAuthenticated, NotFound
from tenantwatch_collector.identity import Authenticator, Caller
from tenantwatch_collector.web.sessions import Session, Sessions

MAX_ALERTS = 50


class DashboardBoard:
    """The web room's Board over operations: the same bounds as every other door."""

    def __init__(self, operations: Operations, alerts: Alerts, authenticator: Authenticator) -> None:
        self._operations = operations
        self._alerts = alerts
        self._authenticator = authenticator
        self._sessions = Sessions()

    async def sign_in(self, token: str) -> Session | None:
        try:
            caller = await self._authenticator.caller(token.strip())
            caller.demand(Permission.MONITORING_READ)
        except (NotAuthenticated, NotAllowed):
            return None
        return self._sessions.create(caller)

    async def session(self, session_id: str) -> Session | None:
        session = self._sessions.get(session_id)
        if session is not None and not await self._authenticator.still_valid(_caller(session.caller)):
            self._sessions.remove(session_id)
            return None
        return session

    async def sign_out(self, session_id: str) -> None:
        self._sessions.remove(session_id)

    async def overview(self, caller: object) -> dict[str, Any]:
        return (await self._operations.dashboard(_caller(caller))).model_dump(mode="json")

    async def tenant(self, caller: object, tenant_id: str) -> dict[str, Any] | None:
        try:
            summary = await self._operations.tenant_summary(_caller(caller), tenant_id)
            alerts = await self._operations.open_alerts(_caller(caller), tenant_id, MAX_ALERTS)
        except NotFound:
            return None
        shown = [alert.model_dump(mode="json") for alert in alerts]
        return summary.model_dump(mode="json") | {"alerts": shown}

    async def alert(self, caller: object, alert_id: str) -> dict[str, Any] | None:
        try:
            found = await self._alerts.timeline(_caller(caller), alert_id)
        except NotFound:
            return None
        return found.model_dump(mode="json")

    def changes(self, caller: object) -> AsyncGenerator[None, None]:
        return self._operations.changes(_caller(caller))


def _caller(caller: object) -> Caller:
    assert isinstance(caller, Caller)
    return caller
