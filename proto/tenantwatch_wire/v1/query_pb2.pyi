from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HealthState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HEALTH_STATE_UNSPECIFIED: _ClassVar[HealthState]
    HEALTH_STATE_HEALTHY: _ClassVar[HealthState]
    HEALTH_STATE_DEGRADED: _ClassVar[HealthState]
    HEALTH_STATE_UNHEALTHY: _ClassVar[HealthState]
    HEALTH_STATE_UNKNOWN: _ClassVar[HealthState]
HEALTH_STATE_UNSPECIFIED: HealthState
HEALTH_STATE_HEALTHY: HealthState
HEALTH_STATE_DEGRADED: HealthState
HEALTH_STATE_UNHEALTHY: HealthState
HEALTH_STATE_UNKNOWN: HealthState

class Tenant(_message.Message):
    __slots__ = ("tenant_id", "tenant_name", "tier", "state")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_NAME_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    tenant_name: str
    tier: str
    state: HealthState
    def __init__(self, tenant_id: _Optional[str] = ..., tenant_name: _Optional[str] = ..., tier: _Optional[str] = ..., state: _Optional[_Union[HealthState, str]] = ...) -> None: ...

class ListTenantsRequest(_message.Message):
    __slots__ = ("limit", "cursor")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    limit: int
    cursor: str
    def __init__(self, limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class ListTenantsResponse(_message.Message):
    __slots__ = ("tenants", "next_cursor")
    TENANTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenants: _containers.RepeatedCompositeFieldContainer[Tenant]
    next_cursor: str
    def __init__(self, tenants: _Optional[_Iterable[_Union[Tenant, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class CheckHealth(_message.Message):
    __slots__ = ("agent_id", "check_id", "kind", "group", "state", "since_us", "last_result_us", "latency_us", "text", "target")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    LAST_RESULT_US_FIELD_NUMBER: _ClassVar[int]
    LATENCY_US_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    check_id: str
    kind: str
    group: str
    state: HealthState
    since_us: int
    last_result_us: int
    latency_us: int
    text: str
    target: str
    def __init__(self, agent_id: _Optional[str] = ..., check_id: _Optional[str] = ..., kind: _Optional[str] = ..., group: _Optional[str] = ..., state: _Optional[_Union[HealthState, str]] = ..., since_us: _Optional[int] = ..., last_result_us: _Optional[int] = ..., latency_us: _Optional[int] = ..., text: _Optional[str] = ..., target: _Optional[str] = ...) -> None: ...

class GroupHealth(_message.Message):
    __slots__ = ("group", "role", "state", "rule")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    group: str
    role: str
    state: HealthState
    rule: str
    def __init__(self, group: _Optional[str] = ..., role: _Optional[str] = ..., state: _Optional[_Union[HealthState, str]] = ..., rule: _Optional[str] = ...) -> None: ...

class TenantHealth(_message.Message):
    __slots__ = ("tenant_id", "tenant_name", "state", "since_us", "groups", "checks")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    tenant_name: str
    state: HealthState
    since_us: int
    groups: _containers.RepeatedCompositeFieldContainer[GroupHealth]
    checks: _containers.RepeatedCompositeFieldContainer[CheckHealth]
    def __init__(self, tenant_id: _Optional[str] = ..., tenant_name: _Optional[str] = ..., state: _Optional[_Union[HealthState, str]] = ..., since_us: _Optional[int] = ..., groups: _Optional[_Iterable[_Union[GroupHealth, _Mapping]]] = ..., checks: _Optional[_Iterable[_Union[CheckHealth, _Mapping]]] = ...) -> None: ...

class GetHealthRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class GetHealthResponse(_message.Message):
    __slots__ = ("health",)
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    health: TenantHealth
    def __init__(self, health: _Optional[_Union[TenantHealth, _Mapping]] = ...) -> None: ...

class ListResultsRequest(_message.Message):
    __slots__ = ("tenant_id", "from_us", "to_us", "limit", "check_id", "cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_US_FIELD_NUMBER: _ClassVar[int]
    TO_US_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    from_us: int
    to_us: int
    limit: int
    check_id: str
    cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., from_us: _Optional[int] = ..., to_us: _Optional[int] = ..., limit: _Optional[int] = ..., check_id: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...

class StoredResult(_message.Message):
    __slots__ = ("agent_id", "check_id", "kind", "time_us", "status", "latency_us", "text", "metrics", "received_at_us")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_US_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_US_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    check_id: str
    kind: str
    time_us: int
    status: HealthState
    latency_us: int
    text: str
    metrics: _containers.ScalarMap[str, float]
    received_at_us: int
    def __init__(self, agent_id: _Optional[str] = ..., check_id: _Optional[str] = ..., kind: _Optional[str] = ..., time_us: _Optional[int] = ..., status: _Optional[_Union[HealthState, str]] = ..., latency_us: _Optional[int] = ..., text: _Optional[str] = ..., metrics: _Optional[_Mapping[str, float]] = ..., received_at_us: _Optional[int] = ...) -> None: ...

class ListResultsResponse(_message.Message):
    __slots__ = ("results", "next_cursor")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[StoredResult]
    next_cursor: str
    def __init__(self, results: _Optional[_Iterable[_Union[StoredResult, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class ListAlertsRequest(_message.Message):
    __slots__ = ("tenant_id", "severity", "status", "limit", "cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    severity: str
    status: str
    limit: int
    cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., severity: _Optional[str] = ..., status: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class Alert(_message.Message):
    __slots__ = ("alert_id", "alert_name", "alert_description", "tenant_id", "severity", "status", "source_service", "metric_name", "first_occurred_us", "last_occurred_us", "occurrence_count", "resolved_at_us")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    ALERT_NAME_FIELD_NUMBER: _ClassVar[int]
    ALERT_DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SERVICE_FIELD_NUMBER: _ClassVar[int]
    METRIC_NAME_FIELD_NUMBER: _ClassVar[int]
    FIRST_OCCURRED_US_FIELD_NUMBER: _ClassVar[int]
    LAST_OCCURRED_US_FIELD_NUMBER: _ClassVar[int]
    OCCURRENCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_AT_US_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    alert_name: str
    alert_description: str
    tenant_id: str
    severity: str
    status: str
    source_service: str
    metric_name: str
    first_occurred_us: int
    last_occurred_us: int
    occurrence_count: int
    resolved_at_us: int
    def __init__(self, alert_id: _Optional[str] = ..., alert_name: _Optional[str] = ..., alert_description: _Optional[str] = ..., tenant_id: _Optional[str] = ..., severity: _Optional[str] = ..., status: _Optional[str] = ..., source_service: _Optional[str] = ..., metric_name: _Optional[str] = ..., first_occurred_us: _Optional[int] = ..., last_occurred_us: _Optional[int] = ..., occurrence_count: _Optional[int] = ..., resolved_at_us: _Optional[int] = ...) -> None: ...

class ListAlertsResponse(_message.Message):
    __slots__ = ("alerts", "next_cursor")
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    alerts: _containers.RepeatedCompositeFieldContainer[Alert]
    next_cursor: str
    def __init__(self, alerts: _Optional[_Iterable[_Union[Alert, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class WatchHealthRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class WatchHealthResponse(_message.Message):
    __slots__ = ("health",)
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    health: TenantHealth
    def __init__(self, health: _Optional[_Union[TenantHealth, _Mapping]] = ...) -> None: ...

class WatchAlertsRequest(_message.Message):
    __slots__ = ("tenant_id", "cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...

class WatchAlertsResponse(_message.Message):
    __slots__ = ("alert", "time_us", "kind", "who", "channel", "outcome", "detail", "cursor")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    WHO_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    alert: Alert
    time_us: int
    kind: str
    who: str
    channel: str
    outcome: str
    detail: str
    cursor: str
    def __init__(self, alert: _Optional[_Union[Alert, _Mapping]] = ..., time_us: _Optional[int] = ..., kind: _Optional[str] = ..., who: _Optional[str] = ..., channel: _Optional[str] = ..., outcome: _Optional[str] = ..., detail: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...

class WatchResultsRequest(_message.Message):
    __slots__ = ("tenant_id", "cursor")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    cursor: str
    def __init__(self, tenant_id: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...

class WatchResultsResponse(_message.Message):
    __slots__ = ("results", "cursor")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[StoredResult]
    cursor: str
    def __init__(self, results: _Optional[_Iterable[_Union[StoredResult, _Mapping]]] = ..., cursor: _Optional[str] = ...) -> None: ...
