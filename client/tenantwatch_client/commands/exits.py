"""States as exit codes, for scripts that ask for them."""

from __future__ import annotations

from typing import Annotated

import typer

ExitState = Annotated[
    bool,
    typer.Option(
        "--exit-state",
        help="end with 0 healthy or met, 10 degraded or not met so far, 11 unhealthy or breached, 12",
    ),
]
_CODES = {"healthy": 0, "met": 0, "degraded": 10, "not_met_so_far": 10, "unhealthy": 11, "breached": 11}
_UNKNOWN = 12


def exit_as(state: str, wanted: bool) -> None:
    """End the command with the state's code, if that was wanted."""
    if wanted:
        raise typer.Exit(_CODES.get(state, _UNKNOWN))
