"""What the API answers. The field names are the platform's own and stay as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

State = Literal["healthy", "degraded", "unhealthy", "unknown"]


def near(moment: datetime) -> datetime:
    """The instant; raises ValueError if it lies where a calendar may end."""
    if not 2000 <= moment.year <= 2199:
        raise ValueError("write an instant of the years 2000 to 2199")
    return moment


Instant = Annotated[AwareDatetime, AfterValidator(near)]
"""An instant with its zone, not so far away that any calendar ends."""


def instant(time_us: int) -> datetime:
    """Unix microseconds as an aware UTC datetime, without rounding."""
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).replace(microsecond=time_us % 1_000_000)


class PlatformHealth(BaseModel):
    """``sla_compliance``: percent of the tenants with data whose running month keeps its level; else null."""

    overall_status: State
    total_tenants: int
    healthy_tenants: int
    unhealthy_tenants: int
    degraded_tenants: int
    unknown_tenants: int
    active_alerts: int
    sla_compliance: float | None = None


class RecentCheck(BaseModel):
    tenant_id: str
    agent_id: str
    check_id: str
    kind: str
    status: State
    response_time: float | None = Field(description="milliseconds")
    timestamp: datetime
    sla_compliant: bool | None = None
    text: str


class ActiveAlert(BaseModel):
    alert_id: str
    tenant_id: str
    severity: str
    status: str = Field(description="active or acknowledged")
    message: str
    duration: float = Field(description="minutes since the alert first occurred")


class TenantOverview(BaseModel):
    tenant_id: str
    tenant_name: str
    tier: str
    state: State
    since: datetime
    checks_total: int
    checks_failing: int


class DashboardHealth(BaseModel):
    platform_health: PlatformHealth
    recent_checks: list[RecentCheck]
    active_alerts: list[ActiveAlert]
    tenants: list[TenantOverview]


class TenantList(BaseModel):
    tenants: list[TenantOverview]
    next_cursor: str | None = Field(description="give it as ?cursor= for the next page; null on the last")


class PlatformOverview(BaseModel):
    platform_health: PlatformHealth
    tenants: list[TenantOverview]


class GroupHealth(BaseModel):
    group: str
    role: str
    rule: str = Field("any", description="how many unhealthy checks make it so: any, all or quorum")
    state: State


class CheckSummary(BaseModel):
    agent_id: str
    check_id: str
    kind: str
    group: str
    state: State
    since: datetime | None
    last_result: datetime | None
    response_time: float | None = Field(description="milliseconds")
    text: str
    target: str


class ResourceUsage(BaseModel):
    cpu_percent: float | None = None
    memory_percent: float | None = None
    disk_percent: float | None = None


class TenantSummary(BaseModel):
    tenant_id: str
    tenant_name: str
    tier: str
    state: State
    since: datetime
    groups: list[GroupHealth]
    checks: list[CheckSummary]
    resource_usage: ResourceUsage | None
    active_alerts: int


class CheckResult(BaseModel):
    agent_id: str
    check_id: str
    check_type: str
    status: State
    response_time: float | None = Field(description="milliseconds")
    timestamp: datetime
    received_at: datetime
    text: str
    metrics: dict[str, float]


class HealthCheckHistory(BaseModel):
    tenant_id: str
    results: list[CheckResult]
    next_cursor: str | None = Field(description="give it as ?cursor= for the next page; null on the last")


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str = Field("", description="as in the header X-Request-Id, and in the collector's log")
