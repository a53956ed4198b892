"""The facts behind a report as a file that anyone can judge again: one JSON value a line.

The first line says what it is. Each further line is one fact: {"terms": …}, {"window": …}, {"correction": …},
{"request": …}, {"change": …}, {"sum": …} where results are kept no more, or a result as
[check_id, time, status, latency_us, received_at]. Instants are in the unit that the first line names.

Results of one tenant as ``store export`` writes them (NDJSON) are read as well; they tell of nothing else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from tenantwatch_wire.limits import MAX_TIME_US
from tenantwatch_wire.records import Status

from tenantwatch_collector.health import Change, CheckResult
from tenantwatch_collector.reports.exported import DatedTerms, Export
from tenantwatch_collector.reports.strict_json import parse_json
from tenantwatch_collector.reports.subject import AnnouncedWindow
from tenantwatch_collector.sla.traffic import RequestCount
from tenantwatch_collector.sla.written import (
    bucket_from_json,
    bucket_to_json,
    correction_from_json,
    correction_to_json,
    terms_from_json,
    terms_to_json,
    window_from_json,
    window_to_json,
)
from tenantwatch_collector.transfer.record import read as record_of
from tenantwatch_collector.transfer.record import time_of

SCHEMA = "tenantwatch-facts/1"
MAX_RESULTS = 50_000_000
MAX_LINE = 1_000_000
_MICROSECONDS = 1_000_000
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError)


class ExportError(ValueError):
    """The file is no export; the message names the line."""


def write_export(export: Export) -> Iterator[str]:
    """The lines, each with its end."""
    yield _line(
        {
            "schema": SCHEMA,
            "tenant_id": export.tenant_id,
            "units_per_second": export.units_per_second,
            "changes": export.changes is not None,
            "requests": export.requests is not None,
            "raw_from": export.raw_from,
            "as_of": export.as_of,
        }
    )
    for name, values in _facts(export):
        yield _line({name: values})
    yield from write_results(export.results)


def write_results(results: Mapping[str, Iterable[CheckResult]]) -> Iterator[str]:
    """The lines of results alone, for an export that is written piece by piece."""
    for check_id in sorted(results):
        for result in results[check_id]:
            yield _line([check_id, result.time, result.status.word, result.latency_us, result.received_at])


def _facts(export: Export) -> Iterator[tuple[str, Any]]:
    for dated in export.terms:
        yield "terms", [dated.in_force_from, dated.recorded_at, terms_to_json(dated.terms)]
    for announced in export.windows:
        yield "window", window_to_json(announced.window) | {"reason": announced.reason}
    for correction in export.corrections:
        yield "correction", correction_to_json(correction)
    for request in export.requests or ():
        yield "request", [request.time, request.total, request.errors]
    for check_id, known in sorted((export.changes or {}).items()):
        for known_at, change in known:
            yield "change", [check_id, change.time, change.level.word, known_at]
    for check_id, buckets in sorted(export.sums.items()):
        for bucket in buckets:
            yield "sum", [check_id, bucket_to_json(bucket)]


def read_export(lines: Iterable[str]) -> Export:
    """What was written. Raises ExportError."""
    rest = iter(lines)
    first = next(rest, "")
    plain = _as_object(first) if '"schema"' not in first else None
    if plain is not None:
        return _read_plain(Export(str(plain.get("tenant_id")), _MICROSECONDS), chain([first], rest))
    export = _heading(first)
    for number, line in _numbered(rest, 2):
        try:
            _take(export, parse_json(line))
        except _MALFORMED as error:
            raise ExportError(
                f"line {number}: not [check_id, time, status, latency_us, received_at],"
                f" nor another fact of an export: {error}"
            ) from error
    return export


def read_export_file(path: Path) -> Export:
    """The export in a file, of which no line is longer than the bound. Raises OSError, ValueError or
    ExportError, which is one."""
    with path.open(encoding="utf-8") as file:
        return read_export(iter(lambda: file.readline(MAX_LINE + 1), ""))


def _numbered(lines: Iterable[str], first: int) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, first):
        if number > MAX_RESULTS:
            raise ExportError(f"more than {MAX_RESULTS} lines")
        if len(line) > MAX_LINE:
            raise ExportError(f"line {number}: too long")
        if line.strip():
            yield number, line


def _take(export: Export, fact: Any) -> None:
    if isinstance(fact, list):
        check_id, time, status, latency_us, received_at = fact
        if not isinstance(check_id, str) or (latency_us is not None and _whole(latency_us) < 0):
            raise ValueError("a check's name, or a latency of 0 or more, is missing")
        received_at = None if received_at is None else _whole(received_at)
        result = CheckResult(_whole(time), Status[status.upper()], latency_us, received_at)
        export.results.setdefault(check_id, []).append(result)
        return
    ((name, values),) = fact.items()
    _READ[name](export, values)


def _whole(value: Any) -> int:
    """Instants and counts are whole: others would be judged, somehow."""
    if type(value) is not int or abs(value) >= 2**63:
        raise ValueError(f"{value!r:.40} is no whole number of 64 bits")
    return value


def _take_terms(export: Export, values: Any) -> None:
    in_force_from, recorded_at, terms = values
    export.terms.append(DatedTerms(_whole(in_force_from), _whole(recorded_at), terms_from_json(terms)))


def _take_window(export: Export, values: Any) -> None:
    export.windows.append(AnnouncedWindow(window_from_json(values), values["reason"]))


def _take_change(export: Export, values: Any) -> None:
    check_id, time, level, known_at = values
    if export.changes is None:
        raise ValueError("the first line says that no changes are told")
    change = Change(_whole(time), Status[level.upper()])
    export.changes.setdefault(check_id, []).append((_whole(known_at), change))


def _take_request(export: Export, values: Any) -> None:
    if export.requests is None:
        raise ValueError("the first line says that no requests are told")
    time, total, errors = map(_whole, values)
    if not 0 <= errors <= total:
        raise ValueError(f"{errors} errors of {total} requests")
    export.requests.append(RequestCount(time, total, errors))


def _take_sum(export: Export, values: Any) -> None:
    check_id, bucket = values
    export.sums.setdefault(check_id, []).append(bucket_from_json(bucket))


_READ: Mapping[str, Callable[[Export, Any], None]] = {
    "terms": _take_terms,
    "window": _take_window,
    "correction": lambda export, values: export.corrections.append(correction_from_json(values)),
    "request": _take_request,
    "change": _take_change,
    "sum": _take_sum,
}


def _heading(line: str) -> Export:
    try:
        written: Mapping[str, Any] = parse_json(line)
        if written.get("schema") != SCHEMA:
            raise ExportError(f'line 1: not an export: "schema" must be "{SCHEMA}"')
        units = _whole(written["units_per_second"])
        if units < 1:
            raise ExportError(f"line 1: units_per_second is {units}; it is 1 or more")
        return Export(
            written["tenant_id"],
            units,
            changes={} if written["changes"] else None,
            requests=[] if written["requests"] else None,
            raw_from=written["raw_from"],
            as_of=None if written.get("as_of") is None else _whole(written["as_of"]),
        )
    except ExportError:
        raise
    except _MALFORMED as error:
        raise ExportError(f"line 1: not the first line of an export: {error}") from error


def _read_plain(export: Export, lines: Iterable[str]) -> Export:
    results: defaultdict[str, list[CheckResult]] = defaultdict(list)
    for number, line in _numbered(lines, 1):
        check_id, result = _plain_result(export, number, line)
        results[check_id].append(result)
    export.results = dict(results)
    return export


def _as_object(line: str) -> Mapping[str, Any] | None:
    try:
        found = parse_json(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "check_id" in found else None


def _plain_result(export: Export, number: int, line: str) -> tuple[str, CheckResult]:
    try:
        values = _as_object(line) or {}
        record = record_of(values, MAX_TIME_US)
        received_us = time_of(values["received_at"])
    except _MALFORMED as error:
        raise ExportError(f"line {number}: not a line of `store export`: {error}") from error
    if record.tenant_id != export.tenant_id:
        raise ExportError(f"line {number}: of another tenant: export with --tenant {export.tenant_id}")
    name = f"{record.agent_id}/{record.check_id}"
    return name, CheckResult(record.time_us, record.status, record.latency_us, received_us)


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n"
