"""Alert routes: who is told of which alerts, in which steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenantwatch_client.answers import RouteList, RouteView
from tenantwatch_client.connection import Connection


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
