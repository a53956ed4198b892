"""Judges health: a check's timeline out of its results, groups and tenants out of their checks. Pure."""

from tenantwatch_collector.health.groups import (
    Group,
    GroupState,
    Role,
    Rule,
    TenantState,
    default_group,
    group_level,
    tenant_level,
    tenant_state,
)
from tenantwatch_collector.health.history import CheckResult, Measurement, measurements, revise, timeline
from tenantwatch_collector.health.timeline import Change, CheckTimeline

__all__ = [
    "Change",
    "CheckResult",
    "CheckTimeline",
    "Group",
    "GroupState",
    "Measurement",
    "Role",
    "Rule",
    "TenantState",
    "default_group",
    "group_level",
    "measurements",
    "revise",
    "tenant_level",
    "tenant_state",
    "timeline",
]
