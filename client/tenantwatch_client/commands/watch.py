"""`tenantwatch watch`: a live table, the worst first."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from tenantwatch_client.client import Client
from tenantwatch_client.commands import alert, tenant
from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import styled, table
from tenantwatch_client.errors import Unreachable


def watch(
    every: Annotated[float, typer.Option(min=0.5, help="seconds between two looks")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="print it once and end")] = False,
) -> None:
    """Watch health and alerts, the worst first, until Ctrl-C."""
    console = Console()
    with connect() as client:
        if once or not console.is_terminal:
            console.print(_picture(client, console.height))
            return
        try:
            with Live(_picture(client, console.height), console=console, screen=True) as live:
                while True:
                    time.sleep(every)
                    live.update(_or_trouble(client, console.height, live.get_renderable()))
        except KeyboardInterrupt:
            return


def _picture(client: Client, height: int) -> Group:
    rows = max(3, (height - 8) // 2)
    overview = client.health.platform(limit=rows)
    health = overview["platform_health"]
    counts = Text.assemble(
        "platform ",
        styled(health["overall_status"]),
        f"   tenants {health['total_tenants']}: {health['healthy_tenants']} healthy,"
        f" {health['degraded_tenants']} degraded, {health['unhealthy_tenants']} unhealthy,"
        f" {health['unknown_tenants']} unknown   alerts {health['active_alerts']}",
        f"   {time.strftime('%H:%M:%S')}",
    )
    alerts = client.alerts.list(status="active", limit=rows)
    return Group(counts, "", table(overview["tenants"], tenant.COLUMNS), "", table(alerts, alert.COLUMNS))


def _or_trouble(client: Client, height: int, last: object) -> Group:
    """What was seen last stays, under a line that says that it is old."""
    try:
        return _picture(client, height)
    except Unreachable as error:
        parts = list(last.renderables) if isinstance(last, Group) else []
        shown = [part for part in parts if not (isinstance(part, Text) and part.style == "bold red")]
        return Group(Text(f"{error}; what follows is old", "bold red"), *shown)


def add_commands(app: typer.Typer) -> None:
    app.command()(watch)
