"""What is told by a file, because it is too long for a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tenantwatch_client.errors import ClientError

FileArgument = Annotated[Path, typer.Argument(help="a JSON object, as the documentation shows it")]

_MAX_BYTES = 262_144


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object in it. Raises ClientError."""
    try:
        with file.open("rb") as opened:
            found = json.loads(opened.read(_MAX_BYTES))
    except OSError as error:
        raise ClientError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ClientError(f"{file}: is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ClientError(f"{file}: must hold one JSON object")
    return found
