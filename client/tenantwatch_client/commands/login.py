"""`tenantwatch login`, `logout`, `whoami`: who asks."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from tenantwatch_client.commands.profile import Profile, current, forget, keep, read_token
from tenantwatch_client.errors import NotFound, Unreachable

_PAGE = re.compile(r"/(admin|api/v1|openapi\.json)([/?#].*)?$")
"""What people copy with the address: the dashboard's pages and the interface's own paths."""
_WRITE = "write https://HOST:PORT, without a path; its port is 8000 by default, and 50051 is that of gRPC"


def login(
    url: Annotated[str, typer.Argument(help="the collector's REST address")] = "http://127.0.0.1:8000",
    token_file: Annotated[
        Path | None,
        typer.Option(help="holds the token; without it the token is asked for, or read from a pipe"),
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="the authority of its certificate, if not one of the system's")
    ] = None,
) -> None:
    """Try a token at a collector and keep both for the commands that follow (mode 0600)."""
    if token_file is not None:
        token = read_token(token_file)
    elif sys.stdin.isatty():
        token = typer.prompt("token", hide_input=True).strip()
    else:
        token = sys.stdin.readline(65_536).strip()
    address = _PAGE.sub("", url).rstrip("/")
    profile = Profile(address, token, "" if ca_file is None else str(ca_file.expanduser().resolve()))
    try:
        with profile.client() as client:
            overview = client.health.platform(limit=1)
    except (NotFound, Unreachable) as error:
        raise Unreachable(
            f"{error}; {address} must be the address of a collector's REST interface: {_WRITE}"
        ) from None
    where = keep(profile)
    typer.echo(
        f"signed in to {profile.url}, {_counted(overview['platform_health']['total_tenants'])};", nl=False
    )
    typer.echo(f" kept in {where}")


def logout() -> None:
    """Forget the collector and the token that `login` kept. The token itself stays valid."""
    typer.echo("forgotten" if forget() else "nothing was kept")


def whoami() -> None:
    """Say which collector is asked, and try the token."""
    profile = current()
    with profile.client() as client:
        overview = client.health.platform(limit=1)
    typer.echo(f"{profile.url}, {_counted(overview['platform_health']['total_tenants'])}")


def _counted(tenants: int) -> str:
    return f"{tenants} tenant{'' if tenants == 1 else 's'} in reach"


def add_commands(app: typer.Typer) -> None:
    for command in (login, logout, whoami):
        app.command()(command)
