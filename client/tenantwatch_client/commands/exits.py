"""States as exit codes, for scripts that ask for them."""

from __future__ import annotations

from typing import Annotated

import typer

ExitState = Annotated[
    bool,
    typer.Option(
        "--exit-state",
        help="end with the state's code: 0 is good, `tenantwatch --help` has the others",
    ),
]
_CODES = {"healthy": 0, "met": 0, "degraded": 10, "not_met_so_far": 10, "unhealthy": 11, "breached": 11}
_UNKNOWN = 12


def exit_as(state: str, wanted: bool) -> None:
    """End the command with the state's code, if that was wanted."""
    if wanted:
        raise typer.Exit(_CODES.get(state, _UNKNOWN))
