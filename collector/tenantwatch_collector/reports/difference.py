"""Where a report and what follows from its facts part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Difference(ValueError):
    """The first thing in a report that does not hold."""


def first_difference(told: Any, found: Any, name: str) -> str:
    """Where two JSON values part, with both; an empty text if nowhere."""
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys([*told, *found]):
            if key not in told or key not in found:
                return f"{_of(name, key)}: only in the {'report' if key in told else 'recomputed report'}"
            difference = first_difference(told[key], found[key], _of(name, key))
            if difference:
                return difference
        return ""
    if isinstance(told, list) and isinstance(found, list):
        if len(told) != len(found):
            return f"{name}: the report has {len(told)} entries, {len(found)} follow"
        pairs = enumerate(zip(told, found, strict=True))
        return next(filter(None, (first_difference(a, b, f"{name}[{n}]") for n, (a, b) in pairs)), "")
    # To Python 1 is true, and to nobody else.
    same = told == found and isinstance(told, bool) == isinstance(found, bool)
    return "" if same else f"{name}: the report says {told}, {found} follows"


def _of(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
