"""``make check-keys``: writes down what the agent's checks have as keys, for the collector to know.

Agent and collector import nothing of one another: what each kind of check takes is a file of JSON Schema, as
far as names and types go. A test holds it against the agent.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import types
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tenantwatch_agent.checks.registry import KINDS
from tenantwatch_agent.config.checks import Timing

FILE = Path(__file__).parents[1] / "collector" / "tenantwatch_collector" / "api" / "check_keys.json"
_PLAIN = {str: "string", Path: "string", int: "integer", float: "number", bool: "boolean"}


def written() -> str:
    """The whole file: of each kind the keys that ``[[checks]]`` has with it, but ``id``, ``kind``."""
    kinds = {kind: _table(_settings(kind), Timing) for kind in KINDS}
    for schema in kinds.values():
        for key in ("id", "kind"):
            del schema["properties"][key]
            schema["required"].remove(key)
    return (
        "{\n"
        + ",\n".join(f"{json.dumps(kind)}: {_lines(schema)}" for kind, schema in kinds.items())
        + "\n}\n"
    )


def _lines(schema: dict[str, Any]) -> str:
    """A line for each key, to be compared by people."""
    keys = ",\n".join(f" {json.dumps(key)}: {json.dumps(one)}" for key, one in schema["properties"].items())
    rest = json.dumps({key: value for key, value in schema.items() if key != "properties"})
    return f'{rest[:-1]}, "properties": {{\n{keys}}}}}'


def _settings(kind: str) -> type:
    module: Any = importlib.import_module(f"tenantwatch_agent.checks.{KINDS[kind][0]}")
    settings: type = module.Settings
    return settings


def _table(*classes: type) -> dict[str, Any]:
    properties, required = {}, []
    for cls in classes:
        hints = get_type_hints(cls)
        for field in dataclasses.fields(cls):
            properties[field.name] = _schema(hints[field.name])
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                required.append(field.name)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": sorted(required),
    }


def _schema(kind: Any) -> dict[str, Any]:
    if isinstance(kind, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not types.NoneType)
    origin = get_origin(kind)
    if origin is tuple:
        return {"type": "array", "items": _schema(get_args(kind)[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(get_args(kind)[1])}
    if origin is Literal:
        return {"enum": list(get_args(kind))}
    return _table(kind) if dataclasses.is_dataclass(kind) else {"type": _PLAIN[kind]}  # type: ignore[arg-type]


if __name__ == "__main__":
    FILE.write_text(written())
