from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Lane(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LANE_UNSPECIFIED: _ClassVar[Lane]
    LANE_LIVE: _ClassVar[Lane]
    LANE_BACKLOG: _ClassVar[Lane]
LANE_UNSPECIFIED: Lane
LANE_LIVE: Lane
LANE_BACKLOG: Lane

class ConnectRequest(_message.Message):
    __slots__ = ("hello", "dictionary", "batch", "configuration_applied", "run_result", "gap", "farewell")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    DICTIONARY_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_APPLIED_FIELD_NUMBER: _ClassVar[int]
    RUN_RESULT_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    FAREWELL_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    dictionary: CheckDictionary
    batch: Batch
    configuration_applied: ConfigurationApplied
    run_result: RunResult
    gap: GapReport
    farewell: Farewell
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., dictionary: _Optional[_Union[CheckDictionary, _Mapping]] = ..., batch: _Optional[_Union[Batch, _Mapping]] = ..., configuration_applied: _Optional[_Union[ConfigurationApplied, _Mapping]] = ..., run_result: _Optional[_Union[RunResult, _Mapping]] = ..., gap: _Optional[_Union[GapReport, _Mapping]] = ..., farewell: _Optional[_Union[Farewell, _Mapping]] = ...) -> None: ...

class ConnectResponse(_message.Message):
    __slots__ = ("welcome", "acknowledgement", "refusal", "slow_down", "drain", "configuration", "run_now")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    SLOW_DOWN_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    RUN_NOW_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    acknowledgement: Acknowledgement
    refusal: Refusal
    slow_down: SlowDown
    drain: Drain
    configuration: Configuration
    run_now: RunNow
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., acknowledgement: _Optional[_Union[Acknowledgement, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., slow_down: _Optional[_Union[SlowDown, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ..., configuration: _Optional[_Union[Configuration, _Mapping]] = ..., run_now: _Optional[_Union[RunNow, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("protocol_version", "agent_id", "agent_version", "configuration_digest", "spool_generation", "lanes", "sent_at_us", "hostname", "labels")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_DIGEST_FIELD_NUMBER: _ClassVar[int]
    SPOOL_GENERATION_FIELD_NUMBER: _ClassVar[int]
    LANES_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_US_FIELD_NUMBER: _ClassVar[int]
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    protocol_version: int
    agent_id: str
    agent_version: str
    configuration_digest: str
    spool_generation: str
    lanes: _containers.RepeatedCompositeFieldContainer[LanePosition]
    sent_at_us: int
    hostname: str
    labels: _containers.ScalarMap[str, str]
    def __init__(self, protocol_version: _Optional[int] = ..., agent_id: _Optional[str] = ..., agent_version: _Optional[str] = ..., configuration_digest: _Optional[str] = ..., spool_generation: _Optional[str] = ..., lanes: _Optional[_Iterable[_Union[LanePosition, _Mapping]]] = ..., sent_at_us: _Optional[int] = ..., hostname: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class LanePosition(_message.Message):
    __slots__ = ("lane", "sequence")
    LANE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    lane: Lane
    sequence: int
    def __init__(self, lane: _Optional[_Union[Lane, str]] = ..., sequence: _Optional[int] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("protocol_version", "tenant_id", "committed", "max_batch_results", "max_message_bytes", "max_in_flight_batches", "server_time_us")
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_RESULTS_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_IN_FLIGHT_BATCHES_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_US_FIELD_NUMBER: _ClassVar[int]
    protocol_version: int
    tenant_id: str
    committed: _containers.RepeatedCompositeFieldContainer[LanePosition]
    max_batch_results: int
    max_message_bytes: int
    max_in_flight_batches: int
    server_time_us: int
    def __init__(self, protocol_version: _Optional[int] = ..., tenant_id: _Optional[str] = ..., committed: _Optional[_Iterable[_Union[LanePosition, _Mapping]]] = ..., max_batch_results: _Optional[int] = ..., max_message_bytes: _Optional[int] = ..., max_in_flight_batches: _Optional[int] = ..., server_time_us: _Optional[int] = ...) -> None: ...

class CheckDictionary(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[CheckEntry]
    def __init__(self, entries: _Optional[_Iterable[_Union[CheckEntry, _Mapping]]] = ...) -> None: ...

class CheckEntry(_message.Message):
    __slots__ = ("index", "check_id", "kind", "group", "interval_ms", "timeout_ms", "confirm_failures", "confirm_successes", "target", "active")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_FAILURES_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_SUCCESSES_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    index: int
    check_id: str
    kind: str
    group: str
    interval_ms: int
    timeout_ms: int
    confirm_failures: int
    confirm_successes: int
    target: str
    active: bool
    def __init__(self, index: _Optional[int] = ..., check_id: _Optional[str] = ..., kind: _Optional[str] = ..., group: _Optional[str] = ..., interval_ms: _Optional[int] = ..., timeout_ms: _Optional[int] = ..., confirm_failures: _Optional[int] = ..., confirm_successes: _Optional[int] = ..., target: _Optional[str] = ..., active: _Optional[bool] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("lane", "first_sequence", "check_index", "time_us", "status", "latency_us", "text_row", "texts", "metric_row", "metric_name", "metric_value", "metric_names")
    LANE_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CHECK_INDEX_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_US_FIELD_NUMBER: _ClassVar[int]
    TEXT_ROW_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    METRIC_ROW_FIELD_NUMBER: _ClassVar[int]
    METRIC_NAME_FIELD_NUMBER: _ClassVar[int]
    METRIC_VALUE_FIELD_NUMBER: _ClassVar[int]
    METRIC_NAMES_FIELD_NUMBER: _ClassVar[int]
    lane: Lane
    first_sequence: int
    check_index: bytes
    time_us: bytes
    status: bytes
    latency_us: bytes
    text_row: bytes
    texts: _containers.RepeatedScalarFieldContainer[str]
    metric_row: bytes
    metric_name: bytes
    metric_value: bytes
    metric_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lane: _Optional[_Union[Lane, str]] = ..., first_sequence: _Optional[int] = ..., check_index: _Optional[bytes] = ..., time_us: _Optional[bytes] = ..., status: _Optional[bytes] = ..., latency_us: _Optional[bytes] = ..., text_row: _Optional[bytes] = ..., texts: _Optional[_Iterable[str]] = ..., metric_row: _Optional[bytes] = ..., metric_name: _Optional[bytes] = ..., metric_value: _Optional[bytes] = ..., metric_names: _Optional[_Iterable[str]] = ...) -> None: ...

class Acknowledgement(_message.Message):
    __slots__ = ("lane", "sequence")
    LANE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    lane: Lane
    sequence: int
    def __init__(self, lane: _Optional[_Union[Lane, str]] = ..., sequence: _Optional[int] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("reason", "lane", "first_sequence", "last_sequence")
    REASON_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    lane: Lane
    first_sequence: int
    last_sequence: int
    def __init__(self, reason: _Optional[str] = ..., lane: _Optional[_Union[Lane, str]] = ..., first_sequence: _Optional[int] = ..., last_sequence: _Optional[int] = ...) -> None: ...

class SlowDown(_message.Message):
    __slots__ = ("delay_ms", "reason")
    DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    delay_ms: int
    reason: str
    def __init__(self, delay_ms: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ("within_ms",)
    WITHIN_MS_FIELD_NUMBER: _ClassVar[int]
    within_ms: int
    def __init__(self, within_ms: _Optional[int] = ...) -> None: ...

class Configuration(_message.Message):
    __slots__ = ("version", "checks_toml")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHECKS_TOML_FIELD_NUMBER: _ClassVar[int]
    version: int
    checks_toml: str
    def __init__(self, version: _Optional[int] = ..., checks_toml: _Optional[str] = ...) -> None: ...

class ConfigurationApplied(_message.Message):
    __slots__ = ("version", "error", "configuration_digest", "refused")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_DIGEST_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    version: int
    error: str
    configuration_digest: str
    refused: _containers.RepeatedCompositeFieldContainer[RefusedCheck]
    def __init__(self, version: _Optional[int] = ..., error: _Optional[str] = ..., configuration_digest: _Optional[str] = ..., refused: _Optional[_Iterable[_Union[RefusedCheck, _Mapping]]] = ...) -> None: ...

class RefusedCheck(_message.Message):
    __slots__ = ("check_id", "reason")
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    check_id: str
    reason: str
    def __init__(self, check_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RunNow(_message.Message):
    __slots__ = ("request_id", "check_ids")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_IDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    check_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., check_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RunResult(_message.Message):
    __slots__ = ("request_id", "lane", "last_sequence", "unknown_check_ids")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_CHECK_IDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    lane: Lane
    last_sequence: int
    unknown_check_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., lane: _Optional[_Union[Lane, str]] = ..., last_sequence: _Optional[int] = ..., unknown_check_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GapReport(_message.Message):
    __slots__ = ("lane", "first_sequence", "last_sequence", "from_us", "to_us", "reason")
    LANE_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    FROM_US_FIELD_NUMBER: _ClassVar[int]
    TO_US_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    lane: Lane
    first_sequence: int
    last_sequence: int
    from_us: int
    to_us: int
    reason: str
    def __init__(self, lane: _Optional[_Union[Lane, str]] = ..., first_sequence: _Optional[int] = ..., last_sequence: _Optional[int] = ..., from_us: _Optional[int] = ..., to_us: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Farewell(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...
