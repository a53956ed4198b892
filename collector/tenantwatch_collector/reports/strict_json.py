"""JSON that others wrote: read within a bound, each name once in an object, every number a finite one.

What is signed means one thing to every reader only if no name stands twice: readers
differ in which of the two counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def read_json(path: Path, max_bytes: int) -> Any:
    """The file's value; of one without end no more than the bound is read. Raises OSError or ValueError."""
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"more than {max_bytes} bytes; at most these are read")
    return parse_json(content)


def parse_json(text: str | bytes) -> Any:
    """Raises ValueError on what is no JSON, or means more than one thing."""
    try:
        return json.loads(
            text, object_pairs_hook=_each_once, parse_float=_finite, parse_constant=_refuse_constant
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 text: {error.reason} at byte {error.start}") from error


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'"{twice[:80]}" stands more than once in one object')
    return found


def _finite(text: str) -> float:
    value = float(text)
    lost = value == 0 and any(digit in "123456789" for digit in text.lower().partition("e")[0])
    if lost or value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]} is no number that can be kept: too great or too small")
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
