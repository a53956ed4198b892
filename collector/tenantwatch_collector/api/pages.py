"""Pages of lists, and cursors: where a page ended, as a text that callers need not understand."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tenantwatch_collector.errors import RefusedForEver

MAX_CURSOR = 512
MAX_LIMIT = 1_000

Item = TypeVar("Item")


def bounded(name: str, value: int, most: int) -> int:
    """The value, if it lies in 1..most; else RefusedForEver."""
    if not 1 <= value <= most:
        raise RefusedForEver(f"{name} must be 1 to {most}")
    return value


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for: at most ``limit``, from where ``cursor`` says on."""

    limit: int = MAX_LIMIT
    cursor: str = ""

    def of(
        self, items: Sequence[Item], place: Callable[[Item], int | str]
    ) -> tuple[Sequence[Item], str | None]:
        """The page, and the next one's cursor. ``place`` is each one's own, and they are in its order."""
        limit = bounded("limit", self.limit, MAX_LIMIT)
        kind = int if items and isinstance(place(items[0]), int) else str
        if items and (after := place_of(self.cursor, kind)) is not None:
            items = [item for item in items if (place(item),) > after]
        page = items[:limit]
        return page, cursor_of(place(page[-1])) if len(items) > limit else None


def cursor_of(*place: int | str) -> str:
    """The place as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(cursor: str, *kinds: type[int] | type[str]) -> tuple[int | str, ...] | None:
    """The place behind a cursor of this kind, None for an empty one; RefusedForEver for any other text."""
    if not cursor:
        return None
    try:
        if len(cursor) > MAX_CURSOR:
            raise ValueError
        place = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (ValueError, RecursionError):
        place = None
    if (
        not isinstance(place, list)
        or [type(part) for part in place] != list(kinds)
        or any(isinstance(part, int) and not -(2**62) < part < 2**62 for part in place)
        or any(isinstance(part, str) and "\x00" in part for part in place)
    ):
        raise RefusedForEver("cursor: write one that an earlier answer gave")
    return tuple(place)
