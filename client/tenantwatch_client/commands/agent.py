"""`tenantwatch agent`: who looks at a tenant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from tenantwatch_client.areas.agents import AgentView
from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import Output, OutputOption, ago, show, styled
from tenantwatch_client.commands.tenant import TenantArgument

app = typer.Typer(help="Agents: who looks at a tenant.", no_args_is_help=True)

COLUMNS = (
    ("AGENT", "agent_id"),
    ("CONNECTED", lambda row: "yes" if row["connected"] else "no"),
    ("LAST SEEN", lambda row: ago(row["last_seen"])),
    ("VERSION", "version"),
    ("HOST", "hostname"),
    ("ASSIGNED", lambda row: _applied(row["applied_version"], row["refused_version"])),
)


def _applied(applied: int | None, refused: int | None) -> str | None:
    if refused is not None and (applied is None or refused > applied):
        return f"version {refused} refused"
    return None if applied is None else f"version {applied}"


def refusals(agents: Iterable[AgentView]) -> Iterator[str]:
    """Of each agent that refuses the newest of its checks, which and why."""
    for agent in agents:
        refused = agent["refused_version"]
        if refused is not None and refused > (agent["applied_version"] or 0):
            for one in agent["refusals"]:
                check = f"check {one['check_id']}: " if one["check_id"] else ""
                reason = f"{check}{one['reason']}"
                yield f"{agent['agent_id']} takes nothing of version {refused} of its checks: {reason}"


def print_refusals(agents: Iterable[AgentView]) -> None:
    lines = list(refusals(agents))
    if lines:
        typer.echo()
    for line in lines:
        typer.echo(styled(line).plain)


@app.command("list")
def list_agents(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """List a tenant's agents, and what they did with the checks assigned to them."""
    with connect() as client:
        found = client.agents.list(tenant)
    show(found["agents"], COLUMNS, output, "no agent has connected yet")
    if output is Output.table and found["agents"]:
        typer.echo(f"\nassigned checks are of version {found['assigned_version']}")
        print_refusals(found["agents"])


@app.command("retire")
def retire_agent(tenant: TenantArgument, agent: Annotated[str, typer.Argument(metavar="AGENT")]) -> None:
    """Count none of an agent's checks from now on, for one that will not come back."""
    with connect() as client:
        client.agents.retire(tenant, agent)
    typer.echo(f"agent {agent} is retired: its checks are no part of {tenant} from now on")
