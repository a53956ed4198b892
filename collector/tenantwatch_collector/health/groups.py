"""Groups of checks and the tenant's state out of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tenantwatch_wire.records import Status

Role = Literal["critical", "degrading", "informational"]
Rule = Literal["any", "all", "quorum"]
_CRITICAL_KINDS = {"http_endpoint", "database_connectivity", "redis_connectivity", "business_logic"}
_INFORMATIONAL_KINDS = {"host_resources"}
_LEVELS = tuple(Status)
_WORDS: dict[Status, Literal["up", "degraded", "down", "unknown"]] = {
    Status.HEALTHY: "up",
    Status.DEGRADED: "degraded",
    Status.UNHEALTHY: "down",
    Status.UNKNOWN: "unknown",
}


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


@dataclass(frozen=True, slots=True)
class TenantState:
    """``level`` is the API's word for the state; ``because`` names the groups that decided it, if any."""

    level: Status
    because: tuple[GroupState, ...] = ()

    @property
    def word(self) -> Literal["up", "degraded", "down", "unknown"]:
        """The state as SLA terms call it."""
        return _WORDS[self.level]

    def explain(self) -> str:
        """One line for people."""
        if not self.because:
            return "no critical check" if self.level is Status.UNKNOWN else "every group is healthy"
        return ", ".join(f"{g.group.role} group {g.group.name} is {g.level.word}" for g in self.because)


def default_group(name: str, kinds: Iterable[str]) -> Group:
    """The group's role, by the weightiest kind among its members, where nothing else is configured."""
    found = set(kinds)
    if found & _CRITICAL_KINDS:
        return Group(name, "critical")
    return Group(name, "informational" if found <= _INFORMATIONAL_KINDS else "degrading")


def group_level(levels: Sequence[Status], rule: Rule) -> Status:
    """Of a group by the levels of its members; unknown without any."""
    level = level_of_counts([levels.count(level) for level in _LEVELS], rule)
    return Status.UNKNOWN if level is None else level


def level_of_counts(members: Sequence[int], rule: Rule) -> Status | None:
    """By how many members have each level, in the order of ``Status``; None without any.

    Down if enough of the known members are unhealthy; else degraded if any is at least degraded.
    """
    healthy, degraded, unhealthy, unknown = members
    known = healthy + degraded + unhealthy
    if not known:
        return Status.UNKNOWN if unknown else None
    need = 1 if rule == "any" else known if rule == "all" else known // 2 + 1
    if unhealthy >= need:
        return Status.UNHEALTHY
    return Status.DEGRADED if healthy < known else Status.HEALTHY


def tenant_state(groups: Iterable[GroupState]) -> TenantState:
    """The tenant's state with the groups that decide it; unknown where a critical group was not measured."""
    groups = list(groups)
    critical = [g for g in groups if g.group.role == "critical"]
    degrading = [g for g in groups if g.group.role == "degrading"]
    down = [g for g in critical if g.level is Status.UNHEALTHY]
    if down:
        return TenantState(Status.UNHEALTHY, tuple(down))
    unmeasured = [g for g in critical if g.level is Status.UNKNOWN]
    if unmeasured or not critical:
        return TenantState(Status.UNKNOWN, tuple(unmeasured))
    # What a degrading group did not measure cannot be held against the tenant.
    troubled = [g for g in critical if g.level is Status.DEGRADED]
    troubled += [g for g in degrading if g.level in (Status.DEGRADED, Status.UNHEALTHY)]
    return TenantState(Status.DEGRADED if troubled else Status.HEALTHY, tuple(troubled))


def tenant_level(groups: Iterable[GroupState]) -> Status:
    """The tenant's level alone. UNHEALTHY is "down", and what the API calls unhealthy."""
    return tenant_state(groups).level
