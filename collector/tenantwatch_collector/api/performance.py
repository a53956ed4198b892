"""Performance out of rollups: counts add up and histograms merge, so every figure is exact or a bucket's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from tenantwatch_collector.api.measured import (
    Performance,
    PerformanceMetrics,
    PerformancePoint,
    TenantFigures,
)
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.sparse import decode_counts
from tenantwatch_collector.store.base import Rollup

_QUARTER_S, _HOUR_S, _DAY_S = 900, 3_600, 86_400


def width_of(length_s: int) -> int:
    """How long a point is: a quarter of an hour within two days, an hour within a month, else a day."""
    if length_s <= 2 * _DAY_S:
        return _QUARTER_S
    return _HOUR_S if length_s <= 31 * _DAY_S else _DAY_S


def performance(
    tenant_id: str, days: tuple[date, date], width_s: int, rollups: Sequence[Rollup], now: TenantFigures
) -> PerformanceMetrics:
    """One point for each span of which there is anything, and all of them together."""
    width_us = width_s * 1_000_000
    spans: dict[int, list[Rollup]] = {}
    for rollup in rollups:
        spans.setdefault(rollup.start_us // width_us * width_us, []).append(rollup)
    points = [
        PerformancePoint(
            start=instant(start_us), end=instant(start_us + width_us), **_together(found).model_dump()
        )
        for start_us, found in sorted(spans.items())
    ]
    return PerformanceMetrics(
        tenant_id=tenant_id,
        start_date=days[0],
        end_date=days[1],
        interval_s=width_s,
        summary=_together(rollups),
        points=points,
        current=now,
    )


def _together(rollups: Iterable[Rollup]) -> Performance:
    latency = LatencyHistogram()
    measured = failed = healthy_ms = known_ms = 0
    for rollup in rollups:
        measured += rollup.healthy + rollup.degraded + rollup.unhealthy
        failed += rollup.unhealthy
        healthy_ms += rollup.healthy_ms
        known_ms += rollup.healthy_ms + rollup.degraded_ms + rollup.unhealthy_ms
        latency.merge(
            LatencyHistogram(
                decode_counts(rollup.histogram),
                rollup.latency_count,
                rollup.latency_sum_us,
                rollup.latency_max_us,
            )
        )
    mean, p95 = latency.mean_ms(), latency.percentile_us(95)
    return Performance(
        results=measured,
        response_time_ms=None if mean is None else float(mean),
        p95_response_time_ms=None if p95 is None else p95 / 1000,
        max_response_time_ms=None if latency.max_us is None else latency.max_us / 1000,
        error_rate=100 * failed / measured if measured else None,
        healthy_percent=100 * healthy_ms / known_ms if known_ms else None,
    )
