"""Groups of checks and the tenant's state out of them (docs/semantics.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tenantwatch_wire.records import Status

Role = Literal["critical", "degrading", "informational"]
Rule = Literal["any", "all", "quorum"]
_CRITICAL_KINDS = {"http_endpoint", "database_connectivity", "redis_connectivity", "business_logic"}
_INFORMATIONAL_KINDS = {"host_resources"}


@dataclass(frozen=True, slots=True)
class Group:
    """``rule`` says how many unhealthy members take the group down: any, all, or more than half."""

    name: str
    role: Role
    rule: Rule = "any"


@dataclass(frozen=True, slots=True)
class GroupState:
    """A group with its level; UNKNOWN when no member's level is known."""

    group: Group
    level: Status


def default_group(name: str, kinds: Iterable[str]) -> Group:
    """The group's role, by the weightiest kind among its members, where nothing else is configured."""
    found = set(kinds)
    if found & _CRITICAL_KINDS:
        return Group(name, "critical")
    return Group(name, "informational" if found <= _INFORMATIONAL_KINDS else "degrading")


def group_level(levels: Sequence[Status], rule: Rule) -> Status:
    """Down if enough of the known members are unhealthy; else degraded if any is at least degraded."""
    known = [level for level in levels if level is not Status.UNKNOWN]
    if not known:
        return Status.UNKNOWN
    need = {"any": 1, "all": len(known), "quorum": len(known) // 2 + 1}[rule]
    if sum(level is Status.UNHEALTHY for level in known) >= need:
        return Status.UNHEALTHY
    return Status.DEGRADED if any(level > Status.HEALTHY for level in known) else Status.HEALTHY


def tenant_level(groups: Iterable[GroupState]) -> Status:
    """The tenant's level. UNHEALTHY is "down"; unknown where a critical group was not measured."""
    by_role: Mapping[Role, list[Status]] = {"critical": [], "degrading": [], "informational": []}
    for state in groups:
        by_role[state.group.role].append(state.level)
    critical = by_role["critical"]
    if Status.UNHEALTHY in critical:
        return Status.UNHEALTHY
    if not critical or Status.UNKNOWN in critical:
        return Status.UNKNOWN
    troubled = {Status.DEGRADED, Status.UNHEALTHY}
    if Status.DEGRADED in critical or troubled & set(by_role["degrading"]):
        return Status.DEGRADED
    return Status.HEALTHY
