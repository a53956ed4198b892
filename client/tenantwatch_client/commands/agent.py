"""`tenantwatch agent`: who looks at a tenant."""

from __future__ import annotations

import typer

from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import Output, OutputOption, ago, show
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


@app.command("list")
def list_agents(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """List a tenant's agents, and what they did with the checks assigned to them."""
    with connect() as client:
        found = client.agents.list(tenant)
    show(found["agents"], COLUMNS, output, "no agent has connected yet")
    if output is Output.table and found["agents"]:
        typer.echo(f"\nassigned checks are of version {found['assigned_version']}")
