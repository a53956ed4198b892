"""Values put into texts where their name stands in braces: ``/orders/{order_id}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

NAME = re.compile(r"[a-z_][a-z0-9_]{0,63}")

_PLACE = re.compile(rf"\{{({NAME.pattern})\}}")


def fill(text: str, values: Mapping[str, str], write: Callable[[str], str] = str) -> str:
    """Names that have no value stay as they are: braces are common in bodies."""
    return _PLACE.sub(lambda place: write(values[place[1]]) if place[1] in values else place[0], text)


def names(text: str) -> set[str]:
    """Everything that looks like a place for a value."""
    return set(_PLACE.findall(text))
