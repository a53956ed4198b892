"""Reads a table of settings into a dataclass: unknown keys and wrong values are refused by name."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from tenantwatch_agent.errors import ConfigurationError

T = TypeVar("T")


def read_table(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """An instance of the dataclass. Raises ConfigurationError: where, which key, what is allowed."""
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = get_type_hints(cls)
    for key in table:
        if key not in fields:
            # Imported here: an agent that starts well never needs it.
            import difflib

            near = difflib.get_close_matches(key, fields, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise ConfigurationError(
                f"{where}: unknown key {key!r}{hint} Allowed here: {', '.join(sorted(fields))}"
            )
    values = {key: _value(hints[key], value, f"{where}: {key}") for key, value in table.items()}
    for name, one in fields.items():
        required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise ConfigurationError(f"{where}: {name} is missing")
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def _value(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not types.NoneType)
    origin = get_origin(kind)
    if origin is tuple:
        if not isinstance(value, list):
            raise ConfigurationError(f"{where} must be a list, not {value!r}")
        return tuple(_value(get_args(kind)[0], item, where) for item in value)
    if origin is dict:
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise ConfigurationError(f"{where} must be a table of texts, not {value!r}")
        return value
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser()
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
        raise ConfigurationError(f"{where} must be {names.get(kind, kind)}, not {value!r}")
    return value
