"""Whether a check is silent alone, or because nothing at all is heard of its agent.

A check that cannot look still says so, and one that hangs is ended by its timeout: when a check is silent,
it is nearly always its agent that is. So the agent is held to be silent unless another of its checks was
heard of since the silent one should have been.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tenantwatch_collector.engines.rebuild import WatchedCheck

_NAMED = 20


@dataclass(slots=True)
class Agents:
    """The active checks by their agents, and by what shares an alert."""

    _checks: dict[tuple[int, str], list[WatchedCheck]] = field(default_factory=dict)
    _of_kind: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    _of_tenant: dict[int, list[WatchedCheck]] = field(default_factory=dict)
    _heard_us: Callable[[int], int] = field(default=lambda _: 0)

    def know(self, checks: Iterable[WatchedCheck], heard_us: Callable[[int], int]) -> None:
        """All there are; ``heard_us`` says when a check's last result was, by its key."""
        self._checks, self._of_kind, self._of_tenant, self._heard_us = {}, {}, {}, heard_us
        for watched in checks:
            if watched.check.active:
                kind = watched.check.tenant_key, watched.check.definition.kind
                self._checks.setdefault(_agent(watched), []).append(watched)
                self._of_kind.setdefault(kind, []).append(watched.check.check_key)
                self._of_tenant.setdefault(watched.check.tenant_key, []).append(watched)

    def of_kind(self, tenant_key: int, kind: str) -> list[int]:
        """The keys of the checks that share an alert."""
        return self._of_kind.get((tenant_key, kind), [])

    def of_tenant(self, tenant_key: int) -> list[WatchedCheck]:
        return self._of_tenant.get(tenant_key, [])

    def others(self, watched: WatchedCheck) -> list[WatchedCheck]:
        """The agent's other checks."""
        return [one for one in self._checks.get(_agent(watched), ()) if one is not watched]

    def is_heard_without(self, silent: WatchedCheck) -> bool:
        """Whether another check of the agent was heard of since the silent one should have been."""
        definition = silent.check.definition
        due_us = self._heard_us(silent.check.check_key) + 1000 * (
            definition.interval_ms + definition.timeout_ms
        )
        return any(self._heard_us(other.check.check_key) > due_us for other in self.others(silent))


def agent_member(watched: WatchedCheck) -> str:
    """The agent as a member of the tenant's alert; the slash keeps it apart from checks' keys."""
    return f"{watched.check.agent_id}/"


def silent_context(agent_ids: Sequence[str], newest: str, last_heard: str) -> dict[str, str]:
    """What it looks like, for people, when these agents of a tenant are silent."""
    named = ", ".join(agent_ids[:_NAMED])
    more = f" and {len(agent_ids) - _NAMED} more" if len(agent_ids) > _NAMED else ""
    return {
        "name": "agent silent" if len(agent_ids) == 1 else f"{len(agent_ids)} agents silent",
        "agents": named + more,
        "description": f"nothing is heard of {named}{more}; of {newest} since {last_heard}"
        if len(agent_ids) > 1
        else f"nothing was heard of {named} since {last_heard}",
    }


def _agent(watched: WatchedCheck) -> tuple[int, str]:
    return watched.check.tenant_key, watched.check.agent_id
