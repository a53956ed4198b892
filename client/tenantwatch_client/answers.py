"""What the collector answers, as it comes: dictionaries with these keys, and more as the API grows.

Times are RFC 3339 texts, response times milliseconds.
"""

from __future__ import annotations

from typing import Any, TypedDict


class ServiceLevel(TypedDict):
    tenant_id: str
    tenant_name: str
    tier: str
    period: str
    label: str
    availability: float | None
    availability_best: float | None
    availability_worst: float | None
    coverage: float | None
    avg_response_time: float | None
    error_rate: float | None
    sla_compliance: bool | None
    verdict: str
    violations: list[str]
    health_score: float | None
    downtime_minutes: float | None
    incident_count: int
    time_to_breach_s: float | None
    as_of: str
    detail: dict[str, Any]


class TenantOverview(TypedDict):
    tenant_id: str
    tenant_name: str
    tier: str
    state: str
    since: str
    checks_total: int
    checks_failing: int


class PlatformHealth(TypedDict):
    overall_status: str
    total_tenants: int
    healthy_tenants: int
    unhealthy_tenants: int
    degraded_tenants: int
    unknown_tenants: int
    active_alerts: int
    sla_compliance: float | None


class PlatformOverview(TypedDict):
    platform_health: PlatformHealth
    tenants: list[TenantOverview]


class GroupHealth(TypedDict):
    group: str
    role: str
    rule: str
    state: str


class CheckSummary(TypedDict):
    agent_id: str
    check_id: str
    kind: str
    group: str
    state: str
    since: str | None
    last_result: str | None
    response_time: float | None
    text: str
    target: str


class ResourceUsage(TypedDict):
    cpu_percent: float | None
    memory_percent: float | None
    disk_percent: float | None


class TenantSummary(TypedDict):
    tenant_id: str
    tenant_name: str
    tier: str
    state: str
    since: str
    groups: list[GroupHealth]
    checks: list[CheckSummary]
    resource_usage: ResourceUsage | None
    active_alerts: int


class CheckResult(TypedDict):
    agent_id: str
    check_id: str
    check_type: str
    status: str
    response_time: float | None
    timestamp: str
    received_at: str
    text: str
    metrics: dict[str, float]


class Layers(TypedDict):
    http_endpoint: str | None
    database: str | None
    redis: str | None
    kubernetes: str | None
    external_apis: str | None


class HealthCheckFound(TypedDict):
    tenant_id: str
    overall_status: str
    response_time: float | None
    checks: Layers
    resource_usage: ResourceUsage | None
    sla_compliance: bool | None
    violations: list[str]
    timestamp: str
    check_type: str
    unanswered: list[str]


class HealthCheckAnswer(HealthCheckFound):
    results: list[CheckResult]


class NotChecked(TypedDict):
    tenant_id: str
    reason: str


class Round(TypedDict):
    total_checked: int
    healthy: int
    degraded: int
    unhealthy: int
    unknown: int
    results: list[HealthCheckFound]
    not_checked: list[NotChecked]


class Deed(TypedDict):
    who: str
    at: str
    notes: str


class AlertView(TypedDict):
    alert_id: str
    alert_name: str
    alert_description: str
    tenant_id: str
    severity: str
    status: str
    source_service: str
    metric_name: str
    first_occurred: str
    last_occurred: str
    occurrence_count: int
    resolved_at: str | None
    alert_data: dict[str, str]
    notifications_sent: int
    last_notification_at: str | None
    notification_channels: list[str]
    acknowledgement: Deed | None
    resolution: Deed | None


class TimelineEntry(TypedDict):
    time: str
    kind: str
    who: str
    channel: str
    outcome: str
    detail: str


class AlertTimeline(TypedDict):
    alert: AlertView
    timeline: list[TimelineEntry]


class RuleView(TypedDict):
    rule_id: str
    tenant_id: str | None
    tier: str | None
    metric: str
    condition: str
    threshold: float | None
    severity: str
    for_seconds: int
    keep_firing_seconds: int
    failure_threshold: int
    success_threshold: int
    window_seconds: int
    aggregation: str | None
    enabled: bool
    built_in: bool
    created_at: str | None
    created_by: str


