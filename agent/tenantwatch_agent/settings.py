"""Reads a table of settings into a dataclass: unknown keys and wrong values are refused by name.

A field may be a text, number, truth value, Path, a choice of texts (``Literal``), another such dataclass, a
list (``tuple[X, ...]``) or a table (``dict[str, X]``) of these, and any of them or None.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from tenantwatch_agent.errors import ConfigurationError

T = TypeVar("T")

_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}


def read_table(cls: type[T], table: Mapping[str, Any], where: str, beside: Collection[str] = ()) -> T:
    """An instance of the dataclass. Raises ConfigurationError: where, which key, what is allowed.

    ``beside`` are keys that are allowed there too and that somebody else reads.
    """
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = get_type_hints(cls)
    for key in table:
        if key not in fields:
            # Imported here: an agent that starts well never needs it.
            import difflib

            allowed = sorted({*fields, *beside})
            near = difflib.get_close_matches(key, allowed, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise ConfigurationError(f"{where}: unknown key {key!r}{hint} Allowed here: {', '.join(allowed)}")
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
        return _list(get_args(kind)[0], value, where)
    if origin is dict:
        return _by_name(get_args(kind)[1], value, where)
    if origin is Literal:
        return _choice(get_args(kind), value, where)
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, dict):
            raise ConfigurationError(f"{where} must be a table, not {_shown(value)}")
        return read_table(kind, value, where)  # type: ignore[arg-type]
    return _scalar(kind, value, where)


def _list(kind: Any, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ConfigurationError(f"{where} must be a list, not {_shown(value)}")
    return tuple(_value(kind, item, f"{where} number {number}") for number, item in enumerate(value, 1))


def _by_name(kind: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where} must be a table, not {_shown(value)}")
    return {name: _value(kind, item, f"{where}.{name}") for name, item in value.items()}


def _choice(allowed: tuple[str, ...], value: Any, where: str) -> str:
    if value not in allowed:
        choices = ", ".join(f'"{one}"' for one in allowed)
        raise ConfigurationError(f"{where} must be one of {choices}, not {_shown(value)}")
    return str(value)


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser()
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise ConfigurationError(f"{where} must be {_NAMES.get(kind, kind)}, not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    """For an error: a list or table is not written out, it may hold secrets."""
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else repr(value)
