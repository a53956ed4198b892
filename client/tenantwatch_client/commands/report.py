"""`tenantwatch report`: signed reports as files."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tenantwatch_client.areas.levels import Period
from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import Output, OutputOption, print_json, show
from tenantwatch_client.commands.sla import AsOf, Date, Days, PeriodOption, Span
from tenantwatch_client.commands.tenant import TenantArgument

app = typer.Typer(help="Signed reports of service levels.", no_args_is_help=True)


ISSUED = (
    ("PERIOD", "label"),
    ("TYPE", "period_type"),
    ("SEQUENCE", "sequence"),
    ("STAGE", "stage"),
    ("REVISION", "revision"),
    ("ISSUED", "issued_at"),
    ("DIGEST", "digest"),
    ("REASON", "reason"),
)


class Form(StrEnum):
    json = "json"
    csv = "csv"
    pdf = "pdf"


@app.command("sla")
def sla(
    tenant: Annotated[
        str | None, typer.Argument(metavar="TENANT", help="without one, the whole platform")
    ] = None,
    period: PeriodOption = Span.monthly,
    date: Date = None,
    days: Days = None,
    as_of: AsOf = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="by the file's name if left out, else json")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="where to; else it is printed")] = None,
) -> None:
    """Fetch a report; `tenantwatch-collector sla verify FILE` checks it without a server."""
    named = "" if file is None else file.suffix.lower().lstrip(".")
    chosen = form or (Form(named) if named in list(Form) else Form.json)
    if file is None and chosen is Form.pdf and sys.stdout.isatty():
        raise typer.BadParameter("a PDF is no text: say --file NAME.pdf, or send it into a pipe")
    with connect() as client:
        made = client.levels.report(tenant, chosen.value, Period(period.value, date, days, as_of))
    if file is None:
        sys.stdout.buffer.write(made)
        return
    try:
        file.write_bytes(made)
    except OSError as error:
        raise typer.BadParameter(f"{file}: cannot be written: {error.strerror}") from None
    typer.echo(f"{file}: {len(made)} bytes")


@app.command("issued")
def issued(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """List the reports that were issued of a tenant, or of `platform`."""
    with connect() as client:
        show(client.levels.issued(tenant), ISSUED, output, "none was issued yet")


@app.command("again")
def again(
    tenant: TenantArgument,
    period: Annotated[Span, typer.Argument()],
    label: Annotated[str, typer.Argument(help="of the period, such as 2026-01")],
    sequence: Annotated[int, typer.Argument(help="of `report issued`")],
) -> None:
    """Print a report as it was issued, as JSON."""
    with connect() as client:
        print_json(client.levels.issued_report(tenant, period.value, label, sequence))
