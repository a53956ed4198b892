"""The two forms of a file: CSV (RFC 4180, with a heading) and NDJSON (an object a line)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenantwatch_collector.transfer.record import COLUMNS, REQUIRED, BadLine

MAX_LINE_BYTES = 1_048_576
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
"""Beginnings by which a spreadsheet takes a text for a formula, and the mark that keeps it from that."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A line as read, or what is wrong with it; ``number`` is that of the file's first line of it."""

    number: int
    content: str
    values: Values | None
    complaint: str = ""


class BadHeading(ValueError):
    """The file's first line is not what it must be."""


class Csv:
    """Texts that a spreadsheet could take for a formula begin with an apostrophe; reading takes it away."""

    name = "csv"

    def heading(self) -> bytes:
        return ",".join(COLUMNS).encode() + b"\r\n"

    def write(self, rows: Iterable[Values]) -> bytes:
        made = io.StringIO(newline="")
        writer = csv.writer(made)
        writer.writerows([[_cell(row[name]) for name in COLUMNS] for row in rows])
        return made.getvalue().encode()

    def read(self, lines: Iterable[bytes]) -> Iterator[Line]:
        """Raises BadHeading."""
        taken: list[str] = []
        rows = csv.reader(_decoded(lines, taken))
        heading = _heading(rows)
        taken.clear()
        begun = rows.line_num
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(begun + 1, "".join(taken), None, f"not CSV: {error}")
            else:
                if row:
                    yield _csv_line(begun + 1, "".join(taken), heading, row)
            taken.clear()
            begun = rows.line_num


class Ndjson:
    """What is not there is left out."""

    name = "ndjson"

    def heading(self) -> bytes:
        return b""

    def write(self, rows: Iterable[Values]) -> bytes:
        return b"".join(
            json.dumps(
                {name: value for name, value in row.items() if value is not None},
                separators=(",", ":"),
                ensure_ascii=False,
            ).encode()
            + b"\n"
            for row in rows
        )

    def read(self, lines: Iterable[bytes]) -> Iterator[Line]:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _json_line(number, line)


Form = Csv | Ndjson
FORMS: Mapping[str, Form] = {"csv": Csv(), "ndjson": Ndjson()}
ENDINGS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False) if value else ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return str(value)


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:2] in _FORMULA else cell


def _decoded(lines: Iterable[bytes], taken: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        # What is not UTF-8 stays recognisable, and is refused with its line.
        text = line.decode("utf-8-sig" if number == 0 else "utf-8", "surrogateescape")
        taken.append(text)
        if len(line) > MAX_LINE_BYTES:
            text = "too long\n"
        yield text


def _heading(rows: Iterator[list[str]]) -> list[str]:
    try:
        heading = next(rows, [])
    except csv.Error as error:
        raise BadHeading(f"line 1: not CSV: {error}") from None
    unknown = sorted(set(heading) - set(COLUMNS))
    missing = [name for name in REQUIRED if name not in heading]
    if unknown or missing or len(set(heading)) < len(heading):
        named = f"names {unknown[0]!r}" if unknown else "names a column twice"
        raise BadHeading(
            f"line 1: the heading {f'has no {missing[0]}' if missing else named}: write some of"
            f" {','.join(COLUMNS)}, among them {', '.join(REQUIRED)}"
        )
    return heading


def _csv_line(number: int, content: str, heading: list[str], row: list[str]) -> Line:
    if len(content) > MAX_LINE_BYTES:
        return Line(number, content[:1000], None, f"longer than {MAX_LINE_BYTES} bytes")
    if len(row) != len(heading):
        return Line(number, content, None, f"{len(row)} fields, the heading has {len(heading)}")
    return _checked(number, content, dict(zip(heading, map(_plain, row), strict=True)))


def _json_line(number: int, line: bytes) -> Line:
    content = line.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape")
    if len(line) > MAX_LINE_BYTES:
        return Line(number, content[:1000], None, f"longer than {MAX_LINE_BYTES} bytes")
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        return Line(number, content, None, f"not JSON: {error}")
    if not isinstance(values, dict):
        return Line(number, content, None, "write an object with the columns as keys")
    unknown = sorted(values.keys() - set(COLUMNS))
    if unknown:
        return Line(number, content, None, f"unknown key {unknown[0]!r}; known are {', '.join(COLUMNS)}")
    return _checked(number, content, values)


def _checked(number: int, content: str, values: Values) -> Line:
    try:
        content.encode()
    except UnicodeEncodeError:
        return Line(number, content, None, "not UTF-8")
    return Line(number, content, values)


def key_of(values: Values) -> tuple[str, str]:
    """The tenant and the time of a line that was exported. Raises BadLine."""
    tenant_id, time = values.get("tenant_id"), values.get("time")
    if not isinstance(tenant_id, str) or not isinstance(time, str):
        raise BadLine("no tenant_id and time")
    return tenant_id, time
