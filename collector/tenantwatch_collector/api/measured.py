"""What callers are told about metrics. Null is what no check supplies; nothing is invented."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field


class PlatformFigures(BaseModel):
    """Of the last quarter of an hour."""

    total_tenants: int
    active_tenants: int = Field(description="those of which something was measured")
    total_requests_per_minute: float | None = Field(description="sum of the tenants' throughput_rpm")
    average_response_time: float | None = Field(
        description="milliseconds, over all results that did not fail"
    )
    error_rate: float | None = Field(description="percent of the results")


class ResourceFigures(BaseModel):
    """Percent, mean of the tenants' worst hosts; throughput is bytes per second, summed."""

    cpu_utilization: float | None
    memory_utilization: float | None
    disk_utilization: float | None
    network_throughput: float | None


class TenantFigures(BaseModel):
    """``throughput_rpm`` and ``active_users`` are KPIs named requests_per_minute and active_users."""

    response_time_ms: float | None
    throughput_rpm: float | None
    error_rate: float | None
    cpu_usage: float | None
    memory_usage: float | None
    active_users: float | None
    health_score: float | None = Field(
        description="of this month; 100 is perfect, 50 every target met exactly"
    )


class PlatformSnapshot(BaseModel):
    timestamp: datetime
    platform_metrics: PlatformFigures
    resource_metrics: ResourceFigures
    tenant_metrics: dict[str, TenantFigures]


class Performance(BaseModel):
    """Of results in some span: ``healthy_percent`` is the checks' time in that state."""

    results: int
    response_time_ms: float | None
    p95_response_time_ms: float | None
    max_response_time_ms: float | None
    error_rate: float | None
    healthy_percent: float | None


class PerformancePoint(Performance):
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")


class Days(BaseModel):
    """Both are included; without them the last seven."""

    start_date: date | None = None
    end_date: date | None = None


class PerformanceMetrics(BaseModel):
    """``current`` is of the last quarter of an hour; the rest of whole quarters that are over."""

    tenant_id: str
    start_date: date
    end_date: date
    interval_s: int
    summary: Performance
    points: list[PerformancePoint]
    current: TenantFigures
