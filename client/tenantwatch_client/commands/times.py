"""Times as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_SPAN = re.compile(r"(\d+)(s|min|m|h|d)")
_UNITS = {"s": "seconds", "min": "minutes", "m": "minutes", "h": "hours", "d": "days"}


def moment(text: str) -> datetime:
    """RFC 3339, or from now on such as ``90min``, ``2h``, ``7d``. Raises BadParameter."""
    span = _SPAN.fullmatch(text)
    if span is not None and len(span[1]) < 7:
        return datetime.now(UTC) + timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter("write 90min, 2h or 7d from now, or a time with its zone: 2026-01-31T20:00Z")
    return found
