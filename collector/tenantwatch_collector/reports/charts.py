"""Charts as SVG text: the timeline strip, lines over steps, bars over steps. Pure; sizes are in points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH = 480
COLOURS = {
    "up": "#4f9d78",
    "degraded": "#e3b341",
    "down": "#b5382c",
    "unknown": "#c4c9d1",
    "maintenance": "#6f93bd",
    "out_of_scope": "#e4e7ec",
    "ahead": "#f8f9fa",
}
INK, FAINT, GRID = "#1d2733", "#6a7480", "#e3e6ea"
_FONT = "font-family='Libertinus Serif' font-size='8'"
_LEFT, _RIGHT, _TOP = 34, 4, 8
_THINNEST = 0.9
"""A stretch is drawn at least so wide: a minute of a month must not vanish."""
_WIDENED = 0.1
"""Of the strip, at most: hundreds of outages must not look like one."""
_WEIGHT = {name: weight for weight, name in enumerate(("up", "out_of_scope", "maintenance", "unknown"))}
PERCENT = " %"
"""What this unit measures is never above 100."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark below a chart; ``at`` is a share of its width."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One value per step, None where there is none."""

    values: Sequence[float | None]
    colour: str
    width: float = 1.2


def strip(stretches: Sequence[tuple[float, float, str]], ticks: Sequence[Tick]) -> str:
    """Classes over the period; ``stretches`` are (start, end, class) as shares of it. Trouble lies on top."""
    height = 26
    thinnest = min(_THINNEST, WIDTH * _WIDENED / max(1, len(stretches)))
    drawn = sorted(stretches, key=lambda each: _WEIGHT.get(each[2], len(_WEIGHT)))
    parts = [f"<rect x='0' y='0' width='{WIDTH}' height='{height}' fill='{COLOURS['ahead']}'/>"]
    for start, end, name in drawn:
        width = max(thinnest, (end - start) * WIDTH)
        x = min(start * WIDTH, WIDTH - width)
        parts.append(
            f"<rect x='{x:.2f}' y='0' width='{width:.2f}' height='{height}' fill='{COLOURS[name]}'/>"
        )
    for tick in ticks:
        x = tick.at * WIDTH
        parts.append(f"<line x1='{x:.2f}' x2='{x:.2f}' y1='{height}' y2='{height + 3}' stroke='{FAINT}'/>")
        place = "start" if tick.at < 0.02 else "end" if tick.at > 0.98 else "middle"
        parts.append(_text(x, height + 11, tick.text, place))
    return _svg(height + 14, parts)


def lines(series: Sequence[Line], ticks: Sequence[Tick], unit: str, limit: float | None) -> str:
    """Lines over equal steps, with the target as a dashed one."""
    height, inner = 110, 84
    top = _ceiling([v for line in series for v in line.values if v is not None], limit)
    parts = _grid(top, inner, unit)
    if limit is not None and limit <= top:
        parts.append(_target(_y(limit, top, inner)))
    for line in series:
        parts += _path(line, top, inner)
    return _svg(height, parts + _marks(ticks, inner))


def bars(
    values: Sequence[float | None],
    ticks: Sequence[Tick],
    unit: str,
    limit: float | None,
    colour: str,
    over: str,
) -> str:
    """A bar per step; those beyond the target in the colour ``over``, a step without value as a faint dot."""
    height, inner = 110, 84
    top = _ceiling([v for v in values if v is not None], limit)
    if unit == PERCENT:
        top = min(top, 100.0)
    parts = _grid(top, inner, unit)
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(values))
    for number, value in enumerate(values):
        x = _LEFT + number * step
        if value is None:
            y: float = _TOP + inner - 2
            parts.append(f"<circle cx='{x + step / 2:.2f}' cy='{y}' r='0.9' fill='{COLOURS['unknown']}'/>")
            continue
        y = _y(value, top, inner)
        fill = over if limit is not None and value > limit else colour
        parts.append(
            f"<rect x='{x + step * 0.15:.2f}' y='{y:.2f}' width='{step * 0.7:.2f}'"
            f" height='{max(0.0, _TOP + inner - y):.2f}' fill='{fill}'/>"
        )
    if limit is not None and limit <= top:
        parts.append(_target(_y(limit, top, inner)))
    return _svg(height, parts + _marks(ticks, inner))


def _svg(height: float, parts: Sequence[str]) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}'"
        f" viewBox='0 0 {WIDTH} {height}'>{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f"<text x='{x:.2f}' y='{y:.2f}' text-anchor='{anchor}' fill='{FAINT}' {_FONT}>{escape(text)}</text>"
    )


def _grid(top: float, inner: float, unit: str) -> list[str]:
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = _y(top * share, top, inner)
        parts.append(
            f"<line x1='{_LEFT}' x2='{WIDTH - _RIGHT}' y1='{y:.2f}' y2='{y:.2f}'"
            f" stroke='{GRID}' stroke-width='0.6'/>"
        )
        parts.append(_text(_LEFT - 4, y + 2.6, f"{top * share:g}{unit if share == 1 else ''}", "end"))
    return parts


def _marks(ticks: Sequence[Tick], inner: float) -> list[str]:
    span = WIDTH - _LEFT - _RIGHT
    return [_text(_LEFT + tick.at * span, _TOP + inner + 11, tick.text, "middle") for tick in ticks]


def _target(y: float) -> str:
    return (
        f"<line x1='{_LEFT}' x2='{WIDTH - _RIGHT}' y1='{y:.2f}' y2='{y:.2f}' stroke='{COLOURS['down']}'"
        " stroke-width='0.8' stroke-dasharray='3 2'/>"
    )


def _path(line: Line, top: float, inner: float) -> list[str]:
    """Runs of neighbours as paths; a value with none on either side as a dot."""
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(line.values))
    parts: list[str] = []
    run: list[str] = []
    for number, value in enumerate([*line.values, None]):
        if value is not None:
            run.append(f"{_LEFT + (number + 0.5) * step:.2f} {_y(value, top, inner):.2f}")
        elif run:
            parts.append(_run(run, line))
            run = []
    return parts


def _run(run: Sequence[str], line: Line) -> str:
    if len(run) == 1:
        x, y = run[0].split()
        return f"<circle cx='{x}' cy='{y}' r='1.4' fill='{line.colour}'/>"
    return (
        f"<path d='M{' L'.join(run)}' fill='none' stroke='{line.colour}' stroke-width='{line.width}'"
        " stroke-linejoin='round'/>"
    )


def _y(value: float, top: float, inner: float) -> float:
    return _TOP + inner * (1 - min(value, top) / top)


def _ceiling(values: Sequence[float], limit: float | None) -> float:
    """A round number above all values, and above the target unless that is far away."""
    highest = max(values, default=0.0)
    if limit is not None and limit <= 4 * highest:
        highest = max(highest, limit)
    if highest <= 0:
        return 1.0 if limit is None or limit <= 0 else _round_up(limit)
    return _round_up(highest * 1.05)


def _round_up(value: float) -> float:
    scale = 10.0 ** floor(log10(value))
    for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        if factor * scale >= value:
            return float(f"{factor * scale:.6g}")
    return float(ceil(value))
