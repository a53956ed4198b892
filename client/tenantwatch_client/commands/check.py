"""`tenantwatch check`: what is looked at, looking now, and what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from tenantwatch_client.areas.agents import AgentView, has_answered
from tenantwatch_client.areas.health import HealthCheckAnswer
from tenantwatch_client.commands.agent import print_refusals, refusals
from tenantwatch_client.commands.exits import ExitState, exit_as
from tenantwatch_client.commands.files import CheckFile, read_check
from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import (
    Output,
    OutputOption,
    print_json,
    rounded,
    show,
    show_one,
    styled,
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
        if output is Output.table:
            print_refusals(client.agents.each(tenant))


@app.command("assigned")
def assigned(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """List the checks that the collector assigns to the tenant's agents."""
    with connect() as client:
        found = client.agents.checks(tenant)
        show(found["checks"], ASSIGNED, output, "none is assigned; agents have checks in files of their own")
        if output is Output.table:
            print_refusals(client.agents.each(tenant))


@app.command("assign")
def assign(
    tenant: TenantArgument,
    check: CheckArgument,
    file: CheckFile,
    agent: Annotated[str | None, typer.Option(help="only this one of the tenant's agents")] = None,
    output: OutputOption = Output.table,
) -> None:
    """Assign a check to the tenant's agents, in place of the one of its id; tell what they do with it.

    Ends with 1 where an agent refuses it. The file, as JSON:
    {"kind": "http_endpoint", "url": "https://example.org/", "interval_seconds": 15}
    """
    definition = read_check(file, check)
    with connect() as client:
        here = {each["agent_id"] for each in client.agents.each(tenant) if each["connected"]}
        made = client.agents.assign(tenant, check, definition, agent)
        asked = client.agents.answers(tenant, made["version"], here & {agent} if agent else here)
    show_one(made["check"], ASSIGNED, output)
    refused = list(refusals(asked))
    for line in (*_taken(asked, made["version"]), *refused):
        typer.echo(styled(line).plain, err=True)
    if refused:
        raise typer.Exit(1)


def _taken(asked: Sequence[AgentView], version: int) -> Iterator[str]:
    if not asked:
        yield "no agent is connected that it is for: it is brought when one comes"
    for agent in asked:
        if (agent["applied_version"] or 0) >= version:
            yield f"{agent['agent_id']} looks with it"
        elif not has_answered(agent, version):
            yield f"{agent['agent_id']} has not answered yet: see `tenantwatch agent list`"


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
