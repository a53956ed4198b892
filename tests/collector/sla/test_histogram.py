"""Latency percentiles: bounded error, and merging that loses nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.sla.histogram import LatencyHistogram, bucket_of, highest_of
from tenantwatch_collector.sla.sparse import encode_counts

LATENCIES = st.lists(st.integers(0, 10**8), max_size=60)


@settings(deadline=None)
@given(st.integers(0, 2**48))
def test_a_bucket_is_narrow_and_holds_its_latency(latency_us: int) -> None:
    highest = highest_of(bucket_of(latency_us))
    assert bucket_of(highest) == bucket_of(latency_us) < bucket_of(highest + 1)
    assert latency_us <= highest
    if latency_us < 256:
        assert highest == latency_us
    else:
        assert (highest - latency_us) / latency_us < 0.0079


@settings(deadline=None)
@given(LATENCIES, LATENCIES)
def test_merged_histograms_equal_one(left: list[int], right: list[int]) -> None:
    merged, other = LatencyHistogram.of(left), LatencyHistogram.of(right)
    merged.merge(other)
    assert merged == LatencyHistogram.of(left + right)
    assert other == LatencyHistogram.of(right)


@settings(deadline=None)
@given(st.lists(LATENCIES, max_size=8), LATENCIES)
def test_what_came_encoded_is_the_same(parts: list[list[int]], counted: list[int]) -> None:
    """Decoded together, only when asked for, and merged with what was counted before."""
    histogram = LatencyHistogram.of(counted)
    for part in parts:
        one = LatencyHistogram.of(part)
        encoded = [encode_counts(one.counts)]
        histogram.merge(LatencyHistogram(None, one.count, one.sum_us, one.max_us, encoded))
    every = [latency for part in [counted, *parts] for latency in part]
    assert histogram == LatencyHistogram.of(every)
    assert histogram.percentile_us(95) == LatencyHistogram.of(every).percentile_us(95)


@settings(deadline=None)
@given(LATENCIES.filter(bool), st.integers(1, 100))
def test_a_percentile_is_the_nearest_rank_within_its_bucket(latencies: list[int], percent: int) -> None:
    exactly = sorted(latencies)[-(-percent * len(latencies) // 100) - 1]
    found = LatencyHistogram.of(latencies).percentile_us(percent)
    assert found == min(highest_of(bucket_of(exactly)), max(latencies))


def test_nothing_measured_is_nothing_said() -> None:
    empty = LatencyHistogram()
    assert (empty.mean_ms(), empty.percentile_us(50), empty.max_us) == (None, None, None)
