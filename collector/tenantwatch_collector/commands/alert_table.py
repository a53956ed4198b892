"""Alerts as a table, as CSV or as JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence

from tenantwatch_collector.api.models import instant
from tenantwatch_collector.store.base import AlertRecord

FORMATS = ("table", "csv", "json")
_COLUMNS = (
    "alert_id",
    "severity",
    "status",
    "tenant_id",
    "metric_name",
    "first_occurred",
    "resolved_at",
    "occurrence_count",
    "alert_description",
)
_CALCULATES = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, str | int]


def row_of(alert: AlertRecord, tenant_id: str) -> Row:
    """What is shown of an alert; ``resolved_at`` is empty while it is open."""
    return {
        "alert_id": alert.alert_id,
        "severity": str(alert.severity),
        "status": str(alert.status),
        "tenant_id": tenant_id,
        "metric_name": alert.alert_type,
        "first_occurred": _time(alert.first_occurred_us),
        "resolved_at": "" if alert.resolved_at_us is None else _time(alert.resolved_at_us),
        "occurrence_count": alert.occurrence_count,
        "alert_description": alert.alert_description,
    }


def print_alerts(rows: Sequence[Row], how: str) -> None:
    """On standard output; a table says so when there is none."""
    if how == "json":
        json.dump(rows, sys.stdout, indent=2)
        print()
    elif how == "csv":
        writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    elif not rows:
        print("no alerts")
    else:
        _print_table(rows)


def _print_table(rows: Sequence[Row]) -> None:
    head: Row = {name: name.upper() for name in _COLUMNS}
    shown = [{name: _printable(str(row[name])) for name in _COLUMNS} for row in (head, *rows)]
    widths = {name: max(len(row[name]) for row in shown) for name in _COLUMNS[:-1]}
    for row in shown:
        print("  ".join([*(row[name].ljust(widths[name]) for name in _COLUMNS[:-1]), row[_COLUMNS[-1]]]))


def _printable(text: str) -> str:
    """One line that a terminal only shows."""
    return "".join(char if char.isprintable() else " " for char in text)


def _plain(value: str | int) -> str | int:
    """What a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_CALCULATES) else value


def _time(time_us: int) -> str:
    return instant(time_us).strftime("%Y-%m-%dT%H:%M:%SZ")
