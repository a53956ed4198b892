"""All families of commands as one program."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

from tenantwatch_client.commands import (
    agent,
    alert,
    audit,
    check,
    login,
    report,
    rule,
    silence,
    sla,
    tenant,
    watch,
)

_HELP = (
    "Ask a tenantwatch collector, and tell it what to do.\n\n"
    "Begin with `tenantwatch login http://127.0.0.1:8000 --token-file FILE`. Scripts set TENANTWATCH_URL and"
    " TENANTWATCH_TOKEN (or TENANTWATCH_TOKEN_FILE) instead. Answers are tables for people and, with"
    " `--output json` or `--output csv`, whole for pipes."
)
_EXITS = (
    "Exit codes: 0 done; 1 refused or failed; 2 wrong use; 3 no answer; 4 not signed in or not allowed;"
    " 5 there is none. With --exit-state: 10 degraded or not met so far, 11 unhealthy or breached, 12 unknown"
    " or not proved."
)

app = typer.Typer(
    help=_HELP, epilog=_EXITS, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tenantwatch {metadata.version('tenantwatch')}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", help="say which build this is", is_eager=True, callback=_tell_version),
]


@app.callback()
def program(version: Version = False) -> None:
    """What stands before the name of a command."""


login.add_commands(app)
watch.add_commands(app)
audit.add_commands(app)
for name, family in (
    ("tenant", tenant.app),
    ("check", check.app),
    ("agent", agent.app),
    ("alert", alert.app),
    ("sla", sla.app),
    ("report", report.app),
    ("rule", rule.app),
    ("silence", silence.app),
):
    app.add_typer(family, name=name)
