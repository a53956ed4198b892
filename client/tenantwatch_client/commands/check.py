"""`tenantwatch check`: what is looked at, looking now, and what was seen."""

from __future__ import annotations

from typing import Annotated

import typer

from tenantwatch_client.answers import HealthCheckAnswer
from tenantwatch_client.commands.exits import ExitState, exit_as
from tenantwatch_client.commands.files import FileArgument, read_object
from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import (
    Output,
    OutputOption,
    print_json,
    rounded,
    show,
    show_one,
)
from tenantwatch_client.commands.tenant import CHECKS, TenantArgument

app = typer.Typer(help="Checks: what is looked at, looking now, and what was seen.", no_args_is_help=True)

RESULTS = (
    ("TIME", "timestamp"),
    ("CHECK", "check_id"),
    ("STATUS", "status"),
    ("MS", lambda row: rounded(row["response_time"], 1)),
    ("AGENT", "agent_id"),
    ("TEXT", "text"),
)
ASSIGNED = (
    ("CHECK", "check_id"),
    ("KIND", lambda row: row["check"].get("kind")),
    ("AGENT", lambda row: row["agent_id"] or "all"),
    ("CHANGED", "changed_at"),
    ("BY", "changed_by"),
)
CheckArgument = Annotated[str, typer.Argument(metavar="CHECK", help="its id")]
Kind = Annotated[str, typer.Option(help="comprehensive, or one kind such as http_endpoint")]
Deep = Annotated[bool, typer.Option(help="with external APIs, plugins and business checks")]


@app.command("list")
def list_checks(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """List a tenant's checks and their state."""
    with connect() as client:
        show(client.health.tenant(tenant)["checks"], CHECKS, output, "no check has reported yet")


@app.command("assigned")
def assigned(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """List the checks that the collector assigns to the tenant's agents."""
    with connect() as client:
        found = client.agents.checks(tenant)
    show(found["checks"], ASSIGNED, output, "none is assigned; agents have checks in files of their own")


@app.command("assign")
def assign(
    tenant: TenantArgument,
    check: CheckArgument,
    file: FileArgument,
    agent: Annotated[str | None, typer.Option(help="only this one of the tenant's agents")] = None,
    output: OutputOption = Output.table,
) -> None:
    """Assign a check to the tenant's agents, in place of the one of its id."""
    with connect() as client:
        made = client.agents.assign(tenant, check, read_object(file), agent)
    show_one(made["check"], ASSIGNED, output)


@app.command("take-back")
def take_back(tenant: TenantArgument, check: CheckArgument) -> None:
    """Take an assigned check back."""
    with connect() as client:
        client.agents.take_back(tenant, check)
    typer.echo(f"{check} is taken back")


@app.command("run")
def run(
    tenant: TenantArgument,
    kind: Kind = "comprehensive",
    deep: Deep = True,
    output: OutputOption = Output.table,
    state: ExitState = False,
) -> None:
    """Have the tenant's agents look now, and show what they saw."""
    with connect() as client:
        found = client.health.look(tenant, kind, deep)
    if output is Output.json:
        print_json(found)
    else:
        _print(found, output)
    exit_as(found["overall_status"], state)


def _print(found: HealthCheckAnswer, output: Output) -> None:
    show(found["results"], RESULTS, output, "nothing was seen")
    if output is Output.table:
        typer.echo()
        columns = (("overall", "overall_status"), ("unanswered", "unanswered"), ("violations", "violations"))
        show_one(found, columns, output)


@app.command("round")
def look_at_all(kind: Kind = "comprehensive", deep: Deep = True, output: OutputOption = Output.table) -> None:
    """Have the agents of all tenants look now."""
    with connect() as client:
        found = client.health.round(kind, deep)
    if output is Output.json:
        print_json(found)
        return
    columns = (
        ("TENANT", "tenant_id"),
        ("STATUS", "overall_status"),
        ("MS", lambda row: rounded(row["response_time"], 1)),
        ("UNANSWERED", "unanswered"),
    )
    show(found["results"], columns, output, "nobody could be looked at")
    if output is Output.table:
        counts = ("total_checked", "healthy", "degraded", "unhealthy", "unknown")
        typer.echo("\n" + ", ".join(f"{count.replace('_', ' ')} {dict(found)[count]}" for count in counts))
        for one in found["not_checked"]:
            typer.echo(f"not checked: {one['tenant_id']}: {one['reason']}")


@app.command("history")
def history(
    tenant: TenantArgument,
    check: Annotated[str, typer.Option(help="only this check")] = "",
    hours: Annotated[int, typer.Option(min=1, help="how far back")] = 24,
    limit: Annotated[int, typer.Option(min=1, help="how many results at most, the newest")] = 100,
    output: OutputOption = Output.table,
) -> None:
    """Show results, newest first."""
    with connect() as client:
        rows = client.health.history(tenant, check, hours, limit)
        show(rows, RESULTS, output, f"no results within {hours} h")
