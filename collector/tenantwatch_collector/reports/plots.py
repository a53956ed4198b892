"""A document's timeline and trends as charts, with marks at round local times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports import charts
from tenantwatch_collector.reports.charts import COLOURS, Line, Tick
from tenantwatch_collector.reports.words import Document, instant


def strip_of(detail: Document, document: Document, zone: ZoneInfo) -> str:
    period = document["report_period"]
    start = instant(period["start"]).timestamp()
    end = instant(period["end"]).timestamp()
    length = max(1.0, end - start)
    shares = [
        ((float(low) - start) / length, (float(high) - start) / length, name)
        for low, high, name in detail["timeline"]
    ]
    return charts.strip(shares, _ticks(start, end, zone))


def _ticks(start: float, end: float, zone: ZoneInfo) -> list[Tick]:
    """Some eight local instants at round places."""
    hours = (end - start) / 3600
    day = datetime.fromtimestamp(start, zone)
    if hours <= 50:
        step, form = timedelta(hours=3 if hours <= 26 else 6), "%H:%M"
    elif hours <= 24 * 40:
        step, form = timedelta(days=1 if hours <= 24 * 10 else 5), "%-d %b"
    else:
        return _month_ticks(start, end, zone)
    ticks: list[Tick] = []
    local = day
    while local.timestamp() < end and len(ticks) < 20:
        ticks.append(Tick((local.timestamp() - start) / (end - start), local.strftime(form)))
        local = (local.replace(tzinfo=None) + step).replace(tzinfo=zone)
    return ticks


def _month_ticks(start: float, end: float, zone: ZoneInfo) -> list[Tick]:
    """The first of every month; of every second one where there are many."""
    local = datetime.fromtimestamp(start, zone).replace(tzinfo=None, day=1, hour=0, minute=0, second=0)
    ticks: list[Tick] = []
    while (moment := local.replace(tzinfo=zone).timestamp()) < end and len(ticks) < 20:
        if moment >= start:
            ticks.append(Tick((moment - start) / (end - start), local.strftime("%-d %b")))
        local = (local + timedelta(days=32)).replace(day=1)
    return ticks if len(ticks) < 8 else ticks[::2]


def trend_charts(document: Document, zone: ZoneInfo, targets: Document | None) -> dict[str, str]:
    """Charts of down time, response times and errors; empty where there is nothing to see."""
    points = document["trends"]
    ticks = _step_ticks(points, zone)
    limits = {} if targets is None else {name: float(value) for name, value in targets.items()}
    red = COLOURS["down"]
    down = [None if p["availability"] is None else p["downtime_minutes"] for p in points]
    errors = [p["error_rate"] for p in points]
    return {
        "step": step_word(points),
        "downtime_chart": _bars_or_nothing(down, ticks, " min", None, red),
        "response_chart": _response(points, ticks, limits.get("response_time_ms")),
        "error_chart": _bars_or_nothing(
            errors, ticks, charts.PERCENT, limits.get("error_rate_percentage"), "#7d8fa3"
        ),
    }


def _bars_or_nothing(
    values: Sequence[float | None], ticks: Sequence[Tick], unit: str, limit: float | None, colour: str
) -> str:
    if not any(values):
        return ""
    return charts.bars(values, ticks, unit, limit, colour, COLOURS["down"])


def _response(points: Sequence[Document], ticks: Sequence[Tick], limit: float | None) -> str:
    mean = [p["avg_response_time"] for p in points]
    if all(value is None for value in mean):
        return ""
    slowest = Line([p["p95_response_time"] for p in points], "#a9bdd4")
    return charts.lines([slowest, Line(mean, "#2f5f8f", 1.6)], ticks, " ms", limit)


def step_word(points: Sequence[Document]) -> str:
    if not points:
        return "step"
    hours = (instant(points[0]["to"]) - instant(points[0]["from"])).total_seconds() / 3600
    return "hour" if hours <= 1 else "day" if hours <= 26 else "week" if hours <= 24 * 8 else "month"


def _step_ticks(points: Sequence[Document], zone: ZoneInfo) -> list[Tick]:
    form = {"hour": "%H:%M", "month": "%b"}.get(step_word(points), "%-d %b")
    every = max(1, -(-len(points) // 8))
    return [
        Tick((number + 0.5) / len(points), instant(point["from"]).astimezone(zone).strftime(form))
        for number, point in enumerate(points)
        if number % every == 0
    ]
