"""The report as CSV (RFC 4180): a row per tenant, as spreadsheets read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

COLUMNS = (
    "tenant_id",
    "tenant_name",
    "tier",
    "period",
    "availability",
    "availability_worst",
    "availability_best",
    "coverage",
    "downtime_minutes",
    "incident_count",
    "avg_response_time",
    "error_rate",
    "sla_compliance",
    "verdict",
    "violations",
    "health_score",
)
_HEADING = ("report_id", "period_start", "period_end", "as_of", "stage", "revision", "reason")


def to_csv(document: Mapping[str, Any]) -> bytes:
    """UTF-8; the report's own facts stand in each row, so that rows of many reports can be put together."""
    written = io.StringIO(newline="")
    rows = csv.writer(written)
    rows.writerow((*_HEADING, *COLUMNS, "availability_as_issued"))
    period = document["report_period"]
    heading = (document["report_id"], period["start"], period["end"])
    heading += tuple(_cell(document[name]) for name in ("as_of", "stage", "revision", "reason"))
    issued = {each["tenant_id"]: each["as_issued"] for each in document["tenants"]}
    for tenant in document["tenant_compliance"]:
        before = (issued[tenant["tenant_id"]] or {}).get("availability_pct")
        rows.writerow((*heading, *(_cell(tenant[name]) for name in COLUMNS), _cell(before)))
    return written.getvalue().encode("utf-8")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        value = ";".join(value)
    text = str(value)
    # A spreadsheet takes such a beginning for a formula.
    return f"'{text}" if text and text[0] in "=+-@\t\r" and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
