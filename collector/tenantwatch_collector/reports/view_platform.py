"""The platform's report as words: the tenants, those that missed their level first."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.plots import trend_charts
from tenantwatch_collector.reports.words import (
    TARGET_WORDS,
    VERDICTS,
    Document,
    breakable,
    decimals,
    instant,
    is_running,
    span,
    verdict_words,
)

MAX_TENANTS = 2000
MAX_VIOLATIONS = 500
_UNITS = {"percent": "%", "ms": "ms", "minutes": "min"}


def platform_view(document: Document) -> dict[str, Any]:
    """What the template shows of all tenants."""
    overall, zone = document["overall_compliance"], ZoneInfo(document["report_period"]["timezone"])
    runs = is_running(document)
    tenants = sorted(document["tenant_compliance"], key=_worst_first)
    return {
        "title": "All tenants",
        "shown": "All tenants",
        "note": f"Revision {document['revision']} of an earlier report, because {document['reason']}."
        if document["stage"] == "revised"
        else "",
        "violations": _violations(document, zone),
        "subtitle": f"{overall['total_tenants']} tenants",
        **_verdict(overall, runs),
        "figures": _figures(overall),
        **trend_charts(document, zone, None),
        "tenants": [_tenant_row(tenant, runs) for tenant in tenants[:MAX_TENANTS]],
        "tenants_note": f"The first {MAX_TENANTS} are listed." if len(tenants) > MAX_TENANTS else "",
    }


def _violations(document: Document, zone: ZoneInfo) -> dict[str, Any]:
    """Each missed target, by tenant."""
    found = document["violations"]
    rows = [
        [
            breakable(each["tenant_id"]),
            TARGET_WORDS[each["violation"]],
            f"{each['target']:g} {_UNITS[each['unit']]}{_when(each, zone)}",
            f"{each['measured']:g} {_UNITS[each['unit']]}",
        ]
        for each in found[:MAX_VIOLATIONS]
    ]
    more = len(found) - MAX_VIOLATIONS
    note = f"The first {MAX_VIOLATIONS} are listed; {more} more are in the JSON form." if more > 0 else ""
    return {"rows": rows, "note": note}


def _when(violation: Document, zone: ZoneInfo) -> str:
    """Of a tenant whose terms changed: in which part of the period."""
    if "from" not in violation:
        return ""
    return f", {span(instant(violation['from']), instant(violation['to']), zone)}"


def _worst_first(tenant: Document) -> tuple[int, float, str]:
    return list(VERDICTS).index(tenant["verdict"]), tenant["availability"] or 0.0, tenant["tenant_id"]


def _verdict(overall: Document, runs: bool) -> dict[str, str]:
    share, judged, kept = (
        overall[name] for name in ("compliance_percentage", "tenants_with_data", "compliant_tenants")
    )
    if share is None:
        return {"verdict": "No data", "tone": "open", "sentence": "Nothing was measured in this period."}
    return {
        "verdict": f"{share:g} % compliant",
        "tone": "good" if kept == judged else "bad",
        "sentence": f"{kept} of {judged} tenants with data {'keep' if runs else 'kept'} their agreed level"
        f"{' so far' if runs else ''}.",
    }


def _figures(overall: Document) -> list[dict[str, str]]:
    figures = (
        ("Availability", decimals(overall["average_availability"], 4, " %"), "mean of tenants"),
        ("Availability", decimals(overall["weighted_availability"], 4, " %"), "by time"),
        ("Mean response", decimals(overall["average_response_time"], 0, " ms"), "mean of tenants"),
        ("Error rate", decimals(overall["average_error_rate"], 4, " %"), "mean of tenants"),
    )
    return [{"label": label, "value": value, "note": note, "tone": "plain"} for label, value, note in figures]


def _tenant_row(tenant: Document, runs: bool) -> list[str]:
    word, tone = verdict_words(tenant["verdict"], runs)
    if tenant["availability"] is None:
        word = "No data"
    return [
        breakable(tenant["tenant_id"]),
        tenant["tier"],
        decimals(tenant["availability"], 4, ""),
        decimals(tenant["coverage"], 2, ""),
        decimals(tenant["downtime_minutes"], 2, ""),
        decimals(tenant["avg_response_time"], 0, ""),
        decimals(tenant["error_rate"], 4, ""),
        decimals(tenant["health_score"], 1, ""),
        word,
        tone,
    ]
