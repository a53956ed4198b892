"""Alert routes: who is told of which alerts, in which steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from tenantwatch_client.connection import Connection


class RouteView(TypedDict):
    name: str
    priority: int
    tenants: list[str]
    tiers: list[str]
    severities: list[str]
    alert_types: list[str]
    hours: dict[str, Any] | None
    steps: list[dict[str, Any]]
    source: str
    version: int
    recorded_at: str | None
    recorded_by: str


class RouteList(TypedDict):
    routes: list[RouteView]
    problems: list[str]


class Routes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> RouteList:
        """Those of the API and of the collector's file, and what is wrong with them together."""
        found: RouteList = self._connection.get("alert-routes")
        return found

    def put(self, name: str, route: Mapping[str, Any]) -> RouteView:
        """In place of the one of that name; ``route`` as docs/notifications.md shows it."""
        made: RouteView = self._connection.put("alert-routes", name, body=route)
        return made

    def delete(self, name: str) -> None:
        self._connection.delete("alert-routes", name)
