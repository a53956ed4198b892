"""What callers may be allowed, and the roles that such rights come in: there is no other way to a right."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """One thing that one may be allowed. Each operation names the one that it demands."""

    MONITORING_READ = "monitoring:read"
    """Health, results, metrics, alerts, rules, service levels, reports: everything that is only looked at."""
    CHECKS_RUN = "checks:run"
    """Have the agents look now."""
    MONITORING_WRITE = "monitoring:write"
    """Report alerts; make, change and remove checks, rules, silences and routes."""
    ALERTS_ACKNOWLEDGE = "alerts:acknowledge"
    """Acknowledge and resolve alerts."""
    SLA_WRITE = "sla:write"
    """Set terms, announce maintenance, enter corrections."""
    SLA_APPROVE = "sla:approve"
    """Approve what somebody else has entered."""
    TENANTS_MANAGE = "tenants:manage"
    """Create, change, suspend and delete tenants."""
    AUDIT_READ = "audit:read"
    """See who did what."""


class Role(StrEnum):
    """The first three are the platform's own people and reach every tenant; the others belong to one."""

    ADMIN = "admin"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    TENANT_ADMIN = "tenant-admin"
    TENANT_VIEWER = "tenant-viewer"
    AGENT = "agent"


READING = frozenset({Permission.MONITORING_READ, Permission.AUDIT_READ})
"""Whatever demands one of these changes nothing."""

PLATFORM_ROLES = frozenset({Role.ADMIN, Role.OPERATOR, Role.AUDITOR})
PERSONAL_ROLES = frozenset(Role) - {Role.AGENT}
"""What a person or a service may be; an agent's token opens its stream and nothing else."""

_P = Permission
GRANTED: Mapping[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.OPERATOR: frozenset(Permission) - {_P.TENANTS_MANAGE, _P.AUDIT_READ},
    Role.AUDITOR: frozenset({_P.MONITORING_READ, _P.AUDIT_READ}),
    Role.TENANT_ADMIN: frozenset(
        {_P.MONITORING_READ, _P.CHECKS_RUN, _P.MONITORING_WRITE, _P.ALERTS_ACKNOWLEDGE, _P.AUDIT_READ}
    ),
    Role.TENANT_VIEWER: frozenset({_P.MONITORING_READ, _P.CHECKS_RUN}),
    Role.AGENT: frozenset(),
}


def granted(roles: frozenset[Role]) -> frozenset[Permission]:
    """What the roles allow together."""
    return frozenset[Permission]().union(*(GRANTED[role] for role in roles))
