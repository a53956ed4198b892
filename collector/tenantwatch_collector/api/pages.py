"""Cursors: where a page ended, as a text that callers give back and need not understand."""

from __future__ import annotations

import base64
import json

from tenantwatch_collector.errors import RefusedForEver

MAX_CURSOR = 512


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
