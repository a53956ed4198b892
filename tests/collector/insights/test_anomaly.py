"""What is unusual: never before there is enough to compare with, never what always was so."""

from __future__ import annotations

import math
import random
import statistics

from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.insights.anomaly import KEPT_HOURS, Past, judge

NOW = 500_000
PUT = st.lists(
    st.tuples(st.integers(NOW - 2 * KEPT_HOURS, NOW - 1), st.floats(1, 1000)), min_size=1, max_size=200
)


def past_of(means: dict[int, float]) -> Past:
    past = Past.empty(min(means))
    for hour, mean in means.items():
        past.put(hour, mean)
    return past


def days(count: int, mean: float = 100.0, spread: float = 0.0, seed: int = 1) -> dict[int, float]:
    chance = random.Random(seed)
    return {
        NOW - 24 * count + i: mean * math.exp(chance.gauss(0, spread) if spread else 0)
        for i in range(24 * count)
    }


@given(PUT)
def test_it_is_what_a_dictionary_of_hours_would_be(put: list[tuple[int, float]]) -> None:
    past, plain = Past.empty(put[0][0]), dict[int, float]()
    for hour, mean in put:
        past.put(hour, mean)
        plain[hour] = mean
    newest = max(plain)
    kept = {hour: mean for hour, mean in plain.items() if hour > newest - KEPT_HOURS}
    day = [kept[hour] for hour in range(NOW - 24, NOW) if hour in kept]
    found = past.last_day(NOW)
    assert (found is not None) == (len(day) >= 20)
    if found is not None:
        assert found.median in day
        assert statistics.median_low(day) <= found.median <= statistics.median_high(day)


def test_nothing_is_unusual_before_a_day_was_seen() -> None:
    assert judge(past_of({NOW - 1: 1.0}), NOW, 1e9) is None
    young = {hour: mean for hour, mean in days(1).items() if hour > NOW - 20}
    assert judge(past_of(young), NOW, 1e9) is None


def test_far_longer_than_ever_is_unusual_and_the_figures_are_told() -> None:
    verdict = judge(past_of(days(7, spread=0.1)), NOW, 300.0)
    assert verdict is not None
    assert verdict.is_unusual
    assert 90 < verdict.usual.median < 115
    assert 5 <= verdict.usual.deviation < 20


def test_neither_noise_nor_faster_nor_a_little_slower_is_unusual() -> None:
    past = past_of(days(7, spread=0.2))
    for value in (1.0, 60.0, 100.0, 145.0):
        verdict = judge(past, NOW, value)
        assert verdict is not None
        assert not verdict.is_unusual


def test_what_is_slow_at_this_hour_every_day_is_usual() -> None:
    nightly = {h: 900.0 if (h - NOW) % 24 in (0, 1, 23) else 100.0 for h in days(7)}
    verdict = judge(past_of(nightly), NOW, 900.0)
    assert verdict is not None
    assert not verdict.is_unusual


def test_outliers_of_the_past_hide_nothing() -> None:
    past = days(7, spread=0.1)
    for hour in list(past)[::6]:
        past[hour] *= 50
    verdict = judge(past_of(past), NOW, 400.0)
    assert verdict is not None
    assert verdict.is_unusual


def test_what_lasts_half_a_day_is_the_new_usual() -> None:
    past = days(7, spread=0.05)
    for hour in range(NOW - 6, NOW):
        past[hour] = 400.0
    early = judge(past_of(past), NOW, 400.0)
    assert early is not None
    assert early.is_unusual
    for hour in range(NOW - 13, NOW):
        past[hour] = 400.0
    late = judge(past_of(past), NOW, 400.0)
    assert late is not None
    assert not late.is_unusual


@given(st.floats(1.6, 50), st.floats(0.01, 1000))
def test_the_unit_does_not_matter(times: float, unit: float) -> None:
    past = days(7, spread=0.05)
    one = judge(past_of(past), NOW, 100 * times)
    other = judge(past_of({h: m * unit for h, m in past.items()}), NOW, 100 * times * unit)
    assert one is not None
    assert other is not None
    assert one.is_unusual == other.is_unusual
