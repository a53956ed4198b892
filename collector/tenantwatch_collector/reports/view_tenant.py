"""One tenant's report as words: summary, targets, incidents, exclusions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.agreed import computed_rows, terms_tables
from tenantwatch_collector.reports.charts import COLOURS
from tenantwatch_collector.reports.plots import strip_of, trend_charts
from tenantwatch_collector.reports.words import (
    TARGET_WORDS,
    Document,
    amount,
    breakable,
    duration,
    is_running,
    joined,
    moment_of,
    or_dash,
    verdict_words,
)

MAX_INCIDENTS = 200
MAX_EXCLUSIONS = 200
_CLASS_WORDS = {
    "up": "Up",
    "degraded": "Degraded",
    "down": "Down",
    "maintenance": "Maintenance",
    "unknown": "Not measured",
    "out_of_scope": "Out of scope",
}
_KINDS = {
    "maintenance": "Maintenance",
    "correction": "Correction",
    "no_data": "Not measured",
    "not_counted": "Not counted",
    "out_of_scope": "Out of scope",
}


def tenant_view(document: Document) -> dict[str, Any]:
    detail, metrics = document["tenants"][0], document["tenant_compliance"][0]
    told = detail["report"]
    zone = ZoneInfo(document["report_period"]["timezone"])
    all_targets = [part["terms"]["targets"] for part in detail["parts"]]
    runs = is_running(document)
    return {
        "title": detail["tenant_name"] or detail["tenant_id"],
        "shown": breakable(detail["tenant_name"] or detail["tenant_id"]),
        "note": _revision_note(document),
        "proof": _proof(detail, told),
        "subtitle": breakable(f"{detail['tenant_id']} · {detail['tier']} tier"),
        **_verdict(document, detail, metrics, runs),
        "figures": _figures(detail, metrics, told, all_targets),
        "targets": _targets(detail, told, all_targets, runs),
        "has_data": told["availability_pct"] is not None,
        "strip": strip_of(detail, document, zone),
        "legend": _legend(told["seconds"], told["period"]),
        "incidents": [_incident(each, zone) for each in told["incidents"][:MAX_INCIDENTS]],
        "incident_note": _incident_note(told),
        **trend_charts(document, zone, all_targets[-1]),
        "exclusions": _exclusions(detail["exclusions"], zone),
        "terms": terms_tables(detail["parts"], zone),
        "computed": computed_rows(told, detail),
        "amended": _amended(detail, told),
    }


def _credit_due(document: Document, told: Document) -> str:
    """Credits bind in final monthly reports only."""
    binds = document["report_period"]["type"] == "monthly" and document["stage"] != "provisional"
    if not binds or told["credit"] is None or not float(told["credit"]["amount"]):
        return ""
    return f" A service credit of {amount(told['credit']['amount'])} is due."


def _verdict(document: Document, detail: Document, metrics: Document, runs: bool) -> dict[str, str]:
    word, tone = verdict_words(detail["proved"]["overall"], runs)
    seconds = detail["report"]["seconds"]
    if seconds["total"] == seconds["out_of_scope"]:
        word = "Outside of the contract"
        sentence = "No time of this period counts, so there is nothing to judge."
    elif metrics["availability"] is None:
        sentence = "Nothing was measured in this period, so nothing can be said about the service."
    else:
        sentence = _sentence(detail["proved"]["targets"], runs) + _credit_due(document, detail["report"])
    return {"verdict": word, "tone": tone, "sentence": sentence}


def _sentence(verdicts: Document, runs: bool) -> str:
    """The worst that is to be said of the targets."""
    names = {
        word: joined([TARGET_WORDS[n].lower() for n, v in verdicts.items() if v == word])
        for word in ("breached", "not_met_so_far", "cannot_be_proved")
    }
    if names["breached"]:
        missed = f"The agreed level was missed: {names['breached']}."
        return f"{missed} The rest of the period cannot mend it." if runs else missed
    if names["not_met_so_far"]:
        return (
            f"Up to now the agreed level is missed: {names['not_met_so_far']}."
            " The rest of the period can still mend it."
        )
    if names["cannot_be_proved"]:
        return (
            "What was measured keeps the agreed level, but time without measurement leaves"
            f" {names['cannot_be_proved']} open."
        )
    said = "is met up to now" if runs else "was met"
    return f"Every agreed target {said}, even if all time without measurement had been down."


def _revision_note(document: Document) -> str:
    if document["stage"] != "revised":
        return ""
    return f"Revision {document['revision']} of an earlier report, because {document['reason'].rstrip('.')}."


def _proof(detail: Document, told: Document) -> str:
    """What time without measurement leaves open, in a sentence."""
    proved = detail["proved"]
    if told["availability_pct"] is None or proved["best_pct"] is None:
        return ""
    if not float(told["seconds"]["unknown"]):
        return "All of the time that counts was measured."
    return (
        f"{told['coverage_pct']} % of the time that counts was measured. Had the rest all been down,"
        f" availability would be {proved['worst_pct']} %; had it all been up, {proved['best_pct']} %."
    )


def _figures(
    detail: Document, metrics: Document, told: Document, targets: Sequence[Document]
) -> list[dict[str, str]]:
    verdicts = detail["proved"]["targets"]
    tones = {n: "open" if verdicts.get(n) == "not_met_so_far" else "bad" for n in metrics["violations"]}
    mean = told["response"]["mean_ms"]
    figures = (
        ("availability", "Availability", or_dash(told["availability_pct"], " %")),
        ("response_time", "Mean response", "–" if mean is None else f"{float(mean):.0f} ms"),
        ("error_rate", "Error rate", or_dash(told["errors"]["pct"], " %")),
        ("recovery_time", "Longest outage", _longest(told)),
    )
    return [
        {
            "label": label,
            "value": value,
            "note": _agreed(name, targets, "at least", "at most"),
            "tone": tones.get(name, "plain"),
        }
        for name, label, value in figures
    ]


def _agreed(name: str, targets: Sequence[Document], least: str, most: str) -> str:
    """The target; of a period whose terms changed, one after the other."""
    word, key, unit = {
        "availability": (least, "availability_percentage", "%"),
        "response_time": (most, "response_time_ms", "ms"),
        "error_rate": (most, "error_rate_percentage", "%"),
        "recovery_time": (most, "recovery_time_minutes", "min"),
    }[name]
    values = [each[key] for each in targets]
    told = [value for number, value in enumerate(values) if not number or value != values[number - 1]]
    return f"{word} {', then '.join(told) if len(told) < 4 else f'{told[0]} to {told[-1]}'} {unit}"


def _longest(told: Document) -> str:
    if told["incidents"]:
        return duration(max(float(i["downtime_s"]) for i in told["incidents"]))
    return "none" if told["availability_pct"] is not None else "–"


def _targets(detail: Document, told: Document, targets: Sequence[Document], runs: bool) -> list[list[str]]:
    """Agreed, measured, the bounds that unknown time leaves, and what is proved."""
    proved = detail["proved"]
    bounds = "–" if proved["best_pct"] is None else f"{proved['worst_pct']} to {proved['best_pct']} %"
    measured = {
        "availability": or_dash(told["availability_pct"], " %"),
        "response_time": or_dash(told["response"]["mean_ms"], " ms"),
        "error_rate": or_dash(told["errors"]["pct"], " %"),
        "recovery_time": _longest(told).replace("none", "no outage"),
    }
    rows = []
    for name, label in TARGET_WORDS.items():
        verdict = proved["targets"].get(name)
        word, tone = verdict_words(verdict, runs) if verdict else ("Not measured", "open")
        agreed = _agreed(name, targets, "≥", "≤")
        rows.append([label, agreed, measured[name], bounds if name == "availability" else "–", word, tone])
    return rows


def _legend(seconds: Document, period: Document) -> list[dict[str, str]]:
    entries = [
        {"colour": COLOURS[name], "text": f"{word} {duration(float(seconds[name]))}"}
        for name, word in _CLASS_WORDS.items()
        if float(seconds[name])
    ]
    ahead = float(period["end"]) - float(period["eval_end"])
    return entries + (
        [{"colour": COLOURS["ahead"], "text": f"Still to come {duration(ahead)}"}] if ahead > 0 else []
    )


def _incident(incident: Document, zone: ZoneInfo) -> list[str]:
    end = incident["end"]
    return [
        moment_of(incident["start"], zone),
        "still open" if end is None else moment_of(end, zone),
        duration(float(incident["downtime_s"])),
        duration(float(incident["downtime_in_period_s"])),
        "longer than agreed" if incident["over_target"] else "within target",
    ]


def _incident_note(told: Document) -> str:
    if not told["incidents"]:
        return (
            "No outage in this period."
            if told["availability_pct"]
            else "None was seen: nothing was measured."
        )
    notes = [f"{told['incident_count']} in all, {told['incidents_started']} of which began in the period."]
    if told["mttr_s"] is not None:
        notes.append(f"Mean time to recover: {duration(float(told['mttr_s']))}.")
    if told["mtbf_s"] is not None:
        notes.append(f"Mean time between failures: {duration(float(told['mtbf_s']))}.")
    more = len(told["incidents"]) - MAX_INCIDENTS
    if more > 0:
        notes.append(f"The first {MAX_INCIDENTS} are listed; {more} more are in the JSON form.")
    return " ".join(notes)


def _exclusions(found: Sequence[Document], zone: ZoneInfo) -> dict[str, Any]:
    rows = [
        [
            _KINDS[each["kind"]],
            *(("–", "–") if each["kind"] == "out_of_scope" else _ends(each, zone)),
            duration(float(each["seconds"])),
            breakable(_reason(each, zone)),
        ]
        for each in found[:MAX_EXCLUSIONS]
    ]
    more = len(found) - MAX_EXCLUSIONS
    note = f"The first {MAX_EXCLUSIONS} are listed; {more} more are in the JSON form." if more > 0 else ""
    return {"rows": rows, "note": note}


def _ends(each: Document, zone: ZoneInfo) -> tuple[str, str]:
    return moment_of(each["from"], zone), moment_of(each["to"], zone)


def _reason(each: Document, zone: ZoneInfo) -> str:
    text: str = each["reason"]
    if each["kind"] == "correction":
        people = f"entered by {each['author']}, approved by {each['approver']}"
        return f"{text} (counts as {each['counts_as']}; {people})"
    if each.get("announced_at") is not None:
        text += f", announced {moment_of(each['announced_at'], zone)}"
    if each.get("checks"):
        text += f" (only {', '.join(each['checks'])})"
    return text


def _amended(detail: Document, told: Document) -> list[list[str]]:
    issued = detail["as_issued"]
    if issued is None:
        return []
    return [
        [
            "Availability",
            or_dash(issued["availability_pct"], " %"),
            or_dash(told["availability_pct"], " %"),
        ],
        ["Down time", duration(float(issued["downtime_s"])), duration(float(told["downtime_s"]))],
        [
            "Violations",
            joined([TARGET_WORDS[v].lower() for v in issued["violations"]]) or "none",
            joined([TARGET_WORDS[v].lower() for v in told["violations"]]) or "none",
        ],
    ]
