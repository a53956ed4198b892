"""What is told by a file, because it is too long for a line."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tenantwatch_client.errors import ClientError

FileArgument = Annotated[Path, typer.Argument(help="a JSON object, as the documentation shows it")]

CheckFile = Annotated[
    Path, typer.Argument(help="the keys of [[checks]] as a JSON object, or a .toml file as agents have them")
]

_MAX_BYTES = 262_144


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object in it. Raises ClientError."""
    found = _parsed(file, json.loads, "JSON")
    if not isinstance(found, dict):
        raise ClientError(f"{file}: must hold one JSON object")
    return found


def read_check(file: Path, check_id: str) -> dict[str, Any]:
    """The check of that id, without it: by itself, as ``check`` of a request, or in ``[[checks]]``.

    Raises ClientError.
    """
    found = _parsed(file, tomllib.loads, "TOML") if file.suffix == ".toml" else read_object(file)
    if isinstance(found.get("check"), dict):
        found = found["check"]
    if isinstance(found.get("checks"), list):
        named = [one for one in found["checks"] if isinstance(one, dict) and one.get("id") == check_id]
        if len(named) != 1:
            raise ClientError(f"{file}: one of its [[checks]] must have id = {check_id!r}")
        found = named[0]
    if found.get("id", check_id) != check_id:
        raise ClientError(f"{file}: is of the check {found['id']!r}: assign it as that, or leave out id")
    return {key: value for key, value in found.items() if key != "id"}


def _parsed(file: Path, parse: Callable[[str], Any], form: str) -> Any:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MAX_BYTES + 1)
        if len(raw) > _MAX_BYTES:
            raise ClientError(f"{file}: is longer than {_MAX_BYTES} bytes")
        return parse(raw.decode())
    except OSError as error:
        raise ClientError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ClientError(f"{file}: is not {form}: {error}") from None
