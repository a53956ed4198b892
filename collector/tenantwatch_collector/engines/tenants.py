"""Every tenant's state, out of its checks' levels."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tenantwatch_wire.records import Status

from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.health.groups import GroupState, default_group, group_level, tenant_level
from tenantwatch_collector.store.base import TenantState


def judge_tenant(tenant_key: int, checks: Iterable[WatchedCheck], since_us: int) -> TenantState:
    """The tenant's state with its groups, dated ``since_us``."""
    members: dict[str, list[WatchedCheck]] = {}
    for watched in checks:
        members.setdefault(watched.check.definition.group, []).append(watched)
    groups = [
        GroupState(group, group_level([w.timeline.level for w in found], group.rule))
        for name, found in sorted(members.items())
        for group in [default_group(name, (w.check.definition.kind for w in found))]
    ]
    described = [{"group": g.group.name, "role": g.group.role, "state": Status(g.level).word} for g in groups]
    return TenantState(tenant_key, tenant_level(groups).word, since_us, json.dumps(described))
