"""What a monitoring plugin writes: one line of text, and performance data after a ``|``.

``'label'=value[unit];[warning];[critical];[minimum];[maximum]``; warning and critical are ranges such as
``10``, ``10:``, ``~:10``, ``10:20`` and ``@10:20``. What does not follow the guidelines is left out.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

MAX_ITEMS = 64
MAX_PERFORMANCE_LENGTH = 8 * 1024

_ITEM = re.compile(
    r"(?<!\S)(?:'(?P<quoted>(?:[^'=]|''){1,128})'|(?P<plain>[^\s'=]{1,128}))"
    r"=(?P<value>-?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]{1,3})?|-?\.[0-9]+|U)(?P<unit>[A-Za-z%][A-Za-z/%]*)?"
    r"(?:;(?P<warning>[^\s;]*))?(?:;(?P<critical>[^\s;]*))?(?:;[^\s;]*){0,2};?(?=\s|$)"
)
_NUMBER = r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_RANGE = re.compile(rf"(?P<inside>@)?(?:(?P<start>~|{_NUMBER})?(?P<colon>:))?(?P<end>{_NUMBER})?")

# unit as written: (what is appended to the name, factor to that unit)
_UNITS = {
    "": ("", 1.0),
    "s": ("_seconds", 1.0),
    "ms": ("_seconds", 1e-3),
    "us": ("_seconds", 1e-6),
    "%": ("_percent", 1.0),
    "B": ("_bytes", 1.0),
    "KB": ("_bytes", 1024.0),
    "MB": ("_bytes", 1024.0**2),
    "GB": ("_bytes", 1024.0**3),
    "TB": ("_bytes", 1024.0**4),
    "KiB": ("_bytes", 1024.0),
    "MiB": ("_bytes", 1024.0**2),
    "GiB": ("_bytes", 1024.0**3),
    "TiB": ("_bytes", 1024.0**4),
    "c": ("_total", 1.0),
}


@dataclass(frozen=True, slots=True)
class Range:
    """Alerts outside of start to end, or ``inside`` of it; ends belong to it."""

    start: float
    end: float
    inside: bool = False

    def alerts(self, value: float) -> bool:
        return (self.start <= value <= self.end) is self.inside


@dataclass(frozen=True, slots=True)
class Item:
    """One figure in a base unit, which its name ends with; ranges are in the same unit."""

    name: str
    value: float
    warning: Range | None = None
    critical: Range | None = None


def read_range(text: str, factor: float = 1.0) -> Range | None:
    """None for what is no range."""
    match = _RANGE.fullmatch(text)
    if match is None or (not match["colon"] and match["end"] is None):
        return None
    start = -math.inf if match["start"] == "~" else float(match["start"] or 0) * factor
    end = math.inf if match["end"] is None else float(match["end"]) * factor
    return Range(start, end, bool(match["inside"])) if start <= end else None


def read_output(output: str) -> tuple[str, list[Item]]:
    """The first line's text, and the figures of all lines."""
    lines = output.strip().splitlines()
    text, _, performance = lines[0].partition("|") if lines else ("", "", "")
    in_performance = False
    for line in lines[1:]:
        if in_performance:
            performance += f" {line}"
        elif "|" in line:
            in_performance = True
            performance += f" {line.partition('|')[2]}"
    return text.strip(), _items(performance)


def _items(performance: str) -> list[Item]:
    if len(performance) > MAX_PERFORMANCE_LENGTH:
        # At a blank: half a figure would be a wrong one.
        performance = performance[:MAX_PERFORMANCE_LENGTH].rpartition(" ")[0]
    found: list[Item] = []
    for match in _ITEM.finditer(performance):
        if len(found) == MAX_ITEMS:
            break
        if match["value"] != "U" and (item := _item(match)) is not None:
            found.append(item)
    return found


def _item(match: re.Match[str]) -> Item | None:
    """None for a figure larger than numbers go."""
    label = match["plain"] or match["quoted"].replace("''", "'")
    unit = match["unit"] or ""
    suffix, factor = _UNITS.get(unit, (f"_{unit}", 1.0))
    name = label if label.endswith(suffix) else label + suffix
    warning, critical = (read_range(match[key] or "", factor) for key in ("warning", "critical"))
    value = float(match["value"]) * factor
    return Item(name, value, warning, critical) if math.isfinite(value) else None
