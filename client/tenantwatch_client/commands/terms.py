"""What was agreed with a tenant, for people: the newest terms, all versions, and what checks can prove."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from tenantwatch_client.areas.levels import ResolutionView, TermsVersion, TermsView
from tenantwatch_client.commands.show import Output, print_json, show, show_one

VERSIONS = (
    ("VERSION", "number"),
    ("IN FORCE FROM", "in_force_from"),
    ("TIER", lambda row: row["contract"].get("tier")),
    ("AUTHOR", "author"),
    ("REASON", "reason"),
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def show_terms(found: TermsView, output: Output) -> None:
    """The newest version in full, whether or not it is in force yet; as JSON or CSV all that was answered."""
    if output is Output.json:
        print_json(found)
        return
    if output is Output.table:
        show_one(found["versions"][-1], _LINES, output)
        typer.echo()
    show(found["versions"], VERSIONS, output, "")
    if output is Output.table:
        for line in (*_provable(found["resolution"]), *(f"note: {note}" for note in found["notes"])):
            typer.echo(f"\n{line}")


def _provable(found: ResolutionView | None) -> list[str]:
    if found is None:
        return ["there is no critical check: nothing can be proved"]
    return [
        f"the critical checks look every {found['coarsest_interval_s']:g} s at the slowest: one look is"
        f" {found['step_pct']:.4f} % of a month, and an outage is confirmed after"
        f" {found['shortest_outage_s']:g} s",
        *(f"warning: {warning}" for warning in found["warnings"]),
    ]


def _target(name: str, words: str) -> Any:
    return lambda row: words.format(row["targets"][name])


def _of_contract(name: str) -> Any:
    return lambda row: row["contract"].get(name)


def _hours(row: TermsVersion) -> str:
    hours = row["contract"].get("service_hours")
    if not hours:
        return "always"
    return ", ".join(
        f"{_DAYS[each['weekday']]} {_clock(each['from_minute'])}-{_clock(each['to_minute'])}"
        for each in hours
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _policies(row: TermsVersion) -> str:
    return ", ".join(f"{name} {value}" for name, value in row["contract"]["policies"].items())


def _maintenance(row: TermsVersion) -> str:
    contract = row["contract"]
    notice, cap = contract["maintenance_min_notice_s"], contract["maintenance_cap_s"]
    return f"announced {notice} s before, {'no cap' if cap is None else f'at most {cap} s a report'}"


def _credits(row: TermsVersion) -> str:
    credits: Mapping[str, Any] | None = row["contract"].get("credits")
    if credits is None:
        return "none"
    lines = ", ".join(f"{line['credit_pct']} % below {line['below']} %" for line in credits["table"])
    return f"{lines}, of {credits['fee']}"


def _slices(row: TermsVersion) -> str:
    slices: Mapping[str, Any] | None = row["contract"].get("slices")
    if slices is None:
        return "none"
    return (
        f"of {slices['slice_s']} s, bad above {slices['bad_above_pct']} % of at least"
        f" {slices['min_requests']} requests, {slices['empty']} without any"
    )


_LINES = (
    ("version", "number"),
    ("tier", _of_contract("tier")),
    ("availability", _target("availability_percentage", "at least {} %")),
    ("response time", _target("response_time_ms", "at most {} ms")),
    ("error rate", _target("error_rate_percentage", "at most {} %")),
    ("recovery time", _target("recovery_time_minutes", "at most {} minutes an outage")),
    ("begins", _of_contract("effective_from")),
    ("timezone", _of_contract("timezone")),
    ("service hours", _hours),
    ("policies", _policies),
    ("maintenance", _maintenance),
    ("credits", _credits),
    ("slices", _slices),
)
