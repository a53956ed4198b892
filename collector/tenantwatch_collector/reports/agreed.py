"""The terms in force, and how each number of a report comes about, as tables of words."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.words import (
    TARGET_WORDS,
    Document,
    amount,
    breakable,
    duration,
    joined,
    milliseconds,
    moment_of,
    or_dash,
)
from tenantwatch_collector.sla.explain_words import group_words
from tenantwatch_collector.sla.rounding import exact, exact_text

MAX_CHECKS = 30
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_POLICY_WORDS = {
    "exclude": "does not count",
    "up": "counts as up",
    "down": "counts as down",
    "ignore": "counts as any other time",
}
_HEALTH_WORDS = (
    "; up to 40 points for availability, 25 for errors, 20 for response, 15 for recovery, and half of them"
    " where a target is met exactly"
)
_STATE_WORDS = (
    "bad from the first of several bad results in a row, good from the first of several good ones;"
    " a result speaks for two intervals, its timeout and half a minute, then the state is not measured"
)


def terms_tables(parts: Sequence[Document], zone: ZoneInfo) -> list[dict[str, Any]]:
    return [
        {
            "from": _part_span(part, parts, zone),
            "found": _found(part) if len(parts) > 1 else "",
            "rows": _term_rows(part["terms"]),
        }
        for part in parts
    ]


def _found(part: Document) -> str:
    """How a part of the period did on its own terms."""
    if part["availability_pct"] is None:
        return "Nothing was measured in this part."
    missed = joined([TARGET_WORDS[name].lower() for name in part["violations"]])
    return f"Availability in this part: {part['availability_pct']} %. " + (
        f"Missed: {missed}." if missed else "All of its targets were met."
    )


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
        rows.append(["Service credits", f"{table} of {amount(terms['credits']['fee'])}"])
    return [*rows, ["Checks", _checks(terms["checks"])], ["Groups of checks", _groups(terms["groups"])]]


def _groups(groups: Sequence[Document]) -> str:
    told = [f"{each['name']}: {group_words(each['role'], each['rule'])}" for each in groups[:MAX_CHECKS]]
    more = f"; and {len(groups) - MAX_CHECKS} more" if len(groups) > MAX_CHECKS else ""
    return breakable("; ".join(told) or "none") + more


def _checks(checks: Sequence[Document]) -> str:
    names = [check["check_id"] for check in checks]
    more = f" and {len(names) - MAX_CHECKS} more" if len(names) > MAX_CHECKS else ""
    return breakable(", ".join(names[:MAX_CHECKS]) or "none") + more


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
    by_day = [
        " and ".join(f"{a // 60:02}:{a % 60:02}–{b // 60:02}:{b % 60:02}" for d, a, b in hours if d == day)
        for day in range(7)
    ]
    told, first = [], 0
    for day in range(1, 8):
        if day == 7 or by_day[day] != by_day[first]:
            days = _DAYS[first] if day - first == 1 else f"{_DAYS[first]}–{_DAYS[day - 1]}"
            told += [f"{days} {by_day[first]}"] if by_day[first] else []
            first = day
    return f"{', '.join(told)} ({zone})"


def computed_rows(told: Document, detail: Document) -> list[list[str]]:
    """Each number with the arithmetic that gives it."""
    budget = told["budget"]
    rows = [
        ["Time", _time_words(told["seconds"])],
        ["Availability", _availability_words(told)],
        ["Coverage", _coverage_words(told)],
        [
            "Error budget",
            f"{amount(budget['total_s'])} s may be down, {amount(told['downtime_s'])} s were,"
            f" {amount(budget['remaining_s'])} s are left",
        ],
        ["Error rate", _error_words(told["errors"])],
        ["Response time", _response_words(told["response"])],
        ["Health score", or_dash(told["health_score"], f" of 100{_HEALTH_WORDS}")],
    ]
    if told["slices"]:
        rows.append(["Slices", _slices_words(told["slices"])])
    if told["credit"]:
        rows.append(["Service credit", _credit_words(told["credit"], detail["parts"])])
    return [*rows, ["State of a check", _STATE_WORDS], ["Rests on", _basis_words(detail["rests_on"])]]


def _coverage_words(told: Document) -> str:
    if told["coverage_pct"] is None:
        return "no time counts"
    seconds = told["seconds"]
    measured = sum((exact(seconds[name]) for name in ("up", "degraded", "down")), Fraction(0))
    known, whole = (amount(exact_text(each)) for each in (measured, measured + exact(seconds["unknown"])))
    return f"100 × {known} s measured / {whole} s = {told['coverage_pct']} %, rounded down"


def _slices_words(slices: Document) -> str:
    return (
        f"{amount(slices['bad'])} bad of {amount(slices['total'])}; good {or_dash(slices['good_pct'], ' %')}"
    )


def _credit_words(credit: Document, parts: Sequence[Document]) -> str:
    """Of a period whose terms changed each part has its share of the fee."""
    if len(parts) > 1:
        return f"{amount(credit['amount'])}: each part's row of the table on its share of the fee"
    fee = parts[0]["terms"]["credits"]["fee"]
    return (
        f"{credit['pct']} % of {amount(fee)} = {amount(credit['amount'])}; binding in a final monthly report"
    )


def _time_words(seconds: Document) -> str:
    named = ", ".join(
        f"{name.replace('_', ' ').replace('unknown', 'not measured')} {amount(seconds[name])}"
        for name in ("up", "degraded", "down", "unknown", "maintenance", "out_of_scope")
    )
    return f"{amount(seconds['total'])} s in all: {named}"


def _availability_words(told: Document) -> str:
    if told["availability_pct"] is None:
        return "no time counts"
    ratio = f"100 × {amount(told['available_s'])} s / {amount(told['eligible_s'])} s"
    return f"{ratio} = {told['availability_pct']} %, rounded down"


def _error_words(errors: Document) -> str:
    if errors["pct"] is None:
        return "nothing was counted"
    return f"100 × {amount(errors['errors'])} / {amount(errors['total'])} = {errors['pct']} %, rounded up"


def _response_words(response: Document) -> str:
    if not response["count"]:
        return "nothing was measured"
    ranks = ", ".join(f"p{p} {milliseconds(response[f'p{p}_us'])}" for p in (50, 95, 99))
    highest = milliseconds(response["max_us"])
    return (
        f"mean {response['mean_ms']} ms of {amount(response['count'])} successful looks; {ranks},"
        f" highest {highest}"
    )


def _basis_words(basis: Document) -> str:
    sums, single = amount(basis["buckets"]), amount(basis["results"])
    counted = f"{sums} sums of a quarter-hour or more and {single} single results"
    gone = f"; {len(basis['left_out'])} spans could not be counted" if basis["left_out"] else ""
    return f"{amount(basis['changes'])} confirmed changes, {counted}{gone}"