class SilenceView(TypedDict):
    silence_id: int
    tenant_id: str | None
    alert_type: str | None
    start: str
    end: str
    who: str
    notes: str


WindowView = TypedDict(
    "WindowView",
    {
        "window_id": int,
        "from": str | None,
        "to": str | None,
        "recurrence": dict[str, Any] | None,
        "checks": list[str] | None,
        "reason": str,
        "author": str,
        "announced_at": str,
        "cancelled_at": str | None,
        "counts": bool,
        "why": str,
        "next": str | None,
    },
)

CorrectionView = TypedDict(
    "CorrectionView",
    {
        "number": int,
        "from": str,
        "to": str,
        "counts_as": str,
        "reason": str,
        "author": str,
        "entered_at": str,
        "approver": str | None,
        "approved_at": str | None,
    },
)


class TermsVersion(TypedDict):
    number: int
    in_force_from: str | None
    recorded_at: str | None
    author: str
    reason: str
    contract: dict[str, Any]
    targets: dict[str, str]


class ResolutionView(TypedDict):
    coarsest_interval_s: float
    shortest_outage_s: float
    step_pct: float
    warnings: list[str]


class TermsView(TypedDict):
    tenant_id: str
    versions: list[TermsVersion]
    resolution: ResolutionView | None
    notes: list[str]


class Deployment(TypedDict):
    tenant_id: str
    tenant_name: str
    resource_tier: str
    sla_tier: str
    monitoring_enabled: bool
    agent_token: str | None


class AssignedCheckView(TypedDict):
    check_id: str
    agent_id: str | None
    check: dict[str, Any]
    changed_at: str
    changed_by: str


class AssignedChecks(TypedDict):
    tenant_id: str
    version: int
    checks: list[AssignedCheckView]


class AssignmentChange(TypedDict):
    version: int
    check: AssignedCheckView


class Refusal(TypedDict):
    check_id: str
    reason: str


class AgentView(TypedDict):
    agent_id: str
    version: str
    hostname: str
    first_seen: str
    last_seen: str
    connected: bool
    applied_version: int | None
    refused_version: int | None
    refusals: list[Refusal]
    answered_at: str | None


class AgentList(TypedDict):
    tenant_id: str
    assigned_version: int
    agents: list[AgentView]


class AuditView(TypedDict):
    entry_id: int
    time: str
    tenant_id: str | None
    subject: str
    roles: list[str]
    address: str
    request_id: str
    action: str
    target: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class TenantView(TypedDict):
    tenant_id: str
    tenant_name: str
    tier: str
    resource_tier: str
    created_at: str
    suspended_at: str | None


class IssuedView(TypedDict):
    period_type: str
    label: str
    sequence: int
    stage: str
    revision: int
    as_of: str
    issued_at: str
    digest: str
    reason: str


class RouteView(TypedDict):
    name: str
    priority: int
    tenants: list[str]
    tiers: list[str]
    severities: list[str]
    alert_types: list[str]
    hours: dict[str, Any] | None
    steps: list[dict[str, Any]]
    source: str
    version: int
    recorded_at: str | None
    recorded_by: str


class RouteList(TypedDict):
    routes: list[RouteView]
    problems: list[str]


class TenantFigures(TypedDict):
    response_time_ms: float | None
    throughput_rpm: float | None
    error_rate: float | None
    cpu_usage: float | None
    memory_usage: float | None
    active_users: float | None
    health_score: float | None


class PlatformSnapshot(TypedDict):
    timestamp: str
    platform_metrics: dict[str, Any]
    resource_metrics: dict[str, Any]
    tenant_metrics: dict[str, TenantFigures]


class PerformanceMetrics(TypedDict):
    tenant_id: str
    start_date: str
    end_date: str
    interval_s: int
    summary: dict[str, Any]
    points: list[dict[str, Any]]
    current: TenantFigures
