"""Agents, and the checks that the collector assigns to them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypedDict

from tenantwatch_client.connection import Connection

ASK_AGAIN_SECONDS = 0.25
WAIT_SECONDS = 10.0


class AssignedCheckView(TypedDict):
    check_id: str
    agent_id: str | None
    check: dict[str, Any]
    changed_at: str
    changed_by: str


class AssignedChecks(TypedDict):
    tenant_id: str
    version: int
    checks: list[AssignedCheckView]


class AssignmentChange(TypedDict):
    version: int
    check: AssignedCheckView


class Refusal(TypedDict):
    check_id: str
    reason: str


class AgentView(TypedDict):
    agent_id: str
    version: str
    hostname: str
    first_seen: str
    last_seen: str
    connected: bool
    applied_version: int | None
    refused_version: int | None
    refusals: list[Refusal]
    answered_at: str | None


class AgentList(TypedDict):
    tenant_id: str
    assigned_version: int
    agents: list[AgentView]


def has_answered(agent: AgentView, version: int) -> bool:
    """Whether it said what it does with checks of that version, or of a later one."""
    return max(agent["applied_version"] or 0, agent["refused_version"] or 0) >= version


class Agents:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, tenant_id: str) -> AgentList:
        """A tenant's agents, whether they are connected, and what they did with the checks assigned."""
        found: AgentList = self._connection.get("agents", tenant_id)
        return found

    def each(self, tenant_id: str) -> Iterator[AgentView]:
        """All of a tenant's agents."""
        yield from self._connection.pages("agents", tenant_id, key="agents")

    def retire(self, tenant_id: str, agent_id: str) -> None:
        """None of its checks counts from now on; for one that will not come back."""
        self._connection.delete("agents", tenant_id, agent_id)

    def answers(self, tenant_id: str, version: int, agent_ids: Collection[str]) -> Sequence[AgentView]:
        """Those agents, once each said what it does with that version of its checks, or as they are after ten
        seconds. An agent that takes other checks is away for a moment: ask before who is connected."""
        until = time.monotonic() + WAIT_SECONDS
        while True:
            asked = [each for each in self.each(tenant_id) if each["agent_id"] in agent_ids]
            if all(has_answered(each, version) for each in asked) or time.monotonic() > until:
                return asked
            time.sleep(ASK_AGAIN_SECONDS)

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
