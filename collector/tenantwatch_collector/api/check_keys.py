"""What an assigned check may hold, as far as it can be said here: names, types, ranges, addresses.

What only an agent can judge, such as files, expressions, and what its operator allows, it judges when it is
given the check.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

MAX_PROBLEMS = 10
_TYPES: Mapping[str, type] = {"string": str, "integer": int, "number": float, "boolean": bool}
_RANGES = {
    "interval_seconds": (0.1, 86_400),
    "timeout_seconds": (0.05, 600),
    "retries": (0, 10),
    "retry_delay_seconds": (0, 600),
    "confirm_failures": (1, 100),
    "confirm_successes": (1, 100),
}
_HTTP = ("http", "https")
_SCHEMES = {
    "http_endpoint": _HTTP,
    "redis_connectivity": ("redis", "rediss"),
    "database_connectivity": ("postgresql", "postgres", "mysql", "mariadb"),
}
_ADDRESS = re.compile(r"[^\s/]+:(\d{1,5})")


def problems(kind: str, check: Mapping[str, Any]) -> list[str]:
    """What is wrong with a check of that kind, whose other keys these are; empty where nothing is."""
    try:
        _model(kind).model_validate(dict(check))
    except ValidationError as error:
        return [_worded(kind, each) for each in error.errors()[:MAX_PROBLEMS]]
    return [*_out_of_range(check), *_addresses(kind, check)][:MAX_PROBLEMS]


def _out_of_range(check: Mapping[str, Any]) -> Iterator[str]:
    for key, (least, most) in _RANGES.items():
        if key in check and not least <= check[key] <= most:
            yield f"{key} must be {least} to {most}"
    low, high = check.get("degraded_after_ms"), check.get("unhealthy_after_ms")
    if low is not None and high is not None and low > high:
        yield "degraded_after_ms must be at most unhealthy_after_ms"


def _addresses(kind: str, check: Mapping[str, Any]) -> Iterator[str]:
    """Nothing of an address is quoted: there may be a secret in it."""
    if "address" in check and not _is_host_and_port(check["address"]):
        yield "address: write HOST:PORT"
    if kind in _SCHEMES and "url" in check and not _begins(check["url"], _SCHEMES[kind]):
        yield f"url: write {' or '.join(f'{one}://HOST' for one in _SCHEMES[kind])}"
    for number, step in enumerate(check.get("steps", []), 1):
        # What stands in braces is filled in with each look.
        if "{" not in step["url"] and not _begins(step["url"], _HTTP):
            yield f"steps number {number}: url: write http://HOST or https://HOST"


def _is_host_and_port(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    return found is not None and 0 < int(found[1]) < 65_536


def _begins(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        return urlsplit(url).scheme in schemes
    except ValueError:
        return False


@cache
def _schemas() -> dict[str, Any]:
    """What the agent's kinds take, by kind."""
    text = (resources.files("tenantwatch_collector.api") / "check_keys.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def _model(kind: str) -> type[BaseModel]:
    return _table(_schemas()[kind])


def _table(schema: Mapping[str, Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (_type(one), ... if name in schema["required"] else None)
        for name, one in schema["properties"].items()
    }
    return create_model("Check", __config__=ConfigDict(extra="forbid", strict=True), **fields)


def _type(schema: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return Literal[tuple(schema["enum"])]
    if schema["type"] == "array":
        return list[_type(schema["items"])]  # type: ignore[misc]
    if "properties" in schema:
        return _table(schema)
    if schema["type"] == "object":
        return dict[str, _type(schema["additionalProperties"])]  # type: ignore[misc]
    return _TYPES[schema["type"]]


def _worded(kind: str, error: Any) -> str:
    *table, key = error["loc"]
    where = f"{_place(table)}: " if table else ""
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(key), _keys(kind, table), 1)
        return f"{where}unknown key {str(key)[:100]!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if error["type"] == "missing":
        return f"{where}{key} is missing"
    return f"{_place(error['loc'])} {error['msg'].removeprefix('Input ')}"


def _place(location: Iterable[str | int]) -> str:
    """As in ``steps number 2: url``."""
    text = ""
    for part in location:
        text += f" number {part + 1}" if isinstance(part, int) else f"{': ' if text else ''}{part}"
    return text


def _keys(kind: str, table: list[Any]) -> list[str]:
    """The keys that the check has, or a table within it."""
    schema: Any = _schemas()[kind]
    for part in table:
        schema = schema["items"] if isinstance(part, int) else schema["properties"][part]
    return list(schema["properties"])
