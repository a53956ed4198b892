"""Agents, and the checks that the collector assigns to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenantwatch_client.answers import AgentList, AssignedChecks, AssignmentChange
from tenantwatch_client.connection import Connection


class Agents:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, tenant_id: str) -> AgentList:
        """A tenant's agents, whether they are connected, and what they did with the checks assigned."""
        found: AgentList = self._connection.get("agents", tenant_id)
        return found

    def checks(self, tenant_id: str) -> AssignedChecks:
        """What is assigned, which is not what stands in the agents' own files."""
        found: AssignedChecks = self._connection.get("checks", tenant_id)
        return found

    def assign(
        self, tenant_id: str, check_id: str, check: Mapping[str, Any], agent_id: str | None = None
    ) -> AssignmentChange:
        """In place of the one of that id; for all of the tenant's agents if none is named. ``check`` has the
        keys of ``[[checks]]`` (docs/configuration.md), without id."""
        body = {"check": dict(check), "agent_id": agent_id}
        made: AssignmentChange = self._connection.put("checks", tenant_id, check_id, body=body)
        return made

    def take_back(self, tenant_id: str, check_id: str) -> None:
        self._connection.delete("checks", tenant_id, check_id)
