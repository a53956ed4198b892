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

from tenantwatch_agent.errors import ConfigurationError, Mistakes

T = TypeVar("T")

MAX_SHOWN = 100
"""Characters of a wrong value that an error tells."""

_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}


def read_table(cls: type[T], table: Mapping[str, Any], where: str, beside: Collection[str] = ()) -> T:
    """An instance of the dataclass. Raises ConfigurationError: where, which keys, what is allowed.

    ``beside`` are keys that are allowed there too and that somebody else reads.
    """
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = get_type_hints(cls)
    mistakes = Mistakes()
    values = {}
    for key, value in table.items():
        with mistakes.noted():
            if key not in fields:
                raise _unknown(key, {*fields, *beside}, where)
            values[key] = _value(hints[key], value, _within(where, key))
    for name, one in fields.items():
        with mistakes.noted():
            required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
            if required and name not in table:
                raise ConfigurationError(f"{_within(where, name)} is missing")
    mistakes.demand_none()
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigurationError(_within(where, str(error))) from None


def _unknown(key: str, known: Collection[str], where: str) -> ConfigurationError:
    # Imported here: an agent that starts well never needs it.
    import difflib

    allowed = sorted(known)
    shown = repr(key[:MAX_SHOWN])
    near = difflib.get_close_matches(key[:MAX_SHOWN], allowed, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return ConfigurationError(_within(where, f"unknown key {shown}{hint} Allowed here: {', '.join(allowed)}"))


def _within(where: str, what: str) -> str:
    return f"{where}: {what}" if where else what


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
    mistakes, read = Mistakes(), []
    for number, item in enumerate(value, 1):
        with mistakes.noted():
            read.append(_value(kind, item, f"{where} number {number}"))
    mistakes.demand_none()
    return tuple(read)


def _by_name(kind: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where} must be a table, not {_shown(value)}")
    mistakes, read = Mistakes(), {}
    for name, item in value.items():
        with mistakes.noted():
            read[name] = _value(kind, item, f"{where}.{name}")
    mistakes.demand_none()
    return read


def _choice(allowed: tuple[str, ...], value: Any, where: str) -> str:
    if value not in allowed:
        choices = ", ".join(f'"{one}"' for one in allowed)
        raise ConfigurationError(f"{where} must be one of {choices}, not {_shown(value)}")
    return str(value)


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is Path and isinstance(value, str):
        return _path(value, where)
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise ConfigurationError(f"{where} is a number of {len(str(abs(value)))} digits: 18 are enough")
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ConfigurationError(f"{where} must be {_NAMES.get(kind, kind)}, not {_shown(value)}")
    return value


def _path(value: str, where: str) -> Path:
    if "\0" in value:
        raise ConfigurationError(f"{where} must be a path, and no path holds a NUL character")
    try:
        return Path(value).expanduser()
    except RuntimeError:
        home = Path(value).parts[0][:MAX_SHOWN]
        raise ConfigurationError(f"{where}: {home} is no user's home here: write the whole path") from None


def _shown(value: Any) -> str:
    """For an error: a list or table is not written out, it may hold secrets."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    shown = repr(value)
    return shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"
