"""The terms in force, and how each number of a report comes about, as tables of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.words import Document, duration, milliseconds, moment_of, or_dash

MAX_CHECKS = 30
_POLICY_WORDS = {
    "exclude": "does not count",
    "up": "counts as up",
    "down": "counts as down",
    "ignore": "counts as any other time",
}
_STATE_WORDS = (
    "bad from the first of several bad results in a row, good from the first of several good ones;"
    " a result speaks for two intervals, its timeout and half a minute, then the state is not measured"
)


def terms_tables(parts: Sequence[Document], zone: ZoneInfo) -> list[dict[str, Any]]:
    return [{"from": _part_span(part, parts, zone), "rows": _term_rows(part["terms"])} for part in parts]


def _part_span(part: Document, parts: Sequence[Document], zone: ZoneInfo) -> str:
    if len(parts) == 1:
        return "In force for the whole period"
    return f"In force {moment_of(part['from'], zone)} to {moment_of(part['to'], zone)}"


def _term_rows(terms: Document) -> list[list[str]]:
    targets, policies = terms["targets"], terms["policies"]
    rows = [
        ["Availability", f"at least {targets['availability_percentage']} %"],
        ["Mean response time", f"at most {targets['response_time_ms']} ms"],
        ["Error rate", f"at most {targets['error_rate_percentage']} %"],
        ["Recovery time", f"at most {targets['recovery_time_minutes']} minutes an outage"],
        ["Service hours", _service_hours(terms["service_hours"], terms["timezone"])],
        ["Planned maintenance", _POLICY_WORDS[policies["maintenance"]] + _notice(terms)],
        ["Time without measurement", _POLICY_WORDS[policies["unknown"]]],
        ["Degraded service", _POLICY_WORDS[policies["degraded"]]],
    ]
    if terms["credits"]:
        table = "; ".join(f"below {r['below']} %: {r['credit_pct']} %" for r in terms["credits"]["table"])
        rows.append(["Service credits", f"{table} of {terms['credits']['fee']}"])
    rows.append(["Checks", _checks(terms["checks"])])
    return rows


def _checks(checks: Sequence[Document]) -> str:
    names = [check["check_id"] for check in checks]
    more = f" and {len(names) - MAX_CHECKS} more" if len(names) > MAX_CHECKS else ""
    return (", ".join(names[:MAX_CHECKS]) or "none") + more


def _notice(terms: Document) -> str:
    units = terms["units_per_second"]
    text = ""
    if terms["maintenance_min_notice"]:
        text += f", if announced {duration(terms['maintenance_min_notice'] / units)} before"
    if terms["maintenance_allowance"] is not None:
        text += f", at most {duration(terms['maintenance_allowance'] / units)} a report"
    return text


def _service_hours(hours: Sequence[Sequence[int]] | None, zone: str) -> str:
    if hours is None:
        return "around the clock"
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    told = (f"{days[d]} {a // 60:02}:{a % 60:02}–{b // 60:02}:{b % 60:02}" for d, a, b in hours)
    return f"{', '.join(told)} ({zone})"


def computed_rows(told: Document, detail: Document) -> list[list[str]]:
    """Each number with the arithmetic that gives it."""
    budget = told["budget"]
    return [
        ["Time", _time_words(told["seconds"])],
        ["Availability", _availability_words(told)],
        ["Coverage", f"measured / (measured + not measured) = {or_dash(told['coverage_pct'], ' %')}"],
        [
            "Error budget",
            f"{budget['total_s']} s may be down, {told['downtime_s']} s were,"
            f" {budget['remaining_s']} s are left",
        ],
        ["Error rate", _error_words(told["errors"])],
        ["Response time", _response_words(told["response"])],
        ["Health score", or_dash(told["health_score"], " of 100") + "; 50 is every target met exactly"],
        ["State of a check", _STATE_WORDS],
        ["Rests on", _basis_words(detail["rests_on"])],
    ]


def _time_words(seconds: Document) -> str:
    named = ", ".join(
        f"{name.replace('_', ' ').replace('unknown', 'not measured')} {seconds[name]}"
        for name in ("up", "degraded", "down", "unknown", "maintenance", "out_of_scope")
    )
    return f"{seconds['total']} s in all: {named}"


def _availability_words(told: Document) -> str:
    if told["availability_pct"] is None:
        return "no time counts"
    ratio = f"100 × {told['available_s']} s / {told['eligible_s']} s"
    return f"{ratio} = {told['availability_pct']} %, rounded down"


def _error_words(errors: Document) -> str:
    if errors["pct"] is None:
        return "nothing was counted"
    return f"100 × {errors['errors']} / {errors['total']} = {errors['pct']} %, rounded up"


def _response_words(response: Document) -> str:
    if not response["count"]:
        return "nothing was measured"
    ranks = ", ".join(f"p{p} {milliseconds(response[f'p{p}_us'])}" for p in (50, 95, 99))
    highest = milliseconds(response["max_us"])
    return (
        f"mean {response['mean_ms']} ms of {response['count']} successful looks; {ranks}, highest {highest}"
    )


def _basis_words(basis: Document) -> str:
    counted = f"{basis['buckets']} quarter-hour sums and {basis['results']} single results"
    gone = f"; {len(basis['left_out'])} spans could not be counted" if basis["left_out"] else ""
    return f"{basis['changes']} confirmed changes, {counted}{gone}"
