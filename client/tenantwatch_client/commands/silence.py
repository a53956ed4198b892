"""`tenantwatch silence`: times in which nobody is told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import Output, OutputOption, show, show_one
from tenantwatch_client.commands.times import moment

app = typer.Typer(help="Silences: times in which nobody is told.", no_args_is_help=True)

COLUMNS = (
    ("SILENCE", "silence_id"),
    ("TENANT", lambda row: row["tenant_id"] or "all"),
    ("TYPE", lambda row: row["alert_type"] or "all"),
    ("START", "start"),
    ("END", "end"),
    ("WHO", "who"),
    ("NOTES", "notes"),
)
Moment = Annotated[
    datetime, typer.Option(parser=moment, metavar="TIME", help="2h from now, or 2026-01-31T20:00Z")
]


@app.command("list")
def list_silences(output: OutputOption = Output.table) -> None:
    """List the ones that are or will be in force."""
    with connect() as client:
        show(client.silences.list(), COLUMNS, output, "nothing is silenced")


@app.command("create")
def create(
    until: Moment,
    start: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="now, if left out")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="only this tenant's alerts")] = None,
    alert_type: Annotated[str | None, typer.Option("--type", help="only alerts of this type")] = None,
    notes: Annotated[str, typer.Option(help="why")] = "",
    output: OutputOption = Output.table,
) -> None:
    """Tell nobody until then; alerts are kept all the same."""
    with connect() as client:
        show_one(client.silences.create(until, start, tenant, alert_type, notes), COLUMNS, output)


@app.command("end")
def end(silence: Annotated[int, typer.Argument(metavar="SILENCE")]) -> None:
    """End one now."""
    with connect() as client:
        client.silences.end(silence)
    typer.echo(f"silence {silence} has ended")
