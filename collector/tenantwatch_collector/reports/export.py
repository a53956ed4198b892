"""The facts behind a report as a file that anyone can judge again: one JSON value a line.

The first line says what it is and holds windows, corrections and request counters; each further line is one
result: [check_id, time, status, latency_us, received_at], instants in the unit that the first line names.

Results of one tenant as ``store export`` writes them (NDJSON) are read as well; they tell of nothing else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from tenantwatch_wire.limits import MAX_TIME_US
from tenantwatch_wire.records import Status

from tenantwatch_collector.health import CheckResult
from tenantwatch_collector.sla.corrections import Correction
from tenantwatch_collector.sla.masks import Maintenance
from tenantwatch_collector.sla.traffic import RequestCount
from tenantwatch_collector.sla.written import (
    correction_from_json,
    correction_to_json,
    window_from_json,
    window_to_json,
)
from tenantwatch_collector.transfer.record import read as record_of
from tenantwatch_collector.transfer.record import time_of

SCHEMA = "tenantwatch-results/1"
MAX_RESULTS = 50_000_000
MAX_LINE = 1_000_000
_MICROSECONDS = 1_000_000


class ExportError(ValueError):
    """The file is no export; the message names the line."""


@dataclass(slots=True)
class Export:
    """One tenant's raw facts."""

    tenant_id: str
    units_per_second: int
    results: dict[str, list[CheckResult]] = field(default_factory=dict)
    windows: Sequence[Maintenance] = ()
    corrections: Sequence[Correction] = ()
    requests: Sequence[RequestCount] | None = None


def write_export(export: Export) -> Iterator[str]:
    """The lines, each with its end."""
    requests = export.requests
    yield _line(
        {
            "schema": SCHEMA,
            "tenant_id": export.tenant_id,
            "units_per_second": export.units_per_second,
            "windows": [window_to_json(window) for window in export.windows],
            "corrections": [correction_to_json(correction) for correction in export.corrections],
            "requests": None if requests is None else [[r.time, r.total, r.errors] for r in requests],
        }
    )
    for check_id in sorted(export.results):
        for result in export.results[check_id]:
            status = result.status.word
            yield _line([check_id, result.time, status, result.latency_us, result.received_at])


def read_export(lines: Iterable[str]) -> Export:
    """What was written. Raises ExportError."""
    rest = iter(lines)
    first = next(rest, "")
    plain = _as_object(first) if '"schema"' not in first else None
    export = _heading(first) if plain is None else Export(str(plain.get("tenant_id")), _MICROSECONDS)
    numbered = enumerate(rest, 2) if plain is None else enumerate(chain([first], rest), 1)
    results: defaultdict[str, list[CheckResult]] = defaultdict(list)
    for number, line in numbered:
        if number > MAX_RESULTS:
            raise ExportError(f"more than {MAX_RESULTS} results")
        if line.strip():
            check_id, result = _result(number, line) if plain is None else _plain_result(export, number, line)
            results[check_id].append(result)
    export.results = dict(results)
    return export


def _as_object(line: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "check_id" in found else None


def _plain_result(export: Export, number: int, line: str) -> tuple[str, CheckResult]:
    if len(line) > MAX_LINE:
        raise ExportError(f"line {number}: too long")
    try:
        values = _as_object(line) or {}
        record = record_of(values, MAX_TIME_US)
        received_us = time_of(values["received_at"])
    except (ValueError, TypeError, KeyError) as error:
        raise ExportError(f"line {number}: not a line of `store export`: {error}") from error
    if record.tenant_id != export.tenant_id:
        raise ExportError(f"line {number}: of another tenant: export with --tenant {export.tenant_id}")
    name = f"{record.agent_id}/{record.check_id}"
    return name, CheckResult(record.time_us, record.status, record.latency_us, received_us)


def _heading(line: str) -> Export:
    try:
        written: Mapping[str, Any] = json.loads(line)
        if written.get("schema") != SCHEMA:
            raise ExportError(f'line 1: not an export: "schema" must be "{SCHEMA}"')
        requests = written["requests"]
        return Export(
            written["tenant_id"],
            int(written["units_per_second"]),
            windows=[window_from_json(each) for each in written["windows"]],
            corrections=[correction_from_json(each) for each in written["corrections"]],
            requests=None if requests is None else [RequestCount(*each) for each in requests],
        )
    except ExportError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportError(f"line 1: not the first line of an export: {error}") from error


def _result(number: int, line: str) -> tuple[str, CheckResult]:
    if len(line) > MAX_LINE:
        raise ExportError(f"line {number}: too long")
    try:
        check_id, time, status, latency_us, received_at = json.loads(line)
        if not isinstance(check_id, str) or (latency_us is not None and latency_us < 0):
            raise ValueError("a check's name, or a latency of 0 or more, is missing")
        return check_id, CheckResult(int(time), Status[status.upper()], latency_us, received_at)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ExportError(
            f"line {number}: not [check_id, time, status, latency_us, received_at]: {error}"
        ) from error


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n"
