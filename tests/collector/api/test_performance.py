"""Performance out of rollups: spans add up, and empty ones say nothing."""

from __future__ import annotations

from datetime import date

from tenantwatch_collector.api.measured import TenantFigures
from tenantwatch_collector.api.performance import performance, width_of
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.sparse import encode_counts
from tenantwatch_collector.store.base import Rollup

HOUR_US = 3_600_000_000
NOTHING = TenantFigures(**dict.fromkeys(TenantFigures.model_fields))


def rollup(start_us: int, width_s: int, latencies_us: list[int], failed: int) -> Rollup:
    histogram = LatencyHistogram.of(latencies_us)
    half_ms = width_s * 500
    return Rollup(
        tenant_key=1,
        check_key=1,
        width_s=width_s,
        start_us=start_us,
        healthy=len(latencies_us),
        degraded=0,
        unhealthy=failed,
        unknown=1,
        latency_count=histogram.count,
        latency_sum_us=histogram.sum_us,
        latency_max_us=histogram.max_us,
        histogram=encode_counts(histogram.counts),
        healthy_ms=half_ms,
        degraded_ms=0,
        unhealthy_ms=half_ms if failed else 0,
        unknown_ms=0 if failed else half_ms,
        known_at_us=0,
    )


def test_hours_and_quarters_of_an_hour_together() -> None:
    rollups = [
        rollup(0, 3600, [100, 200], 2),
        rollup(HOUR_US, 900, [200], 0),
        rollup(HOUR_US + 900_000_000, 900, [], 1),
    ]
    day = date(1970, 1, 1)
    told = performance("acme", (day, day), 3600, rollups, NOTHING)
    first, second = told.points
    assert (first.results, first.response_time_ms, first.error_rate) == (4, 0.15, 50.0)
    assert (second.results, second.response_time_ms, second.error_rate) == (2, 0.2, 50.0)
    assert (second.end - second.start).total_seconds() == 3600
    assert (first.healthy_percent, second.healthy_percent) == (50.0, 200 / 3)
    assert (told.summary.results, told.summary.max_response_time_ms) == (6, 0.2)


def test_nothing_measured_is_null() -> None:
    day = date(2025, 1, 1)
    told = performance("acme", (day, day), 900, [], NOTHING)
    assert (told.points, told.summary.results) == ([], 0)
    assert told.summary.response_time_ms is None
    assert told.summary.healthy_percent is None


def test_points_grow_with_the_span() -> None:
    assert [width_of(days * 86_400) for days in (1, 2, 3, 31, 32)] == [900, 900, 3600, 3600, 86_400]
