"""Every tenant's state, out of its checks' levels and of what its terms say of its groups."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tenantwatch_wire.records import Status

from tenantwatch_collector.engines.agreed_groups import AgreedGroups
from tenantwatch_collector.engines.checks import CheckBook, Judged
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.health.groups import GroupState, group_level, tenant_level
from tenantwatch_collector.sla.grouping import NOTHING_CHOSEN, Chosen, group_of
from tenantwatch_collector.store.base import Store, TenantState

_NAMED = 10


class TenantBook:
    """Every tenant's state as it is written. ``checks`` are all there are."""

    def __init__(self, store: Store) -> None:
        self._groups = AgreedGroups(store)
        self._states: dict[int, TenantState] = {}
        self._regrouped: dict[int, int] = {}
        """Tenants whose terms say other things of groups, with since when; judged with the next pass."""

    def load(self, states: Iterable[TenantState]) -> None:
        """Begin with what is written; terms may have changed while nobody judged."""
        self._states = {state.tenant_key: state for state in states}
        self._regrouped = self._groups.since()

    async def read_terms(self, now_us: int) -> None:
        self._regrouped |= await self._groups.read(now_us)

    def states(self) -> Iterable[TenantState]:
        return self._states.values()

    def written(self, states: Iterable[TenantState]) -> None:
        """From now on these are what is written."""
        self._states.update({state.tenant_key: state for state in states})

    def judge(self, judged: Iterable[Judged], known_at_us: int, checks: CheckBook) -> list[TenantState]:
        """The states that differ since these judgements, and since terms say other things."""
        dated = {key: since_us for key, since_us in self._regrouped.items() if key in self._states}
        self._regrouped.clear()
        for one in judged:
            for change in one.changes:
                tenant_key = one.watched.check.tenant_key
                dated[tenant_key] = max(dated.get(tenant_key, 0), min(change.time, known_at_us))
        return self.changed(dated, checks)

    def changed(self, dated: Mapping[int, int], checks: CheckBook) -> list[TenantState]:
        """Of these tenants the states that differ from what is written; ``dated`` says since when."""
        found = []
        for tenant_key, since_us in dated.items():
            members, chosen = checks.of_tenant(tenant_key), self._groups.chosen(tenant_key)
            state = judge_tenant(tenant_key, members, since_us, chosen)
            known = self._states.get(tenant_key)
            if known is not None and known.state == state.state:
                state = replace(state, since_us=known.since_us)
            if state != known:
                found.append(state)
        return found


def judge_tenant(
    tenant_key: int, checks: Iterable[WatchedCheck], since_us: int, chosen: Chosen = NOTHING_CHOSEN
) -> TenantState:
    """The tenant's state with its groups, dated ``since_us``; ``chosen`` is what its terms say of them."""
    members: dict[str, list[WatchedCheck]] = {}
    for watched in checks:
        members.setdefault(watched.check.definition.group, []).append(watched)
    groups = [
        GroupState(group, group_level([w.timeline.level for w in found], group.rule))
        for name, found in sorted(members.items())
        for group in [group_of(chosen, name, (w.check.definition.kind for w in found))]
    ]
    described = [
        {
            "group": g.group.name,
            "role": g.group.role,
            "rule": g.group.rule,
            "state": Status(g.level).word,
        }
        for g in groups
    ]
    return TenantState(tenant_key, tenant_level(groups).word, since_us, json.dumps(described))


def is_down(state: TenantState) -> bool | None:
    """None where nobody knows."""
    return None if state.state == Status.UNKNOWN.word else state.state == Status.UNHEALTHY.word


def failing_checks(checks: Iterable[WatchedCheck], state: TenantState) -> list[WatchedCheck]:
    """Of the tenant's checks the unhealthy ones in the groups that bring it down."""
    down = {
        each["group"]
        for each in json.loads(state.groups)
        if each["role"] == "critical" and each["state"] == Status.UNHEALTHY.word
    }
    return [
        watched
        for watched in checks
        if watched.check.definition.group in down and watched.timeline.level == Status.UNHEALTHY
    ]


def down_context(state: TenantState, failing: Sequence[WatchedCheck]) -> dict[str, str]:
    """What being down looks like, for people."""
    named = [f"{w.check.definition.check_id} on {w.check.agent_id}" for w in failing[:_NAMED]]
    more = f" and {len(failing) - _NAMED} more" if len(failing) > _NAMED else ""
    groups = ", ".join(sorted({w.check.definition.group for w in failing}))
    return {
        "name": "tenant down",
        "description": f"down by {groups}: {', '.join(named)}{more}",
        "checks": ", ".join(named),
    }
