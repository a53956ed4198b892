"""A report's document as words and charts for paper: formatted here, the template only lays it out."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.view_platform import platform_view
from tenantwatch_collector.reports.view_tenant import tenant_view
from tenantwatch_collector.reports.words import Document, instant, is_running, moment, span

_PERIODS = {"daily": "Day", "weekly": "Week", "monthly": "Month", "quarterly": "Quarter", "yearly": "Year"}


def view_of(document: Document) -> dict[str, Any]:
    """What the template shows. Every value is text, a list or a table of texts."""
    platform = "platform" in document["scope"]
    return {
        **_heading(document),
        "platform": platform,
        **(platform_view(document) if platform else tenant_view(document)),
    }


def _heading(document: Document) -> dict[str, Any]:
    period = document["report_period"]
    zone = ZoneInfo(period["timezone"])
    stage = document["stage"]
    return {
        "report_id": document["report_id"],
        "digest": document["content_digest"],
        "generated": moment(instant(document["generated_at"]), zone),
        "as_of": moment(instant(document["as_of"]), zone),
        "period_kind": _PERIODS.get(period["type"], "Period"),
        "period": span(instant(period["start"]), instant(period["end"]), zone),
        "time": "UTC" if period["timezone"] == "UTC" else f"local time of {period['timezone']}",
        "stage": f"Revision {document['revision']}" if stage == "revised" else stage.capitalize(),
        "stage_note": _stage_note(document),
        "signature": _signature(document),
    }


def _stage_note(document: Document) -> str:
    if is_running(document):
        return "The period still runs. Its figures become final 72 hours after its end."
    if document["stage"] == "provisional":
        return (
            "Late results may still change these figures. They become final 72 hours after the period's end."
        )
    if document["stage"] == "revised":
        return f"This revision replaces an earlier report. Reason: {document['reason'].rstrip('.')}."
    return "These figures are final."


def _signature(document: Document) -> str:
    signature = document.get("signature")
    return f"{signature['algorithm']}, key {signature['key_id']}" if signature else "not signed"
