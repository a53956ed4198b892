import datetime

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
    __slots__ = ("tenant_id", "tier", "metric", "condition", "threshold", "severity", "for_seconds", "keep_firing_seconds", "failure_threshold", "success_threshold", "rule_id", "created_at", "created_by")
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
    def __init__(self, tenant_id: _Optional[str] = ..., tier: _Optional[str] = ..., metric: _Optional[str] = ..., condition: _Optional[str] = ..., threshold: _Optional[float] = ..., severity: _Optional[str] = ..., for_seconds: _Optional[int] = ..., keep_firing_seconds: _Optional[int] = ..., failure_threshold: _Optional[int] = ..., success_threshold: _Optional[int] = ..., rule_id: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_by: _Optional[str] = ...) -> None: ...

class ListAlertRulesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListAlertRulesResponse(_message.Message):
    __slots__ = ("rules",)
    RULES_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[AlertRule]
    def __init__(self, rules: _Optional[_Iterable[_Union[AlertRule, _Mapping]]] = ...) -> None: ...

class CreateAlertRuleRequest(_message.Message):
    __slots__ = ("tenant_id", "tier", "metric", "condition", "threshold", "severity", "for_seconds", "keep_firing_seconds", "failure_threshold", "success_threshold", "rule_id")
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
    def __init__(self, tenant_id: _Optional[str] = ..., tier: _Optional[str] = ..., metric: _Optional[str] = ..., condition: _Optional[str] = ..., threshold: _Optional[float] = ..., severity: _Optional[str] = ..., for_seconds: _Optional[int] = ..., keep_firing_seconds: _Optional[int] = ..., failure_threshold: _Optional[int] = ..., success_threshold: _Optional[int] = ..., rule_id: _Optional[str] = ...) -> None: ...

class CreateAlertRuleResponse(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: AlertRule
    def __init__(self, rule: _Optional[_Union[AlertRule, _Mapping]] = ...) -> None: ...

class ReplaceAlertRuleRequest(_message.Message):
    __slots__ = ("tenant_id", "tier", "metric", "condition", "threshold", "severity", "for_seconds", "keep_firing_seconds", "failure_threshold", "success_threshold", "rule_id")
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
    def __init__(self, tenant_id: _Optional[str] = ..., tier: _Optional[str] = ..., metric: _Optional[str] = ..., condition: _Optional[str] = ..., threshold: _Optional[float] = ..., severity: _Optional[str] = ..., for_seconds: _Optional[int] = ..., keep_firing_seconds: _Optional[int] = ..., failure_threshold: _Optional[int] = ..., success_threshold: _Optional[int] = ..., rule_id: _Optional[str] = ...) -> None: ...

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

class ListSilencesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSilencesResponse(_message.Message):
    __slots__ = ("silences",)
    SILENCES_FIELD_NUMBER: _ClassVar[int]
    silences: _containers.RepeatedCompositeFieldContainer[Silence]
    def __init__(self, silences: _Optional[_Iterable[_Union[Silence, _Mapping]]] = ...) -> None: ...

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
