"""Answers as tables for people, and as JSON or CSV for pipes."""

from __future__ import annotations

import csv
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from tenantwatch_client.commands.fitted import Fitted, paper


class Output(StrEnum):
    table = "table"
    json = "json"
    csv = "csv"


OutputOption = Annotated[
    Output, typer.Option("--output", "-o", help="table for people, json or csv for pipes")
]
Row = Mapping[str, Any]
Column = tuple[str, str | Callable[[Any], Any]]
"""Its heading, and the key in the row or how to make the cell of the row."""

_INSTANT = re.compile(r"\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")
"""For people seconds are exact enough; pipes get all that was answered."""

_STYLES = {
    "healthy": "green",
    "met": "green",
    "resolved": "green",
    "degraded": "yellow",
    "not_met_so_far": "yellow",
    "warning": "yellow",
    "acknowledged": "yellow",
    "unhealthy": "bold red",
    "breached": "bold red",
    "critical": "bold red",
    "error": "red",
    "active": "red",
    "unknown": "magenta",
    "cannot_be_proved": "magenta",
}


def show(rows: Iterable[Row], columns: Iterable[Column], output: Output, nothing: str) -> None:
    """``nothing`` is said to people when there are no rows; pipes get all that the collector answered."""
    found, wanted = list(rows), list(columns)
    if output is Output.json:
        print_json(found)
    elif output is Output.csv:
        write_csv(found)
    elif found:
        paper().print(table(found, wanted))
    else:
        typer.echo(nothing)


def write_csv(rows: list[Row]) -> None:
    """A column for each field, as it was answered; what is nested is JSON. Nothing at all without rows."""
    writer = csv.writer(sys.stdout)
    for number, row in enumerate(rows):
        if number == 0:
            writer.writerow(row)
        writer.writerow(
            json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else value
            for value in row.values()
        )


def show_one(row: Row, columns: Iterable[Column], output: Output) -> None:
    """One thing: a line for each of its fields."""
    if output is Output.json:
        print_json(row)
        return
    if output is Output.csv:
        write_csv([row])
        return
    grid = Table.grid(padding=(0, 2))
    for heading, source in columns:
        grid.add_row(Text(heading.lower(), "dim"), styled(_cell(row, source)))
    paper().print(grid)


def table(rows: Iterable[Row], columns: Iterable[Column]) -> Fitted:
    wanted = list(columns)
    cells = [[styled(_cell(row, source)) for _, source in wanted] for row in rows]
    return Fitted([heading for heading, _ in wanted], cells)


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def styled(value: Any) -> Text:
    """Never markup, and without characters that would steer a terminal: agents wrote some of it."""
    text = "-" if value is None or value == "" else _INSTANT.sub(r"\1Z", str(value))
    plain = "".join(" " if unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp") else one for one in text)
    return Text(plain, _STYLES.get(plain, ""))


def ago(moment: str | None) -> str | None:
    """How long ago an RFC 3339 time was, in one unit."""
    if moment is None:
        return None
    seconds = max(0.0, (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def rounded(value: float | None, digits: int = 0, unit: str = "") -> str | None:
    return None if value is None else f"{value:.{digits}f}{unit}"


def _cell(row: Row, source: str | Callable[[Any], Any]) -> Any:
    value = source(row) if callable(source) else row.get(source)
    return ", ".join(map(str, value)) if isinstance(value, list) else value
