"""What agents are to look at by the collector's will, and what each of them says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AssignedCheck:
    """A check for one agent of the tenant, or for all where ``agent_id`` is None.

    ``definition`` is JSON: the check's table as in an agent's own file, without its id.
    """

    tenant_key: int
    check_id: str
    agent_id: str | None
    definition: str
    changed_at_us: int
    changed_by: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """All assigned checks of a tenant, by id. Every change has a higher version; 0 is before the first."""

    version: int
    checks: Sequence[AssignedCheck]


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """An agent as it introduced itself last, and what it said last of the checks assigned to it.

    ``applied_version`` is in force there; ``refused_version`` is not, for the reasons in ``refusals``, JSON
    of [[check_id, reason], ...] with an empty id for what is wrong with all of it.
    """

    tenant_key: int
    agent_id: str
    version: str
    hostname: str
    first_seen_us: int
    last_seen_us: int
    applied_version: int | None = None
    refused_version: int | None = None
    refusals: str = "[]"
    answered_at_us: int | None = None


class AssignmentStore(Protocol):
    """The part of the store's contract that assigned checks rest on."""

    async def put_assigned_check(
        self, tenant_key: int, check_id: str, agent_id: str | None, definition: str, who: str
    ) -> int:
        """Keep it in place of the one of its id; returns the new version."""

    async def remove_assigned_check(self, tenant_key: int, check_id: str) -> int | None:
        """Returns the new version; None if there is none of that id."""

    async def assignment(self, tenant_key: int) -> Assignment:
        """As of one instant."""

    async def assignment_versions(self) -> Mapping[int, int]:
        """The version of every tenant that has one, by its key."""

    async def assignment_applied(self, tenant_key: int, agent_id: str, version: int) -> None:
        """The agent looks with what that version says."""

    async def assignment_refused(self, tenant_key: int, agent_id: str, version: int, refusals: str) -> None:
        """The agent does not; what it applied before, unless it was that same version, stays in force."""

    async def agents(self, tenant_key: int) -> Sequence[AgentRecord]:
        """Every agent that was ever here, by id."""
