"""Judges health: a check's timeline out of its results, groups and tenants out of their checks. Pure."""

from tenantwatch_collector.health.groups import (
    Group,
    GroupState,
    Role,
    Rule,
    TenantState,
    default_group,
    group_level,
    level_of_counts,
    tenant_level,
    tenant_state,
)
from tenantwatch_collector.health.history import (
    CheckResult,
    Measurement,
    believed_time,
    differences,
    known_history,
    measurements,
    revise,
    timeline,
    with_silences,
)
from tenantwatch_collector.health.timeline import Change, CheckTimeline, Confirmation

__all__ = [
    "Change",
    "CheckResult",
    "CheckTimeline",
    "Confirmation",
    "Group",
    "GroupState",
    "Measurement",
    "Role",
    "Rule",
    "TenantState",
    "believed_time",
    "default_group",
    "differences",
    "group_level",
    "known_history",
    "level_of_counts",
    "measurements",
    "revise",
    "tenant_level",
    "tenant_state",
    "timeline",
    "with_silences",
]
