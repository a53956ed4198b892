"""One result as it stands in a file, by column: written from a store, read with every rule checked."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tenantwatch_wire import limits
from tenantwatch_wire.records import CHECK_KINDS, CheckDefinition, Status

from tenantwatch_collector.store.base import MAX_SKEW_US, StoredResult, TenantCheck

REQUIRED = ("tenant_id", "check_id", "time", "status")
COLUMNS = (
    "tenant_id", "agent_id", "check_id", "kind", "time", "sent_time", "status", "latency_us", "text",
    "metrics", "received_at", "group", "interval_ms", "timeout_ms", "confirm_failures", "confirm_successes",
)  # fmt: skip
"""In the order of files. ``received_at`` and ``sent_time`` are told, not taken: whoever imports, receives."""
DEFINING = ("kind", "group", "interval_ms", "timeout_ms", "confirm_failures", "confirm_successes")
"""What a check was at the time."""
IMPORTED_AGENT = "imported"
"""Whose check it is where a file names no agent."""
WORDS = {status.word: status for status in Status}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_INTEGER = re.compile(r"\d{1,18}", re.ASCII)
_DEFAULTS = {"interval_ms": 60_000, "timeout_ms": 10_000, "confirm_failures": 3, "confirm_successes": 2}
_MOST = {
    "interval_ms": 86_400_000,
    "timeout_ms": 86_400_000,
    "confirm_failures": 100,
    "confirm_successes": 100,
}


class BadLine(ValueError):
    """A line that cannot be imported; the message says why and what to write."""


@dataclass(frozen=True, slots=True)
class Record:
    """One result to be imported. ``kind`` is empty where the file does not say it."""

    tenant_id: str
    agent_id: str
    check_id: str
    time_us: int
    status: Status
    latency_us: int | None
    text: str
    metrics: Mapping[str, float]
    kind: str
    values: Mapping[str, Any]

    def definition(self) -> CheckDefinition:
        """The check as far as the line tells; else as agents define one by default. Raises BadLine."""
        if self.kind not in CHECK_KINDS:
            raise BadLine(f"kind {self.kind!r}: write one of {', '.join(CHECK_KINDS)}")
        return CheckDefinition(
            check_id=self.check_id,
            kind=self.kind,
            interval_ms=self._number("interval_ms"),
            timeout_ms=self._number("timeout_ms"),
            group=_name(self.values, "group", self.kind),
            confirm_failures=self._number("confirm_failures"),
            confirm_successes=self._number("confirm_successes"),
        )

    def tells(self) -> tuple[object, ...] | None:
        """What the line says that its check was; None if it does not say all of it."""
        told = tuple(self.values.get(name) for name in DEFINING)
        return None if None in told or "" in told else told

    def _number(self, column: str) -> int:
        return _integer(self.values, column, 1, _MOST[column]) or _DEFAULTS[column]


def written(result: StoredResult, check: TenantCheck) -> dict[str, Any]:
    """A stored result by column, in their order, with what the check was then; what is not there is None."""
    sent_us = result.sent_time_us
    return {
        "tenant_id": result.tenant_id,
        "agent_id": result.agent_id,
        "check_id": result.check_id,
        "kind": check.kind,
        "time": moment(result.time_us),
        "sent_time": None if sent_us is None else moment(sent_us),
        "status": result.status.word,
        "latency_us": result.latency_us,
        "text": result.text,
        "metrics": result.metrics,
        "received_at": moment(result.received_at_us),
        **{name: getattr(check, name) for name in DEFINING if name != "kind"},
    }


def read(values: Mapping[str, Any], now_us: int) -> Record:
    """A line's values by column, all checked. Raises BadLine."""
    time_us = _time(values)
    if time_us > now_us + MAX_SKEW_US:
        raise BadLine(f"time {values['time']} is in the future: results are of what was")
    status = values.get("status")
    if not isinstance(status, str) or status not in WORDS:
        raise BadLine(f"status {status!r}: write {', '.join(WORDS)}")
    return Record(
        tenant_id=_name(values, "tenant_id"),
        agent_id=_name(values, "agent_id", IMPORTED_AGENT),
        check_id=_name(values, "check_id"),
        time_us=time_us,
        status=WORDS[status],
        latency_us=_integer(values, "latency_us", 0, limits.MAX_LATENCY_US),
        text=_text(values),
        metrics=_metrics(values),
        kind=_name(values, "kind", ""),
        values=values,
    )


def moment(time_us: int) -> str:
    """RFC 3339 in UTC with all its microseconds."""
    seconds, us = divmod(time_us, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{us:06d}Z"


def time_of(text: str) -> int:
    """Unix microseconds of an RFC 3339 time. Raises ValueError."""
    if not _RFC_3339.fullmatch(text):
        raise ValueError("not a time of RFC 3339")
    return (datetime.fromisoformat(text.upper()) - _EPOCH) // _MICROSECOND


def _time(values: Mapping[str, Any]) -> int:
    value = values.get("time")
    try:
        time_us = time_of(value) if isinstance(value, str) else -1
    except (ValueError, OverflowError):
        time_us = -1
    if not limits.MIN_TIME_US <= time_us < limits.MAX_TIME_US:
        raise BadLine(
            f"time {value!r}: write RFC 3339 with a zone and at most microseconds, after the year 2000,"
            " as in 2026-01-31T12:00:00.250000Z"
        )
    return time_us


def _name(values: Mapping[str, Any], column: str, default: str | None = None) -> str:
    value = values.get(column)
    if value in (None, "") and default is not None:
        return default
    if not isinstance(value, str) or not 0 < len(value) <= limits.MAX_ID_LENGTH or not value.isprintable():
        raise BadLine(f"{column} {value!r}: write 1 to {limits.MAX_ID_LENGTH} printable characters")
    return value


def _integer(values: Mapping[str, Any], column: str, least: int, most: int) -> int | None:
    value = values.get(column)
    if value in (None, ""):
        return None
    number = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
        raise BadLine(f"{column} {value!r}: write a whole number from {least} to {most}, or nothing")
    return number


def _text(values: Mapping[str, Any]) -> str:
    value = values.get("text")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > limits.MAX_TEXT_LENGTH or "\x00" in value:
        raise BadLine(f"text: write at most {limits.MAX_TEXT_LENGTH} characters, no NUL among them")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadLine("text is not UTF-8") from None
    return value


def _metrics(values: Mapping[str, Any]) -> Mapping[str, float]:
    value = values.get("metrics")
    if value in (None, ""):
        return {}
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or len(found) > limits.MAX_METRICS_PER_RESULT:
        raise BadLine(
            f"metrics: write an object of JSON with at most {limits.MAX_METRICS_PER_RESULT} numbers,"
            ' as in {"tls_ms": 1.5}'
        )
    return {
        _name({"a metric's name": name}, "a metric's name"): _number(name, each)
        for name, each in found.items()
    }


def _number(name: str, value: Any) -> float:
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.nan
    if not math.isfinite(number):
        raise BadLine(f"metric {name}: {str(value)[:40]!r} is not a finite number")
    return number
