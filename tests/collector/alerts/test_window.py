"""Windows against a plain list of all that was ever measured."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.alerts.window import MAX_VALUES, Aggregation, Window

MEASURED = st.lists(
    st.tuples(st.integers(0, 60), st.floats(-1e6, 1e6) | st.just(math.nan)), min_size=1, max_size=60
)


def plainly(how: Aggregation, values: list[float]) -> float:
    if how is Aggregation.COUNT:
        return len(values)
    if not values:
        return math.nan
    if how in (Aggregation.AVG, Aggregation.SUM):
        return math.fsum(values) / (len(values) if how is Aggregation.AVG else 1)
    if how in (Aggregation.MIN, Aggregation.MAX):
        return min(values) if how is Aggregation.MIN else max(values)
    return sorted(values)[math.ceil(int(how.value[1:]) / 100 * len(values)) - 1]


@given(MEASURED, st.integers(1, 40), st.sampled_from(Aggregation))
def test_it_holds_what_was_measured_within_its_length_in_whatever_order(
    measured: list[tuple[int, float]], length: int, how: Aggregation
) -> None:
    window = Window(length)
    first: dict[int, float] = {}
    newest = 0
    for time, value in measured:
        newest = max(newest, time)
        if not math.isnan(value):
            window.add(time, value)
            first.setdefault(time, value)
        within = [value for time, value in first.items() if newest - length < time <= newest]
        found = window.aggregate(how, newest)
        assert found == pytest.approx(plainly(how, within), rel=1e-9, abs=1e-6, nan_ok=True)


def test_a_change_is_against_the_values_before_in_the_window() -> None:
    window = Window(100)
    for time, value in ((0, 10.0), (10, 20.0), (20, 30.0)):
        window.add(time, value)
    assert window.change_percent(None, 20) == pytest.approx(100.0)
    assert window.change_percent(Aggregation.MAX, 20) == pytest.approx(50.0)
    assert math.isnan(window.change_percent(None, 0))


@pytest.mark.parametrize(
    ("before", "now", "percent"),
    [(10.0, 15.0, 50.0), (10.0, 5.0, -50.0), (-10.0, -5.0, 50.0), (0.0, 1.0, math.inf), (0.0, 0.0, 0.0)],
)
def test_without_a_length_it_is_against_the_value_before(before: float, now: float, percent: float) -> None:
    window = Window(0)
    for time, value in enumerate((7.0, before, now)):
        window.add(time, value)
    assert window.change_percent(None, 2) == percent


def test_it_never_holds_more_than_it_may() -> None:
    window = Window(10**9)
    for time in range(MAX_VALUES + 100):
        window.add(time, float(time))
    assert window.aggregate(Aggregation.COUNT, MAX_VALUES + 100) <= MAX_VALUES
    assert window.aggregate(Aggregation.MAX, MAX_VALUES + 100) == MAX_VALUES + 99
