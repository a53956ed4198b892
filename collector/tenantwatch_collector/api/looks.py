"""What callers send and are told about health checks on demand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from tenantwatch_collector.api import models
from tenantwatch_collector.api.models import State

COMPREHENSIVE = "comprehensive"


class NewHealthCheck(BaseModel):
    """``check_type`` is comprehensive, which leaves deep checks out unless asked for, or one kind."""

    model_config = ConfigDict(extra="forbid")

    check_type: Annotated[str, Field(max_length=64)] = COMPREHENSIVE
    include_deep_checks: StrictBool = False


class Layers(BaseModel):
    """The worst that was seen of each layer; null where the tenant has no such check or none looked."""

    http_endpoint: State | None = None
    database: State | None = None
    redis: State | None = None
    kubernetes: State | None = None
    external_apis: State | None = None


class HealthCheckFound(BaseModel):
    """What was seen just now. ``unanswered`` are checks, as AGENT/CHECK, of which nothing came in time."""

    tenant_id: str
    overall_status: State
    response_time: float | None = Field(description="milliseconds, mean of what looked and did not fail")
    checks: Layers
    resource_usage: models.ResourceUsage | None
    sla_compliance: bool | None = Field(description="of this month so far; null if nothing can be said yet")
    violations: list[str]
    timestamp: datetime
    check_type: str
    unanswered: list[str]


class HealthCheckAnswer(HealthCheckFound):
    """The same with every single result."""

    results: list[models.CheckResult]


class NotChecked(BaseModel):
    tenant_id: str
    reason: str


class Round(BaseModel):
    """What a round over the tenants found. ``not_checked`` are those whom no agent could look at."""

    total_checked: int
    healthy: int
    degraded: int
    unhealthy: int
    unknown: int
    results: list[HealthCheckFound]
    not_checked: list[NotChecked]
