"""`tenantwatch audit`: who commanded what."""

from __future__ import annotations

from typing import Annotated

import typer

from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import Output, OutputOption, show

COLUMNS = (
    ("TIME", "time"),
    ("SUBJECT", "subject"),
    ("FROM", "address"),
    ("ACTION", "action"),
    ("TENANT", "tenant_id"),
    ("TARGET", "target"),
)


def audit(
    tenant: Annotated[str | None, typer.Option(help="only what concerns this tenant")] = None,
    subject: Annotated[str | None, typer.Option(help="only what this one commanded")] = None,
    action: Annotated[str | None, typer.Option(help="only commands of this kind")] = None,
    limit: Annotated[int, typer.Option(min=1, help="how many at most, the newest")] = 100,
    output: OutputOption = Output.table,
) -> None:
    """Show who commanded what, from where; with what was before and after as JSON or CSV."""
    with connect() as client:
        show(client.audit.list(tenant, subject, action, limit), COLUMNS, output, "nothing was commanded")


def add_commands(app: typer.Typer) -> None:
    app.command()(audit)
