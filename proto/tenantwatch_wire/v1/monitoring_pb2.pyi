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
