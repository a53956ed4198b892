import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunHealthCheckRequest(_message.Message):
    __slots__ = ("tenant_id", "check_type", "include_deep_checks")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_TYPE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DEEP_CHECKS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    check_type: str
    include_deep_checks: bool
    def __init__(self, tenant_id: _Optional[str] = ..., check_type: _Optional[str] = ..., include_deep_checks: _Optional[bool] = ...) -> None: ...

class CheckLayers(_message.Message):
    __slots__ = ("http_endpoint", "database", "redis", "kubernetes", "external_apis")
    HTTP_ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    REDIS_FIELD_NUMBER: _ClassVar[int]
    KUBERNETES_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_APIS_FIELD_NUMBER: _ClassVar[int]
    http_endpoint: str
    database: str
    redis: str
    kubernetes: str
    external_apis: str
    def __init__(self, http_endpoint: _Optional[str] = ..., database: _Optional[str] = ..., redis: _Optional[str] = ..., kubernetes: _Optional[str] = ..., external_apis: _Optional[str] = ...) -> None: ...

class ResourceUsage(_message.Message):
    __slots__ = ("cpu_percent", "memory_percent", "disk_percent")
    CPU_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MEMORY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    DISK_PERCENT_FIELD_NUMBER: _ClassVar[int]
    cpu_percent: float
    memory_percent: float
    disk_percent: float
    def __init__(self, cpu_percent: _Optional[float] = ..., memory_percent: _Optional[float] = ..., disk_percent: _Optional[float] = ...) -> None: ...

class CheckResult(_message.Message):
    __slots__ = ("agent_id", "check_id", "check_type", "status", "response_time", "timestamp", "received_at", "text", "metrics")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_TYPE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_TIME_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    check_id: str
    check_type: str
    status: str
    response_time: float
    timestamp: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    text: str
    metrics: _containers.ScalarMap[str, float]
    def __init__(self, agent_id: _Optional[str] = ..., check_id: _Optional[str] = ..., check_type: _Optional[str] = ..., status: _Optional[str] = ..., response_time: _Optional[float] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., text: _Optional[str] = ..., metrics: _Optional[_Mapping[str, float]] = ...) -> None: ...

class RunHealthCheckResponse(_message.Message):
    __slots__ = ("tenant_id", "overall_status", "response_time", "checks", "resource_usage", "sla_compliance", "violations", "timestamp", "check_type", "results", "unanswered")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    OVERALL_STATUS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_USAGE_FIELD_NUMBER: _ClassVar[int]
    SLA_COMPLIANCE_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    CHECK_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    UNANSWERED_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    overall_status: str
    response_time: float
    checks: CheckLayers
    resource_usage: ResourceUsage
    sla_compliance: bool
    violations: _containers.RepeatedScalarFieldContainer[str]
    timestamp: _timestamp_pb2.Timestamp
    check_type: str
    results: _containers.RepeatedCompositeFieldContainer[CheckResult]
    unanswered: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tenant_id: _Optional[str] = ..., overall_status: _Optional[str] = ..., response_time: _Optional[float] = ..., checks: _Optional[_Union[CheckLayers, _Mapping]] = ..., resource_usage: _Optional[_Union[ResourceUsage, _Mapping]] = ..., sla_compliance: _Optional[bool] = ..., violations: _Optional[_Iterable[str]] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., check_type: _Optional[str] = ..., results: _Optional[_Iterable[_Union[CheckResult, _Mapping]]] = ..., unanswered: _Optional[_Iterable[str]] = ...) -> None: ...

class RunRoundRequest(_message.Message):
    __slots__ = ("check_type", "include_deep_checks")
    CHECK_TYPE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DEEP_CHECKS_FIELD_NUMBER: _ClassVar[int]
    check_type: str
    include_deep_checks: bool
    def __init__(self, check_type: _Optional[str] = ..., include_deep_checks: _Optional[bool] = ...) -> None: ...

class TenantLook(_message.Message):
    __slots__ = ("tenant_id", "overall_status", "response_time", "checks", "resource_usage", "sla_compliance", "violations", "timestamp", "check_type", "unanswered")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    OVERALL_STATUS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_USAGE_FIELD_NUMBER: _ClassVar[int]
    SLA_COMPLIANCE_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    CHECK_TYPE_FIELD_NUMBER: _ClassVar[int]
    UNANSWERED_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    overall_status: str
    response_time: float
    checks: CheckLayers
    resource_usage: ResourceUsage
    sla_compliance: bool
    violations: _containers.RepeatedScalarFieldContainer[str]
    timestamp: _timestamp_pb2.Timestamp
    check_type: str
    unanswered: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tenant_id: _Optional[str] = ..., overall_status: _Optional[str] = ..., response_time: _Optional[float] = ..., checks: _Optional[_Union[CheckLayers, _Mapping]] = ..., resource_usage: _Optional[_Union[ResourceUsage, _Mapping]] = ..., sla_compliance: _Optional[bool] = ..., violations: _Optional[_Iterable[str]] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., check_type: _Optional[str] = ..., unanswered: _Optional[_Iterable[str]] = ...) -> None: ...

