"""`tenantwatch sla`: service levels, how they come about, and what was agreed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tenantwatch_client.areas.levels import Period
from tenantwatch_client.commands.exits import ExitState, exit_as
from tenantwatch_client.commands.files import FileArgument, read_object
from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import Output, OutputOption, rounded, show, show_one
from tenantwatch_client.commands.tenant import TenantArgument, Tier
from tenantwatch_client.commands.terms import show_terms

app = typer.Typer(
    help="Service levels: the numbers, how they come about, what was agreed.", no_args_is_help=True
)


class Span(StrEnum):
    daily = "daily"
    weekly = "weekly"
    monthly = "monthly"
    quarterly = "quarterly"
    yearly = "yearly"
    rolling = "rolling"


PeriodOption = Annotated[Span, typer.Option(help="which kind of period")]
Date = Annotated[str | None, typer.Option(help="a day in it, YYYY-MM-DD; today if left out")]
Days = Annotated[int | None, typer.Option(min=1, help="of a rolling period")]
AsOf = Annotated[str | None, typer.Option(help="what was known then, RFC 3339")]

FIELDS = "Every field: docs/service-levels.md"

LEVEL = (
    ("tenant", lambda row: f"{row['tenant_name']} ({row['tenant_id']}), {row['tier']}"),
    ("period", lambda row: f"{row['period']} {row['label']}"),
    ("verdict", "verdict"),
    ("availability", lambda row: rounded(row["availability"], 4, " %")),
    ("at best", lambda row: rounded(row["availability_best"], 4, " %")),
    ("at worst", lambda row: rounded(row["availability_worst"], 4, " %")),
    ("coverage", lambda row: rounded(row["coverage"], 4, " %")),
    ("downtime", lambda row: rounded(row["downtime_minutes"], 2, " min")),
    ("incidents", "incident_count"),
    ("response time", lambda row: rounded(row["avg_response_time"], 1, " ms")),
    ("error rate", lambda row: rounded(row["error_rate"], 4, " %")),
    ("health score", "health_score"),
    ("violations", "violations"),
    ("time to breach", lambda row: _hours(row["time_to_breach_s"])),
    ("as of", "as_of"),
)
WINDOWS = (
    ("WINDOW", "window_id"),
    ("FROM OR NEXT", lambda row: row["next"] if row["recurrence"] else row["from"]),
    ("TO", lambda row: _end(row)),
    ("SERIES", lambda row: _series(row["recurrence"])),
    ("CHECKS", lambda row: row["checks"] or "all"),
    ("ANNOUNCED", "announced_at"),
    ("CANCELLED", "cancelled_at"),
    ("COUNTS", lambda row: _counts(row)),
    ("REASON", "reason"),
)
CORRECTIONS = (
    ("NUMBER", "number"),
    ("FROM", "from"),
    ("TO", "to"),
    ("COUNTS AS", "counts_as"),
    ("AUTHOR", "author"),
    ("APPROVER", "approver"),
    ("REASON", "reason"),
)


def _hours(seconds: float | None) -> str | None:
    """Nothing where the budget does not burn."""
    return None if seconds is None else rounded(seconds / 3600, 1, " h at the present rate")


def _end(window: Mapping[str, Any]) -> str | None:
    """Of a series that of its next window."""
    if window["recurrence"] is None or window["next"] is None:
        end: str | None = window["to"]
        return end
    lasts = timedelta(seconds=window["recurrence"]["duration_s"])
    return (datetime.fromisoformat(window["next"]) + lasts).isoformat()


def _series(series: Mapping[str, Any] | None) -> str | None:
    if series is None:
        return None
    first, zone = series["first"], series["timezone"]
    return f"{series['rule']} from {first} {zone}, {series['duration_s']} s each"


def _counts(window: Mapping[str, Any]) -> str:
    said = "yes" if window["counts"] else "no"
    return f"{said}: {window['why']}" if window["why"] else said


@app.command("show")
def show_level(
    tenant: TenantArgument,
    period: PeriodOption = Span.monthly,
    date: Date = None,
    days: Days = None,
    as_of: AsOf = None,
    what_if: Annotated[Tier | None, typer.Option(help="the same history under this tier's terms")] = None,
    output: OutputOption = Output.table,
    state: ExitState = False,
) -> None:
    """Show the numbers of a period."""
    asked = Period(period.value, date, days, as_of)
    with connect() as client:
        levels = client.levels
        found = levels.get(tenant, asked) if what_if is None else levels.what_if(tenant, what_if, asked)
    show_one(found, LEVEL, output)
    exit_as(found["verdict"], state)


@app.command("explain")
def explain(
    tenant: TenantArgument,
    period: PeriodOption = Span.monthly,
    date: Date = None,
    days: Days = None,
    as_of: AsOf = None,
) -> None:
    """Print the arithmetic step by step."""
    with connect() as client:
        typer.echo(client.levels.explain(tenant, Period(period.value, date, days, as_of)))


@app.command("terms")
def terms(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """Show what was agreed, its versions, and what the checks can prove."""
    with connect() as client:
        show_terms(client.levels.terms(tenant), output)


@app.command("set-terms", epilog=f'example: {{"tier": "enterprise", "timezone": "Europe/Berlin"}} {FIELDS}')
def set_terms(
    tenant: TenantArgument,
    file: Annotated[
        Path,
        typer.Argument(help='a contract as JSON, or {"contract": ..., "reason": ..., "in_force_from": ...}'),
    ],
    reason: Annotated[
        str | None, typer.Option(help="why the terms change, where the file does not say")
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="when they begin, RFC 3339; now if left out")
    ] = None,
    output: OutputOption = Output.table,
) -> None:
    """Agree on new terms; the past is never rewritten."""
    new = read_object(file)
    if "contract" not in new:
        new = {"contract": new}
    given = {"reason": reason, "in_force_from": begin}
    new |= {name: value for name, value in given.items() if value is not None}
    if "reason" not in new:
        raise typer.BadParameter("say why the terms change: --reason TEXT")
    with connect() as client:
        show_terms(client.levels.set_terms(tenant, new), output)


@app.command("maintenance")
def maintenance(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """List maintenance windows."""
    with connect() as client:
        show(client.levels.maintenance(tenant), WINDOWS, output, "no maintenance was announced")


@app.command(
    "announce",
    epilog='example: {"reason": "upgrade", "from": "2027-05-09T02:00:00Z", "to": "2027-05-09T04:00:00Z"};'
    f' weekly: "rule", "first" and "duration_s" in place of from and to. {FIELDS}',
)
def announce(tenant: TenantArgument, file: FileArgument, output: OutputOption = Output.table) -> None:
    """Announce a maintenance window, now."""
    with connect() as client:
        window = client.levels.announce(tenant, read_object(file))
    show_one(window, WINDOWS, output)
    if not window["counts"]:
        typer.echo("It has no effect: what must keep alerts quiet all the same is a silence.", err=True)


@app.command("cancel")
def cancel(tenant: TenantArgument, window: Annotated[int, typer.Argument(metavar="WINDOW")]) -> None:
    """Cancel a maintenance window."""
    with connect() as client:
        client.levels.cancel(tenant, window)
    typer.echo(f"window {window} is cancelled")


@app.command("corrections")
def corrections(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """List corrections of the past."""
    with connect() as client:
        show(client.levels.corrections(tenant), CORRECTIONS, output, "nothing was corrected")


@app.command(
    "correct",
    epilog='example: {"from": "2027-05-04T08:05:00Z", "to": "2027-05-04T08:50:00Z", "counts_as": "up",'
    f' "reason": "the network of the probe"}}. {FIELDS}',
)
def correct(tenant: TenantArgument, file: FileArgument, output: OutputOption = Output.table) -> None:
    """Enter a correction; it counts once somebody else approves it."""
    with connect() as client:
        show_one(client.levels.correct(tenant, read_object(file)), CORRECTIONS, output)


@app.command("approve")
def approve(
    tenant: TenantArgument,
    number: Annotated[int, typer.Argument(metavar="NUMBER")],
    output: OutputOption = Output.table,
) -> None:
    """Approve somebody else's correction."""
    with connect() as client:
        show_one(client.levels.approve(tenant, number), CORRECTIONS, output)
