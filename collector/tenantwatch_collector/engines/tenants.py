"""Every tenant's state, out of its checks' levels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from tenantwatch_wire.records import Status

from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.health.groups import GroupState, group_level, tenant_level
from tenantwatch_collector.sla.grouping import NOTHING_CHOSEN, Chosen, group_of
from tenantwatch_collector.store.base import TenantState

_NAMED = 10


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
