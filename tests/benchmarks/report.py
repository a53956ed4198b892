"""One figure of the benchmarks, and how it is shown and kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """``ratio`` is value ÷ against, where ``against`` is what was measured in the same run, or the aim."""

    name: str
    value: float
    unit: str
    against: float | None
    ratio: float | None
    method: str


def figure(name: str, value: float, unit: str, against: float | None, method: str) -> Figure:
    """A figure with its ratio worked out and everything rounded to four digits."""
    ratio = _digits(value / against) if against else None
    return Figure(name, _digits(value), unit, None if against is None else _digits(against), ratio, method)


def _digits(value: float) -> float:
    return float(f"{value:.4g}")


def table(figures: list[Figure]) -> str:
    """Lines for people: name, value, what it is compared with, ratio."""
    rows = [("name", "value", "unit", "against", "ratio")]
    rows += [(f.name, f"{f.value:g}", f.unit, _cell(f.against), _cell(f.ratio)) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def write(figures: list[Figure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(each) for each in figures], indent=2) + "\n")