class NotChecked(_message.Message):
    __slots__ = ("tenant_id", "reason")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    reason: str
    def __init__(self, tenant_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RunRoundResponse(_message.Message):
    __slots__ = ("total_checked", "healthy", "degraded", "unhealthy", "unknown", "results", "not_checked")
    TOTAL_CHECKED_FIELD_NUMBER: _ClassVar[int]
    HEALTHY_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    UNHEALTHY_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    NOT_CHECKED_FIELD_NUMBER: _ClassVar[int]
    total_checked: int
    healthy: int
    degraded: int
    unhealthy: int
    unknown: int
    results: _containers.RepeatedCompositeFieldContainer[TenantLook]
    not_checked: _containers.RepeatedCompositeFieldContainer[NotChecked]
    def __init__(self, total_checked: _Optional[int] = ..., healthy: _Optional[int] = ..., degraded: _Optional[int] = ..., unhealthy: _Optional[int] = ..., unknown: _Optional[int] = ..., results: _Optional[_Iterable[_Union[TenantLook, _Mapping]]] = ..., not_checked: _Optional[_Iterable[_Union[NotChecked, _Mapping]]] = ...) -> None: ...

class GetDashboardRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PlatformHealth(_message.Message):
    __slots__ = ("overall_status", "total_tenants", "healthy_tenants", "unhealthy_tenants", "degraded_tenants", "unknown_tenants", "active_alerts", "sla_compliance")
    OVERALL_STATUS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TENANTS_FIELD_NUMBER: _ClassVar[int]
    HEALTHY_TENANTS_FIELD_NUMBER: _ClassVar[int]
    UNHEALTHY_TENANTS_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_TENANTS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_TENANTS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ALERTS_FIELD_NUMBER: _ClassVar[int]
    SLA_COMPLIANCE_FIELD_NUMBER: _ClassVar[int]
    overall_status: str
    total_tenants: int
    healthy_tenants: int
    unhealthy_tenants: int
    degraded_tenants: int
    unknown_tenants: int
    active_alerts: int
    sla_compliance: float
    def __init__(self, overall_status: _Optional[str] = ..., total_tenants: _Optional[int] = ..., healthy_tenants: _Optional[int] = ..., unhealthy_tenants: _Optional[int] = ..., degraded_tenants: _Optional[int] = ..., unknown_tenants: _Optional[int] = ..., active_alerts: _Optional[int] = ..., sla_compliance: _Optional[float] = ...) -> None: ...

class RecentCheck(_message.Message):
    __slots__ = ("tenant_id", "agent_id", "check_id", "kind", "status", "response_time", "timestamp", "sla_compliant", "text")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_TIME_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SLA_COMPLIANT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    agent_id: str
    check_id: str
    kind: str
    status: str
    response_time: float
    timestamp: _timestamp_pb2.Timestamp
    sla_compliant: bool
    text: str
    def __init__(self, tenant_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., check_id: _Optional[str] = ..., kind: _Optional[str] = ..., status: _Optional[str] = ..., response_time: _Optional[float] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sla_compliant: _Optional[bool] = ..., text: _Optional[str] = ...) -> None: ...

class ActiveAlert(_message.Message):
    __slots__ = ("alert_id", "tenant_id", "severity", "message", "duration", "status")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    tenant_id: str
    severity: str
    message: str
    duration: float
    status: str
    def __init__(self, alert_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., severity: _Optional[str] = ..., message: _Optional[str] = ..., duration: _Optional[float] = ..., status: _Optional[str] = ...) -> None: ...

class TenantOverview(_message.Message):
    __slots__ = ("tenant_id", "tenant_name", "tier", "state", "since", "checks_total", "checks_failing")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_NAME_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    CHECKS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FAILING_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    tenant_name: str
    tier: str
    state: str
    since: _timestamp_pb2.Timestamp
    checks_total: int
    checks_failing: int
    def __init__(self, tenant_id: _Optional[str] = ..., tenant_name: _Optional[str] = ..., tier: _Optional[str] = ..., state: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., checks_total: _Optional[int] = ..., checks_failing: _Optional[int] = ...) -> None: ...

class GetDashboardResponse(_message.Message):
    __slots__ = ("platform_health", "recent_checks", "active_alerts", "tenants")
    PLATFORM_HEALTH_FIELD_NUMBER: _ClassVar[int]
    RECENT_CHECKS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ALERTS_FIELD_NUMBER: _ClassVar[int]
    TENANTS_FIELD_NUMBER: _ClassVar[int]
    platform_health: PlatformHealth
    recent_checks: _containers.RepeatedCompositeFieldContainer[RecentCheck]
    active_alerts: _containers.RepeatedCompositeFieldContainer[ActiveAlert]
    tenants: _containers.RepeatedCompositeFieldContainer[TenantOverview]
    def __init__(self, platform_health: _Optional[_Union[PlatformHealth, _Mapping]] = ..., recent_checks: _Optional[_Iterable[_Union[RecentCheck, _Mapping]]] = ..., active_alerts: _Optional[_Iterable[_Union[ActiveAlert, _Mapping]]] = ..., tenants: _Optional[_Iterable[_Union[TenantOverview, _Mapping]]] = ...) -> None: ...

class CreateAlertRequest(_message.Message):
    __slots__ = ("tenant_id", "alert_name", "severity", "description", "source_service", "alert_data")
    class AlertDataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ALERT_NAME_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SERVICE_FIELD_NUMBER: _ClassVar[int]
    ALERT_DATA_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    alert_name: str
    severity: str
    description: str
    source_service: str
    alert_data: _containers.ScalarMap[str, str]
    def __init__(self, tenant_id: _Optional[str] = ..., alert_name: _Optional[str] = ..., severity: _Optional[str] = ..., description: _Optional[str] = ..., source_service: _Optional[str] = ..., alert_data: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Deed(_message.Message):
    __slots__ = ("who", "at", "notes")
    WHO_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    who: str
    at: _timestamp_pb2.Timestamp
    notes: str
    def __init__(self, who: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., notes: _Optional[str] = ...) -> None: ...

class AlertDetail(_message.Message):
    __slots__ = ("alert_id", "alert_name", "alert_description", "tenant_id", "severity", "status", "source_service", "metric_name", "first_occurred", "last_occurred", "occurrence_count", "resolved_at", "alert_data", "notifications_sent", "last_notification_at", "notification_channels", "acknowledgement", "resolution")
    class AlertDataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    ALERT_NAME_FIELD_NUMBER: _ClassVar[int]
    ALERT_DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SERVICE_FIELD_NUMBER: _ClassVar[int]
    METRIC_NAME_FIELD_NUMBER: _ClassVar[int]
    FIRST_OCCURRED_FIELD_NUMBER: _ClassVar[int]
    LAST_OCCURRED_FIELD_NUMBER: _ClassVar[int]
    OCCURRENCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_AT_FIELD_NUMBER: _ClassVar[int]
    ALERT_DATA_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATIONS_SENT_FIELD_NUMBER: _ClassVar[int]
    LAST_NOTIFICATION_AT_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATION_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    alert_name: str
    alert_description: str
    tenant_id: str
    severity: str
    status: str
    source_service: str
    metric_name: str
    first_occurred: _timestamp_pb2.Timestamp
    last_occurred: _timestamp_pb2.Timestamp
    occurrence_count: int
    resolved_at: _timestamp_pb2.Timestamp
    alert_data: _containers.ScalarMap[str, str]
    notifications_sent: int
    last_notification_at: _timestamp_pb2.Timestamp
    notification_channels: _containers.RepeatedScalarFieldContainer[str]
    acknowledgement: Deed
    resolution: Deed
    def __init__(self, alert_id: _Optional[str] = ..., alert_name: _Optional[str] = ..., alert_description: _Optional[str] = ..., tenant_id: _Optional[str] = ..., severity: _Optional[str] = ..., status: _Optional[str] = ..., source_service: _Optional[str] = ..., metric_name: _Optional[str] = ..., first_occurred: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_occurred: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., occurrence_count: _Optional[int] = ..., resolved_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., alert_data: _Optional[_Mapping[str, str]] = ..., notifications_sent: _Optional[int] = ..., last_notification_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., notification_channels: _Optional[_Iterable[str]] = ..., acknowledgement: _Optional[_Union[Deed, _Mapping]] = ..., resolution: _Optional[_Union[Deed, _Mapping]] = ...) -> None: ...

class CreateAlertResponse(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: AlertDetail
    def __init__(self, alert: _Optional[_Union[AlertDetail, _Mapping]] = ...) -> None: ...

class GetAlertRequest(_message.Message):
    __slots__ = ("alert_id",)
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    def __init__(self, alert_id: _Optional[str] = ...) -> None: ...

class TimelineEntry(_message.Message):
    __slots__ = ("time", "kind", "who", "channel", "outcome", "detail")
    TIME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    WHO_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    kind: str
    who: str
    channel: str
    outcome: str
    detail: str
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[str] = ..., who: _Optional[str] = ..., channel: _Optional[str] = ..., outcome: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class GetAlertResponse(_message.Message):
    __slots__ = ("alert", "timeline")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    alert: AlertDetail
    timeline: _containers.RepeatedCompositeFieldContainer[TimelineEntry]
    def __init__(self, alert: _Optional[_Union[AlertDetail, _Mapping]] = ..., timeline: _Optional[_Iterable[_Union[TimelineEntry, _Mapping]]] = ...) -> None: ...

class AcknowledgeAlertRequest(_message.Message):
    __slots__ = ("alert_id", "notes")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    notes: str
    def __init__(self, alert_id: _Optional[str] = ..., notes: _Optional[str] = ...) -> None: ...

class AcknowledgeAlertResponse(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: AlertDetail
    def __init__(self, alert: _Optional[_Union[AlertDetail, _Mapping]] = ...) -> None: ...

class ResolveAlertRequest(_message.Message):
    __slots__ = ("alert_id", "resolution_notes")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_NOTES_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    resolution_notes: str
    def __init__(self, alert_id: _Optional[str] = ..., resolution_notes: _Optional[str] = ...) -> None: ...

class ResolveAlertResponse(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: AlertDetail
    def __init__(self, alert: _Optional[_Union[AlertDetail, _Mapping]] = ...) -> None: ...

class AlertRule(_message.Message):
    __slots__ = ("tenant_id", "tier", "metric", "condition", "threshold", "severity", "for_seconds", "keep_firing_seconds", "failure_threshold", "success_threshold", "rule_id", "created_at", "created_by", "window_seconds", "aggregation", "enabled", "built_in")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    FOR_SECONDS_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIRING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    WINDOW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    BUILT_IN_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    tier: str
    metric: str
    condition: str
    threshold: float
    severity: str
    for_seconds: int
    keep_firing_seconds: int
    failure_threshold: int
    success_threshold: int
    rule_id: str
    created_at: _timestamp_pb2.Timestamp
    created_by: str
    window_seconds: int
    aggregation: str
    enabled: bool
    built_in: bool
    def __init__(self, tenant_id: _Optional[str] = ..., tier: _Optional[str] = ..., metric: _Optional[str] = ..., condition: _Optional[str] = ..., threshold: _Optional[float] = ..., severity: _Optional[str] = ..., for_seconds: _Optional[int] = ..., keep_firing_seconds: _Optional[int] = ..., failure_threshold: _Optional[int] = ..., success_threshold: _Optional[int] = ..., rule_id: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_by: _Optional[str] = ..., window_seconds: _Optional[int] = ..., aggregation: _Optional[str] = ..., enabled: _Optional[bool] = ..., built_in: _Optional[bool] = ...) -> None: ...

class ListAlertRulesRequest(_message.Message):
    __slots__ = ("limit", "cursor")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    limit: int
    cursor: str
    def __init__(self, limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class ListAlertRulesResponse(_message.Message):
    __slots__ = ("rules", "next_cursor")
    RULES_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[AlertRule]
    next_cursor: str
    def __init__(self, rules: _Optional[_Iterable[_Union[AlertRule, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class CreateAlertRuleRequest(_message.Message):
    __slots__ = ("tenant_id", "tier", "metric", "condition", "threshold", "severity", "for_seconds", "keep_firing_seconds", "failure_threshold", "success_threshold", "rule_id", "window_seconds", "aggregation", "enabled")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    FOR_SECONDS_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIRING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    WINDOW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    tier: str
    metric: str
    condition: str
    threshold: float
    severity: str
    for_seconds: int
    keep_firing_seconds: int
    failure_threshold: int
    success_threshold: int
    rule_id: str
    window_seconds: int
    aggregation: str
    enabled: bool
    def __init__(self, tenant_id: _Optional[str] = ..., tier: _Optional[str] = ..., metric: _Optional[str] = ..., condition: _Optional[str] = ..., threshold: _Optional[float] = ..., severity: _Optional[str] = ..., for_seconds: _Optional[int] = ..., keep_firing_seconds: _Optional[int] = ..., failure_threshold: _Optional[int] = ..., success_threshold: _Optional[int] = ..., rule_id: _Optional[str] = ..., window_seconds: _Optional[int] = ..., aggregation: _Optional[str] = ..., enabled: _Optional[bool] = ...) -> None: ...

class CreateAlertRuleResponse(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: AlertRule
    def __init__(self, rule: _Optional[_Union[AlertRule, _Mapping]] = ...) -> None: ...

class ReplaceAlertRuleRequest(_message.Message):
    __slots__ = ("tenant_id", "tier", "metric", "condition", "threshold", "severity", "for_seconds", "keep_firing_seconds", "failure_threshold", "success_threshold", "rule_id", "window_seconds", "aggregation", "enabled")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    FOR_SECONDS_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIRING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    WINDOW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    tier: str
    metric: str
    condition: str
    threshold: float
    severity: str
    for_seconds: int
    keep_firing_seconds: int
    failure_threshold: int
    success_threshold: int
    rule_id: str
    window_seconds: int
    aggregation: str
    enabled: bool
    def __init__(self, tenant_id: _Optional[str] = ..., tier: _Optional[str] = ..., metric: _Optional[str] = ..., condition: _Optional[str] = ..., threshold: _Optional[float] = ..., severity: _Optional[str] = ..., for_seconds: _Optional[int] = ..., keep_firing_seconds: _Optional[int] = ..., failure_threshold: _Optional[int] = ..., success_threshold: _Optional[int] = ..., rule_id: _Optional[str] = ..., window_seconds: _Optional[int] = ..., aggregation: _Optional[str] = ..., enabled: _Optional[bool] = ...) -> None: ...

class ReplaceAlertRuleResponse(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: AlertRule
    def __init__(self, rule: _Optional[_Union[AlertRule, _Mapping]] = ...) -> None: ...

class DeleteAlertRuleRequest(_message.Message):
    __slots__ = ("rule_id",)
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    def __init__(self, rule_id: _Optional[str] = ...) -> None: ...

class DeleteAlertRuleResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Silence(_message.Message):
    __slots__ = ("silence_id", "tenant_id", "alert_type", "start", "end", "who", "notes")
    SILENCE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ALERT_TYPE_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    WHO_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    silence_id: int
    tenant_id: str
    alert_type: str
    start: _timestamp_pb2.Timestamp
    end: _timestamp_pb2.Timestamp
    who: str
    notes: str
    def __init__(self, silence_id: _Optional[int] = ..., tenant_id: _Optional[str] = ..., alert_type: _Optional[str] = ..., start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., who: _Optional[str] = ..., notes: _Optional[str] = ...) -> None: ...

class RouteHours(_message.Message):
    __slots__ = ("timezone", "days", "start", "end")
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    timezone: str
    days: _containers.RepeatedScalarFieldContainer[str]
    start: str
    end: str
    def __init__(self, timezone: _Optional[str] = ..., days: _Optional[_Iterable[str]] = ..., start: _Optional[str] = ..., end: _Optional[str] = ...) -> None: ...

class RouteStep(_message.Message):
    __slots__ = ("channels",)
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    channels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, channels: _Optional[_Iterable[str]] = ...) -> None: ...

class AlertRoute(_message.Message):
    __slots__ = ("priority", "tenants", "tiers", "severities", "alert_types", "hours", "steps", "delay_seconds", "escalation_seconds", "repeat_seconds", "name", "source", "version", "recorded_at", "recorded_by")
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    TENANTS_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    SEVERITIES_FIELD_NUMBER: _ClassVar[int]
    ALERT_TYPES_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    DELAY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ESCALATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    REPEAT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_BY_FIELD_NUMBER: _ClassVar[int]
    priority: int
    tenants: _containers.RepeatedScalarFieldContainer[str]
    tiers: _containers.RepeatedScalarFieldContainer[str]
    severities: _containers.RepeatedScalarFieldContainer[str]
    alert_types: _containers.RepeatedScalarFieldContainer[str]
    hours: RouteHours
    steps: _containers.RepeatedCompositeFieldContainer[RouteStep]
    delay_seconds: int
    escalation_seconds: int
    repeat_seconds: int
    name: str
    source: str
    version: int
    recorded_at: _timestamp_pb2.Timestamp
    recorded_by: str
    def __init__(self, priority: _Optional[int] = ..., tenants: _Optional[_Iterable[str]] = ..., tiers: _Optional[_Iterable[str]] = ..., severities: _Optional[_Iterable[str]] = ..., alert_types: _Optional[_Iterable[str]] = ..., hours: _Optional[_Union[RouteHours, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[RouteStep, _Mapping]]] = ..., delay_seconds: _Optional[int] = ..., escalation_seconds: _Optional[int] = ..., repeat_seconds: _Optional[int] = ..., name: _Optional[str] = ..., source: _Optional[str] = ..., version: _Optional[int] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_by: _Optional[str] = ...) -> None: ...

class ListAlertRoutesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListAlertRoutesResponse(_message.Message):
    __slots__ = ("routes", "problems")
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    routes: _containers.RepeatedCompositeFieldContainer[AlertRoute]
    problems: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, routes: _Optional[_Iterable[_Union[AlertRoute, _Mapping]]] = ..., problems: _Optional[_Iterable[str]] = ...) -> None: ...

class GetAlertRouteRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetAlertRouteResponse(_message.Message):
    __slots__ = ("name", "versions")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    name: str
    versions: _containers.RepeatedCompositeFieldContainer[AlertRouteVersion]
    def __init__(self, name: _Optional[str] = ..., versions: _Optional[_Iterable[_Union[AlertRouteVersion, _Mapping]]] = ...) -> None: ...

class AlertRouteVersion(_message.Message):
    __slots__ = ("version", "removed", "route", "recorded_at", "recorded_by")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_BY_FIELD_NUMBER: _ClassVar[int]
    version: int
    removed: bool
    route: AlertRoute
    recorded_at: _timestamp_pb2.Timestamp
    recorded_by: str
    def __init__(self, version: _Optional[int] = ..., removed: _Optional[bool] = ..., route: _Optional[_Union[AlertRoute, _Mapping]] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_by: _Optional[str] = ...) -> None: ...

class PutAlertRouteRequest(_message.Message):
    __slots__ = ("priority", "tenants", "tiers", "severities", "alert_types", "hours", "steps", "delay_seconds", "escalation_seconds", "repeat_seconds", "name")
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    TENANTS_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    SEVERITIES_FIELD_NUMBER: _ClassVar[int]
    ALERT_TYPES_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    DELAY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ESCALATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    REPEAT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    priority: int
    tenants: _containers.RepeatedScalarFieldContainer[str]
    tiers: _containers.RepeatedScalarFieldContainer[str]
    severities: _containers.RepeatedScalarFieldContainer[str]
    alert_types: _containers.RepeatedScalarFieldContainer[str]
    hours: RouteHours
    steps: _containers.RepeatedCompositeFieldContainer[RouteStep]
    delay_seconds: int
    escalation_seconds: int
    repeat_seconds: int
    name: str
    def __init__(self, priority: _Optional[int] = ..., tenants: _Optional[_Iterable[str]] = ..., tiers: _Optional[_Iterable[str]] = ..., severities: _Optional[_Iterable[str]] = ..., alert_types: _Optional[_Iterable[str]] = ..., hours: _Optional[_Union[RouteHours, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[RouteStep, _Mapping]]] = ..., delay_seconds: _Optional[int] = ..., escalation_seconds: _Optional[int] = ..., repeat_seconds: _Optional[int] = ..., name: _Optional[str] = ...) -> None: ...

class PutAlertRouteResponse(_message.Message):
    __slots__ = ("route",)
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    route: AlertRoute
    def __init__(self, route: _Optional[_Union[AlertRoute, _Mapping]] = ...) -> None: ...

class DeleteAlertRouteRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DeleteAlertRouteResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSilencesRequest(_message.Message):
    __slots__ = ("limit", "cursor")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    limit: int
    cursor: str
    def __init__(self, limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class ListSilencesResponse(_message.Message):
    __slots__ = ("silences", "next_cursor")
    SILENCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    silences: _containers.RepeatedCompositeFieldContainer[Silence]
    next_cursor: str
    def __init__(self, silences: _Optional[_Iterable[_Union[Silence, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class CreateSilenceRequest(_message.Message):
    __slots__ = ("tenant_id", "alert_type", "start", "end", "notes")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ALERT_TYPE_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    alert_type: str
    start: _timestamp_pb2.Timestamp
    end: _timestamp_pb2.Timestamp
    notes: str
    def __init__(self, tenant_id: _Optional[str] = ..., alert_type: _Optional[str] = ..., start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., notes: _Optional[str] = ...) -> None: ...

class CreateSilenceResponse(_message.Message):
    __slots__ = ("silence",)
    SILENCE_FIELD_NUMBER: _ClassVar[int]
    silence: Silence
    def __init__(self, silence: _Optional[_Union[Silence, _Mapping]] = ...) -> None: ...

class EndSilenceRequest(_message.Message):
    __slots__ = ("silence_id",)
    SILENCE_ID_FIELD_NUMBER: _ClassVar[int]
    silence_id: int
    def __init__(self, silence_id: _Optional[int] = ...) -> None: ...

class EndSilenceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetServiceLevelRequest(_message.Message):
    __slots__ = ("tenant_id", "period", "date", "days", "as_of", "tier")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    period: str
    date: str
    days: int
    as_of: _timestamp_pb2.Timestamp
    tier: str
    def __init__(self, tenant_id: _Optional[str] = ..., period: _Optional[str] = ..., date: _Optional[str] = ..., days: _Optional[int] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tier: _Optional[str] = ...) -> None: ...

class GetServiceLevelResponse(_message.Message):
    __slots__ = ("tenant_id", "tenant_name", "tier", "period", "availability", "avg_response_time", "error_rate", "sla_compliance", "violations", "health_score", "coverage", "availability_best", "availability_worst", "verdict", "downtime_minutes", "incident_count", "label", "as_of", "time_to_breach_s", "detail")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_NAME_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    AVG_RESPONSE_TIME_FIELD_NUMBER: _ClassVar[int]
    ERROR_RATE_FIELD_NUMBER: _ClassVar[int]
    SLA_COMPLIANCE_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    HEALTH_SCORE_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_BEST_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_WORST_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    DOWNTIME_MINUTES_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_BREACH_S_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    tenant_name: str
    tier: str
    period: str
    availability: float
    avg_response_time: float
    error_rate: float
    sla_compliance: bool
    violations: _containers.RepeatedScalarFieldContainer[str]
    health_score: float
    coverage: float
    availability_best: float
    availability_worst: float
    verdict: str
    downtime_minutes: float
    incident_count: int
    label: str
    as_of: _timestamp_pb2.Timestamp
    time_to_breach_s: float
    detail: _struct_pb2.Struct
    def __init__(self, tenant_id: _Optional[str] = ..., tenant_name: _Optional[str] = ..., tier: _Optional[str] = ..., period: _Optional[str] = ..., availability: _Optional[float] = ..., avg_response_time: _Optional[float] = ..., error_rate: _Optional[float] = ..., sla_compliance: _Optional[bool] = ..., violations: _Optional[_Iterable[str]] = ..., health_score: _Optional[float] = ..., coverage: _Optional[float] = ..., availability_best: _Optional[float] = ..., availability_worst: _Optional[float] = ..., verdict: _Optional[str] = ..., downtime_minutes: _Optional[float] = ..., incident_count: _Optional[int] = ..., label: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., time_to_breach_s: _Optional[float] = ..., detail: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class ExplainServiceLevelRequest(_message.Message):
    __slots__ = ("tenant_id", "period", "date", "days", "as_of")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    period: str
    date: str
    days: int
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, tenant_id: _Optional[str] = ..., period: _Optional[str] = ..., date: _Optional[str] = ..., days: _Optional[int] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ExplainServiceLevelResponse(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class ReportKey(_message.Message):
    __slots__ = ("key_id", "algorithm", "public_key", "state", "retired_at")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RETIRED_AT_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    algorithm: str
    public_key: str
    state: str
    retired_at: _timestamp_pb2.Timestamp
    def __init__(self, key_id: _Optional[str] = ..., algorithm: _Optional[str] = ..., public_key: _Optional[str] = ..., state: _Optional[str] = ..., retired_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListReportKeysRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListReportKeysResponse(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[ReportKey]
    def __init__(self, keys: _Optional[_Iterable[_Union[ReportKey, _Mapping]]] = ...) -> None: ...

class GetServiceLevelReportRequest(_message.Message):
    __slots__ = ("tenant_id", "period", "date", "days", "as_of", "format")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    period: str
    date: str
    days: int
    as_of: _timestamp_pb2.Timestamp
    format: str
    def __init__(self, tenant_id: _Optional[str] = ..., period: _Optional[str] = ..., date: _Optional[str] = ..., days: _Optional[int] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., format: _Optional[str] = ...) -> None: ...

class GetServiceLevelReportResponse(_message.Message):
    __slots__ = ("content", "media_type", "name")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    content: bytes
    media_type: str
    name: str
    def __init__(self, content: _Optional[bytes] = ..., media_type: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class TermsVersion(_message.Message):
    __slots__ = ("number", "in_force_from", "recorded_at", "author", "reason", "contract", "targets")
    class TargetsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_FROM_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    number: int
    in_force_from: _timestamp_pb2.Timestamp
    recorded_at: _timestamp_pb2.Timestamp
    author: str
    reason: str
    contract: _struct_pb2.Struct
    targets: _containers.ScalarMap[str, str]
    def __init__(self, number: _Optional[int] = ..., in_force_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., author: _Optional[str] = ..., reason: _Optional[str] = ..., contract: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., targets: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Resolution(_message.Message):
    __slots__ = ("coarsest_interval_s", "shortest_outage_s", "step_pct", "warnings")
    COARSEST_INTERVAL_S_FIELD_NUMBER: _ClassVar[int]
    SHORTEST_OUTAGE_S_FIELD_NUMBER: _ClassVar[int]
    STEP_PCT_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    coarsest_interval_s: float
    shortest_outage_s: float
    step_pct: float
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, coarsest_interval_s: _Optional[float] = ..., shortest_outage_s: _Optional[float] = ..., step_pct: _Optional[float] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class GetTermsRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class GetTermsResponse(_message.Message):
    __slots__ = ("tenant_id", "versions", "resolution", "notes")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    versions: _containers.RepeatedCompositeFieldContainer[TermsVersion]
    resolution: Resolution
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tenant_id: _Optional[str] = ..., versions: _Optional[_Iterable[_Union[TermsVersion, _Mapping]]] = ..., resolution: _Optional[_Union[Resolution, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class SetTermsRequest(_message.Message):
    __slots__ = ("tenant_id", "contract", "in_force_from", "reason")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_FROM_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    contract: _struct_pb2.Struct
    in_force_from: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, tenant_id: _Optional[str] = ..., contract: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., in_force_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class SetTermsResponse(_message.Message):
    __slots__ = ("tenant_id", "versions", "resolution", "notes")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    versions: _containers.RepeatedCompositeFieldContainer[TermsVersion]
    resolution: Resolution
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tenant_id: _Optional[str] = ..., versions: _Optional[_Iterable[_Union[TermsVersion, _Mapping]]] = ..., resolution: _Optional[_Union[Resolution, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class MaintenanceWindow(_message.Message):
    __slots__ = ("window_id", "to", "recurrence", "checks", "reason", "author", "announced_at", "cancelled_at", "counts", "why", "next")
    WINDOW_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    RECURRENCE_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    ANNOUNCED_AT_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_AT_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    window_id: int
    to: _timestamp_pb2.Timestamp
    recurrence: _struct_pb2.Struct
    checks: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    author: str
    announced_at: _timestamp_pb2.Timestamp
    cancelled_at: _timestamp_pb2.Timestamp
    counts: bool
    why: str
    next: _timestamp_pb2.Timestamp
    def __init__(self, window_id: _Optional[int] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recurrence: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., checks: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ..., author: _Optional[str] = ..., announced_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cancelled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., counts: _Optional[bool] = ..., why: _Optional[str] = ..., next: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., **kwargs) -> None: ...

class ListMaintenanceRequest(_message.Message):
    __slots__ = ("tenant_id", "limit", "cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    limit: int
    cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class ListMaintenanceResponse(_message.Message):
    __slots__ = ("tenant_id", "windows", "next_cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    windows: _containers.RepeatedCompositeFieldContainer[MaintenanceWindow]
    next_cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., windows: _Optional[_Iterable[_Union[MaintenanceWindow, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class AnnounceMaintenanceRequest(_message.Message):
    __slots__ = ("tenant_id", "to", "rule", "first", "duration_s", "timezone", "checks", "reason", "exdates")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXDATES_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    to: _timestamp_pb2.Timestamp
    rule: str
    first: str
    duration_s: int
    timezone: str
    checks: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    exdates: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tenant_id: _Optional[str] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rule: _Optional[str] = ..., first: _Optional[str] = ..., duration_s: _Optional[int] = ..., timezone: _Optional[str] = ..., checks: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ..., exdates: _Optional[_Iterable[str]] = ..., **kwargs) -> None: ...

class AnnounceMaintenanceResponse(_message.Message):
    __slots__ = ("window",)
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    window: MaintenanceWindow
    def __init__(self, window: _Optional[_Union[MaintenanceWindow, _Mapping]] = ...) -> None: ...

class CancelMaintenanceRequest(_message.Message):
    __slots__ = ("tenant_id", "window_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    WINDOW_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    window_id: int
    def __init__(self, tenant_id: _Optional[str] = ..., window_id: _Optional[int] = ...) -> None: ...

class CancelMaintenanceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Correction(_message.Message):
    __slots__ = ("number", "to", "counts_as", "reason", "author", "entered_at", "approver", "approved_at")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    COUNTS_AS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    ENTERED_AT_FIELD_NUMBER: _ClassVar[int]
    APPROVER_FIELD_NUMBER: _ClassVar[int]
    APPROVED_AT_FIELD_NUMBER: _ClassVar[int]
    number: int
    to: _timestamp_pb2.Timestamp
    counts_as: str
    reason: str
    author: str
    entered_at: _timestamp_pb2.Timestamp
    approver: str
    approved_at: _timestamp_pb2.Timestamp
    def __init__(self, number: _Optional[int] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., counts_as: _Optional[str] = ..., reason: _Optional[str] = ..., author: _Optional[str] = ..., entered_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., approver: _Optional[str] = ..., approved_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., **kwargs) -> None: ...

class ListCorrectionsRequest(_message.Message):
    __slots__ = ("tenant_id", "limit", "cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    limit: int
    cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class ListCorrectionsResponse(_message.Message):
    __slots__ = ("tenant_id", "corrections", "next_cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CORRECTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    corrections: _containers.RepeatedCompositeFieldContainer[Correction]
    next_cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., corrections: _Optional[_Iterable[_Union[Correction, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class CreateCorrectionRequest(_message.Message):
    __slots__ = ("tenant_id", "to", "counts_as", "reason")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    COUNTS_AS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    to: _timestamp_pb2.Timestamp
    counts_as: str
    reason: str
    def __init__(self, tenant_id: _Optional[str] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., counts_as: _Optional[str] = ..., reason: _Optional[str] = ..., **kwargs) -> None: ...

class CreateCorrectionResponse(_message.Message):
    __slots__ = ("correction",)
    CORRECTION_FIELD_NUMBER: _ClassVar[int]
    correction: Correction
    def __init__(self, correction: _Optional[_Union[Correction, _Mapping]] = ...) -> None: ...

class ApproveCorrectionRequest(_message.Message):
    __slots__ = ("tenant_id", "number")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    number: int
    def __init__(self, tenant_id: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class ApproveCorrectionResponse(_message.Message):
    __slots__ = ("correction",)
    CORRECTION_FIELD_NUMBER: _ClassVar[int]
    correction: Correction
    def __init__(self, correction: _Optional[_Union[Correction, _Mapping]] = ...) -> None: ...

class PlatformFigures(_message.Message):
    __slots__ = ("total_tenants", "active_tenants", "total_requests_per_minute", "average_response_time", "error_rate")
    TOTAL_TENANTS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_TENANTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_REQUESTS_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_RESPONSE_TIME_FIELD_NUMBER: _ClassVar[int]
    ERROR_RATE_FIELD_NUMBER: _ClassVar[int]
    total_tenants: int
    active_tenants: int
    total_requests_per_minute: float
    average_response_time: float
    error_rate: float
    def __init__(self, total_tenants: _Optional[int] = ..., active_tenants: _Optional[int] = ..., total_requests_per_minute: _Optional[float] = ..., average_response_time: _Optional[float] = ..., error_rate: _Optional[float] = ...) -> None: ...

class ResourceFigures(_message.Message):
    __slots__ = ("cpu_utilization", "memory_utilization", "disk_utilization", "network_throughput")
    CPU_UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    MEMORY_UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    DISK_UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    NETWORK_THROUGHPUT_FIELD_NUMBER: _ClassVar[int]
    cpu_utilization: float
    memory_utilization: float
    disk_utilization: float
    network_throughput: float
    def __init__(self, cpu_utilization: _Optional[float] = ..., memory_utilization: _Optional[float] = ..., disk_utilization: _Optional[float] = ..., network_throughput: _Optional[float] = ...) -> None: ...

class TenantFigures(_message.Message):
    __slots__ = ("response_time_ms", "throughput_rpm", "error_rate", "cpu_usage", "memory_usage", "active_users", "health_score")
    RESPONSE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    THROUGHPUT_RPM_FIELD_NUMBER: _ClassVar[int]
    ERROR_RATE_FIELD_NUMBER: _ClassVar[int]
    CPU_USAGE_FIELD_NUMBER: _ClassVar[int]
    MEMORY_USAGE_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_USERS_FIELD_NUMBER: _ClassVar[int]
    HEALTH_SCORE_FIELD_NUMBER: _ClassVar[int]
    response_time_ms: float
    throughput_rpm: float
    error_rate: float
    cpu_usage: float
    memory_usage: float
    active_users: float
    health_score: float
    def __init__(self, response_time_ms: _Optional[float] = ..., throughput_rpm: _Optional[float] = ..., error_rate: _Optional[float] = ..., cpu_usage: _Optional[float] = ..., memory_usage: _Optional[float] = ..., active_users: _Optional[float] = ..., health_score: _Optional[float] = ...) -> None: ...

class GetPlatformMetricsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetPlatformMetricsResponse(_message.Message):
    __slots__ = ("timestamp", "platform_metrics", "resource_metrics", "tenant_metrics")
    class TenantMetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: TenantFigures
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[TenantFigures, _Mapping]] = ...) -> None: ...
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_METRICS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_METRICS_FIELD_NUMBER: _ClassVar[int]
    TENANT_METRICS_FIELD_NUMBER: _ClassVar[int]
    timestamp: _timestamp_pb2.Timestamp
    platform_metrics: PlatformFigures
    resource_metrics: ResourceFigures
    tenant_metrics: _containers.MessageMap[str, TenantFigures]
    def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., platform_metrics: _Optional[_Union[PlatformFigures, _Mapping]] = ..., resource_metrics: _Optional[_Union[ResourceFigures, _Mapping]] = ..., tenant_metrics: _Optional[_Mapping[str, TenantFigures]] = ...) -> None: ...

class GetTenantMetricsRequest(_message.Message):
    __slots__ = ("tenant_id", "start_date", "end_date")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    END_DATE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    start_date: str
    end_date: str
    def __init__(self, tenant_id: _Optional[str] = ..., start_date: _Optional[str] = ..., end_date: _Optional[str] = ...) -> None: ...

class Performance(_message.Message):
    __slots__ = ("results", "response_time_ms", "p95_response_time_ms", "max_response_time_ms", "error_rate", "healthy_percent")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    P95_RESPONSE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_RESPONSE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ERROR_RATE_FIELD_NUMBER: _ClassVar[int]
    HEALTHY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    results: int
    response_time_ms: float
    p95_response_time_ms: float
    max_response_time_ms: float
    error_rate: float
    healthy_percent: float
    def __init__(self, results: _Optional[int] = ..., response_time_ms: _Optional[float] = ..., p95_response_time_ms: _Optional[float] = ..., max_response_time_ms: _Optional[float] = ..., error_rate: _Optional[float] = ..., healthy_percent: _Optional[float] = ...) -> None: ...

class PerformancePoint(_message.Message):
    __slots__ = ("results", "response_time_ms", "p95_response_time_ms", "max_response_time_ms", "error_rate", "healthy_percent", "to")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    P95_RESPONSE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_RESPONSE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ERROR_RATE_FIELD_NUMBER: _ClassVar[int]
    HEALTHY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    results: int
    response_time_ms: float
    p95_response_time_ms: float
    max_response_time_ms: float
    error_rate: float
    healthy_percent: float
    to: _timestamp_pb2.Timestamp
    def __init__(self, results: _Optional[int] = ..., response_time_ms: _Optional[float] = ..., p95_response_time_ms: _Optional[float] = ..., max_response_time_ms: _Optional[float] = ..., error_rate: _Optional[float] = ..., healthy_percent: _Optional[float] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., **kwargs) -> None: ...

class GetTenantMetricsResponse(_message.Message):
    __slots__ = ("tenant_id", "start_date", "end_date", "interval_s", "summary", "points", "current")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    END_DATE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_S_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    start_date: str
    end_date: str
    interval_s: int
    summary: Performance
    points: _containers.RepeatedCompositeFieldContainer[PerformancePoint]
    current: TenantFigures
    def __init__(self, tenant_id: _Optional[str] = ..., start_date: _Optional[str] = ..., end_date: _Optional[str] = ..., interval_s: _Optional[int] = ..., summary: _Optional[_Union[Performance, _Mapping]] = ..., points: _Optional[_Iterable[_Union[PerformancePoint, _Mapping]]] = ..., current: _Optional[_Union[TenantFigures, _Mapping]] = ...) -> None: ...

class CreateDeploymentRequest(_message.Message):
    __slots__ = ("tenant_name", "resource_tier", "monitoring_enabled", "sla_tier")
    TENANT_NAME_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TIER_FIELD_NUMBER: _ClassVar[int]
    MONITORING_ENABLED_FIELD_NUMBER: _ClassVar[int]
    SLA_TIER_FIELD_NUMBER: _ClassVar[int]
    tenant_name: str
    resource_tier: str
    monitoring_enabled: bool
    sla_tier: str
    def __init__(self, tenant_name: _Optional[str] = ..., resource_tier: _Optional[str] = ..., monitoring_enabled: _Optional[bool] = ..., sla_tier: _Optional[str] = ...) -> None: ...

class CreateDeploymentResponse(_message.Message):
    __slots__ = ("tenant_id", "tenant_name", "resource_tier", "sla_tier", "monitoring_enabled", "agent_token")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_NAME_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TIER_FIELD_NUMBER: _ClassVar[int]
    SLA_TIER_FIELD_NUMBER: _ClassVar[int]
    MONITORING_ENABLED_FIELD_NUMBER: _ClassVar[int]
    AGENT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    tenant_name: str
    resource_tier: str
    sla_tier: str
    monitoring_enabled: bool
    agent_token: str
    def __init__(self, tenant_id: _Optional[str] = ..., tenant_name: _Optional[str] = ..., resource_tier: _Optional[str] = ..., sla_tier: _Optional[str] = ..., monitoring_enabled: _Optional[bool] = ..., agent_token: _Optional[str] = ...) -> None: ...

class AssignedCheck(_message.Message):
    __slots__ = ("check_id", "agent_id", "check", "changed_at", "changed_by")
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_BY_FIELD_NUMBER: _ClassVar[int]
    check_id: str
    agent_id: str
    check: _struct_pb2.Struct
    changed_at: _timestamp_pb2.Timestamp
    changed_by: str
    def __init__(self, check_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., check: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., changed_by: _Optional[str] = ...) -> None: ...

class ListAssignedChecksRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class ListAssignedChecksResponse(_message.Message):
    __slots__ = ("tenant_id", "version", "checks")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    version: int
    checks: _containers.RepeatedCompositeFieldContainer[AssignedCheck]
    def __init__(self, tenant_id: _Optional[str] = ..., version: _Optional[int] = ..., checks: _Optional[_Iterable[_Union[AssignedCheck, _Mapping]]] = ...) -> None: ...

class PutAssignedCheckRequest(_message.Message):
    __slots__ = ("tenant_id", "check_id", "agent_id", "check")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    check_id: str
    agent_id: str
    check: _struct_pb2.Struct
    def __init__(self, tenant_id: _Optional[str] = ..., check_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., check: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class PutAssignedCheckResponse(_message.Message):
    __slots__ = ("version", "check")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHECK_FIELD_NUMBER: _ClassVar[int]
    version: int
    check: AssignedCheck
    def __init__(self, version: _Optional[int] = ..., check: _Optional[_Union[AssignedCheck, _Mapping]] = ...) -> None: ...

class DeleteAssignedCheckRequest(_message.Message):
    __slots__ = ("tenant_id", "check_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    check_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., check_id: _Optional[str] = ...) -> None: ...

class DeleteAssignedCheckResponse(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: int
    def __init__(self, version: _Optional[int] = ...) -> None: ...

class AssignmentRefusal(_message.Message):
    __slots__ = ("check_id", "reason")
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    check_id: str
    reason: str
    def __init__(self, check_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Agent(_message.Message):
    __slots__ = ("agent_id", "version", "hostname", "first_seen", "last_seen", "connected", "applied_version", "refused_version", "refusals", "answered_at")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEEN_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    APPLIED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REFUSED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_AT_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    version: str
    hostname: str
    first_seen: _timestamp_pb2.Timestamp
    last_seen: _timestamp_pb2.Timestamp
    connected: bool
    applied_version: int
    refused_version: int
    refusals: _containers.RepeatedCompositeFieldContainer[AssignmentRefusal]
    answered_at: _timestamp_pb2.Timestamp
    def __init__(self, agent_id: _Optional[str] = ..., version: _Optional[str] = ..., hostname: _Optional[str] = ..., first_seen: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seen: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., connected: _Optional[bool] = ..., applied_version: _Optional[int] = ..., refused_version: _Optional[int] = ..., refusals: _Optional[_Iterable[_Union[AssignmentRefusal, _Mapping]]] = ..., answered_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListAgentsRequest(_message.Message):
    __slots__ = ("tenant_id", "limit", "cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    limit: int
    cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class ListAgentsResponse(_message.Message):
    __slots__ = ("tenant_id", "assigned_version", "agents", "next_cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNED_VERSION_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    assigned_version: int
    agents: _containers.RepeatedCompositeFieldContainer[Agent]
    next_cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., assigned_version: _Optional[int] = ..., agents: _Optional[_Iterable[_Union[Agent, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class RetireAgentRequest(_message.Message):
    __slots__ = ("tenant_id", "agent_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    agent_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., agent_id: _Optional[str] = ...) -> None: ...

class RetireAgentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListAuditEntriesRequest(_message.Message):
    __slots__ = ("tenant_id", "subject", "action", "limit", "cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    subject: str
    action: str
    limit: int
    cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., subject: _Optional[str] = ..., action: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class AuditEntry(_message.Message):
    __slots__ = ("entry_id", "time", "tenant_id", "subject", "roles", "address", "request_id", "action", "target", "before", "after")
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    entry_id: int
    time: _timestamp_pb2.Timestamp
    tenant_id: str
    subject: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    address: str
    request_id: str
    action: str
    target: str
    before: _struct_pb2.Struct
    after: _struct_pb2.Struct
    def __init__(self, entry_id: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tenant_id: _Optional[str] = ..., subject: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., address: _Optional[str] = ..., request_id: _Optional[str] = ..., action: _Optional[str] = ..., target: _Optional[str] = ..., before: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., after: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class ListAuditEntriesResponse(_message.Message):
    __slots__ = ("entries", "next_cursor")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[AuditEntry]
    next_cursor: str
    def __init__(self, entries: _Optional[_Iterable[_Union[AuditEntry, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class TenantDetail(_message.Message):
    __slots__ = ("tenant_id", "tenant_name", "tier", "resource_tier", "created_at", "suspended_at")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_NAME_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TIER_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_AT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    tenant_name: str
    tier: str
    resource_tier: str
    created_at: _timestamp_pb2.Timestamp
    suspended_at: _timestamp_pb2.Timestamp
    def __init__(self, tenant_id: _Optional[str] = ..., tenant_name: _Optional[str] = ..., tier: _Optional[str] = ..., resource_tier: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., suspended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetTenantRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class GetTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: TenantDetail
    def __init__(self, tenant: _Optional[_Union[TenantDetail, _Mapping]] = ...) -> None: ...

class ChangeTenantRequest(_message.Message):
    __slots__ = ("tenant_id", "tenant_name", "resource_tier")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_NAME_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TIER_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    tenant_name: str
    resource_tier: str
    def __init__(self, tenant_id: _Optional[str] = ..., tenant_name: _Optional[str] = ..., resource_tier: _Optional[str] = ...) -> None: ...

class ChangeTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: TenantDetail
    def __init__(self, tenant: _Optional[_Union[TenantDetail, _Mapping]] = ...) -> None: ...

class SuspendTenantRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class SuspendTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: TenantDetail
    def __init__(self, tenant: _Optional[_Union[TenantDetail, _Mapping]] = ...) -> None: ...

class ResumeTenantRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class ResumeTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: TenantDetail
    def __init__(self, tenant: _Optional[_Union[TenantDetail, _Mapping]] = ...) -> None: ...

class DeleteTenantRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class DeleteTenantResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MemberCheck(_message.Message):
    __slots__ = ("agent_id", "check_id", "kind", "state")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    check_id: str
    kind: str
    state: str
    def __init__(self, agent_id: _Optional[str] = ..., check_id: _Optional[str] = ..., kind: _Optional[str] = ..., state: _Optional[str] = ...) -> None: ...

class TenantGroup(_message.Message):
    __slots__ = ("group", "role", "state", "checks", "rule")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    group: str
    role: str
    state: str
    checks: _containers.RepeatedCompositeFieldContainer[MemberCheck]
    rule: str
    def __init__(self, group: _Optional[str] = ..., role: _Optional[str] = ..., state: _Optional[str] = ..., checks: _Optional[_Iterable[_Union[MemberCheck, _Mapping]]] = ..., rule: _Optional[str] = ...) -> None: ...

class ListGroupsRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class ListGroupsResponse(_message.Message):
    __slots__ = ("tenant_id", "groups")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    groups: _containers.RepeatedCompositeFieldContainer[TenantGroup]
    def __init__(self, tenant_id: _Optional[str] = ..., groups: _Optional[_Iterable[_Union[TenantGroup, _Mapping]]] = ...) -> None: ...

class IssuedReport(_message.Message):
    __slots__ = ("period_type", "label", "sequence", "stage", "revision", "as_of", "issued_at", "digest", "reason")
    PERIOD_TYPE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    ISSUED_AT_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    period_type: str
    label: str
    sequence: int
    stage: str
    revision: int
    as_of: _timestamp_pb2.Timestamp
    issued_at: _timestamp_pb2.Timestamp
    digest: str
    reason: str
    def __init__(self, period_type: _Optional[str] = ..., label: _Optional[str] = ..., sequence: _Optional[int] = ..., stage: _Optional[str] = ..., revision: _Optional[int] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., issued_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., digest: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ListIssuedReportsRequest(_message.Message):
    __slots__ = ("tenant_id", "limit", "cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    limit: int
    cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class ListIssuedReportsResponse(_message.Message):
    __slots__ = ("tenant_id", "reports", "next_cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    reports: _containers.RepeatedCompositeFieldContainer[IssuedReport]
    next_cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., reports: _Optional[_Iterable[_Union[IssuedReport, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class GetIssuedReportRequest(_message.Message):
    __slots__ = ("tenant_id", "period_type", "label", "sequence")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_TYPE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    period_type: str
    label: str
    sequence: int
    def __init__(self, tenant_id: _Optional[str] = ..., period_type: _Optional[str] = ..., label: _Optional[str] = ..., sequence: _Optional[int] = ...) -> None: ...

class GetIssuedReportResponse(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: bytes
    def __init__(self, content: _Optional[bytes] = ...) -> None: ...
