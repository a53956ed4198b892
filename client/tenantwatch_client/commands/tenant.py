"""`tenantwatch tenant`: who there is, and how they are."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from tenantwatch_client.areas.health import TenantSummary
from tenantwatch_client.commands.exits import ExitState, exit_as
from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import (
    Output,
    OutputOption,
    ago,
    print_json,
    rounded,
    show,
    show_one,
    table,
)

app = typer.Typer(help="Tenants: who there is, and how they are.", no_args_is_help=True)

TenantArgument = Annotated[str, typer.Argument(metavar="TENANT", help="such as example-isp-001")]


class Tier(StrEnum):
    basic = "basic"
    professional = "professional"
    enterprise = "enterprise"


class Size(StrEnum):
    micro = "micro"
    small = "small"
    medium = "medium"
    large = "large"
    xlarge = "xlarge"


COLUMNS = (
    ("TENANT", "tenant_id"),
    ("STATE", "state"),
    ("SINCE", lambda row: ago(row["since"])),
    ("FAILING", lambda row: f"{row['checks_failing']}/{row['checks_total']}"),
    ("TIER", "tier"),
    ("NAME", "tenant_name"),
)
TENANT = (
    ("tenant", "tenant_id"),
    ("name", "tenant_name"),
    ("tier", "tier"),
    ("size", "resource_tier"),
    ("created", "created_at"),
    ("suspended", "suspended_at"),
)
CHECKS = (
    ("CHECK", "check_id"),
    ("STATE", "state"),
    ("SINCE", lambda row: ago(row["since"])),
    ("MS", lambda row: rounded(row["response_time"], 1)),
    ("KIND", "kind"),
    ("GROUP", "group"),
    ("AGENT", "agent_id"),
    ("LAST", lambda row: ago(row["last_result"])),
    ("TEXT", "text"),
)


@app.command("list")
def list_tenants(output: OutputOption = Output.table) -> None:
    """List the tenants that the token reaches."""
    with connect() as client:
        show(client.tenants.list(), COLUMNS, output, "there are no tenants; `tenantwatch tenant create NAME`")


@app.command("show")
def show_tenant(
    tenant: TenantArgument, output: OutputOption = Output.table, state: ExitState = False
) -> None:
    """Show one tenant with its groups and checks."""
    with connect() as client:
        found = client.health.tenant(tenant)
    if output is Output.json:
        print_json(found)
    elif output is Output.csv:
        show(found["checks"], CHECKS, output, "")
    else:
        _print(found)
    exit_as(found["state"], state)


def _print(found: TenantSummary) -> None:
    usage: Mapping[str, Any] = found["resource_usage"] or {}
    show_one(
        found,
        (
            ("tenant", lambda row: f"{row['tenant_name']} ({row['tenant_id']}), {row['tier']}"),
            ("state", "state"),
            ("since", lambda row: f"{ago(row['since'])} ({row['since']})"),
            ("alerts", "active_alerts"),
            ("cpu", lambda _: rounded(usage.get("cpu_percent"), 1, " %")),
            ("memory", lambda _: rounded(usage.get("memory_percent"), 1, " %")),
            ("disk", lambda _: rounded(usage.get("disk_percent"), 1, " %")),
        ),
        Output.table,
    )
    console = Console()
    if found["groups"]:
        columns = (("GROUP", "group"), ("STATE", "state"), ("ROLE", "role"), ("RULE", "rule"))
        console.print("", table(found["groups"], columns), "")
    if found["checks"]:
        console.print(table(found["checks"], CHECKS))
    else:
        typer.echo("no check has reported yet")


@app.command("create")
def create_tenant(
    name: Annotated[str, typer.Argument(help='for people, such as "Example ISP"')],
    tier: Annotated[Tier, typer.Option(help="of its service levels")] = Tier.professional,
    size: Annotated[Size, typer.Option(help="of its deployment")] = Size.small,
    output: OutputOption = Output.table,
) -> None:
    """Create a tenant; prints its id and the token for its agents, which is shown this once."""
    with connect() as client:
        made = client.tenants.create(name, tier.value, size.value)
    columns = (("tenant_id", "tenant_id"), ("tier", "sla_tier"), ("agent_token", "agent_token"))
    show_one(made, columns, output)


@app.command("rename")
def rename(
    tenant: TenantArgument,
    name: Annotated[str, typer.Argument(help="for people")],
    output: OutputOption = Output.table,
) -> None:
    """Give a tenant another name; its id stays."""
    with connect() as client:
        show_one(client.tenants.rename(tenant, name), TENANT, output)


@app.command("suspend")
def suspend(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """Send its agents away until it is resumed; what is kept stays."""
    with connect() as client:
        show_one(client.tenants.suspend(tenant), TENANT, output)


@app.command("resume")
def resume(tenant: TenantArgument, output: OutputOption = Output.table) -> None:
    """Take its agents again."""
    with connect() as client:
        show_one(client.tenants.resume(tenant), TENANT, output)


@app.command("delete")
def delete(
    tenant: TenantArgument,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Delete a tenant: nobody reaches it any more. Its results go by retention, the audit log never."""
    if not yes:
        typer.confirm(f"delete {tenant}, for good?", abort=True)
    with connect() as client:
        client.tenants.delete(tenant)
    typer.echo(f"{tenant} is deleted")
