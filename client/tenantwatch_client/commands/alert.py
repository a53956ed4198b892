"""`tenantwatch alert`: what is wrong, and who works on it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import (
    Output,
    OutputOption,
    ago,
    print_json,
    show,
    show_one,
    table,
)

app = typer.Typer(help="Alerts: what is wrong, who works on it, what was done.", no_args_is_help=True)

AlertArgument = Annotated[str, typer.Argument(metavar="ALERT", help="its id, of `alert list`")]
Notes = Annotated[str, typer.Option(help="for the record")]


class Severity(StrEnum):
    info = "info"
    warning = "warning"
    error = "error"
    critical = "critical"


COLUMNS = (
    ("ALERT", "alert_id"),
    ("SEVERITY", "severity"),
    ("STATUS", "status"),
    ("TENANT", "tenant_id"),
    ("FIRST", lambda row: ago(row["first_occurred"])),
    ("COUNT", "occurrence_count"),
    ("NAME", "alert_name"),
)
DETAILS = (
    *COLUMNS,
    ("description", "alert_description"),
    ("metric", "metric_name"),
    ("first_occurred", "first_occurred"),
    ("last_occurred", "last_occurred"),
    ("resolved_at", "resolved_at"),
    (
        "told",
        lambda row: f"{row['notifications_sent']} by {', '.join(row['notification_channels']) or 'nobody'}",
    ),
    ("acknowledged", lambda row: _deed(row["acknowledgement"])),
    ("resolved", lambda row: _deed(row["resolution"])),
)
RECORD = (
    ("TIME", "time"),
    ("WHAT", "kind"),
    ("WHO", "who"),
    ("CHANNEL", "channel"),
    ("OUTCOME", "outcome"),
    ("DETAIL", "detail"),
)


def _deed(deed: dict[str, str] | None) -> str | None:
    return None if deed is None else f"{deed['at']} by {deed['who']} {deed['notes']}".rstrip()


@app.command("list")
def list_alerts(
    tenant: Annotated[str | None, typer.Option(help="only of this tenant")] = None,
    severity: Annotated[Severity | None, typer.Option()] = None,
    status: Annotated[str | None, typer.Option(help="such as active, acknowledged or resolved")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 100,
    output: OutputOption = Output.table,
) -> None:
    """List alerts."""
    with connect() as client:
        found = client.alerts.list(tenant, severity, status, limit)
    show(found, COLUMNS, output, "no such alerts")


@app.command("show")
def show_alert(alert: AlertArgument, output: OutputOption = Output.table) -> None:
    """Show one alert with its record: what happened, by whom, each attempt to tell somebody."""
    with connect() as client:
        found = client.alerts.get(alert)
    if output is Output.json:
        print_json(found)
    elif output is Output.csv:
        show(found["timeline"], RECORD, output, "")
    else:
        show_one(found["alert"], DETAILS, output)
        Console().print("", table(found["timeline"], RECORD))


@app.command("create")
def create(
    tenant: Annotated[str, typer.Argument(metavar="TENANT")],
    name: Annotated[str, typer.Argument(help='such as "Import is late"')],
    description: Annotated[str, typer.Option(help="what is known of it")] = "",
    severity: Annotated[Severity, typer.Option()] = Severity.error,
    output: OutputOption = Output.table,
) -> None:
    """Report an alert of your own; while it is open, the same name counts once more."""
    with connect() as client:
        show_one(client.alerts.create(tenant, name, severity, description or name), COLUMNS, output)


@app.command("ack")
def acknowledge(alert: AlertArgument, notes: Notes = "", output: OutputOption = Output.table) -> None:
    """Say that somebody works on it: no more escalation."""
    with connect() as client:
        show_one(client.alerts.acknowledge(alert, notes), COLUMNS, output)


@app.command("resolve")
def resolve(alert: AlertArgument, notes: Notes = "", output: OutputOption = Output.table) -> None:
    """End it."""
    with connect() as client:
        show_one(client.alerts.resolve(alert, notes), COLUMNS, output)
