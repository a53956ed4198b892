"""Text out of exact numbers: each in its direction, without a way through binary fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.sla.rounding import (
    ceiling_text,
    exact,
    exact_text,
    floor_text,
    half_even_text,
    half_up_text,
)


def test_availability_is_never_flattered() -> None:
    assert floor_text(Fraction("99.89996"), 4) == "99.8999"
    assert floor_text(Fraction("-0.03858"), 4) == "-0.0386"
    assert ceiling_text(Fraction("0.69441"), 4) == "0.6945"
    assert ceiling_text(Fraction("-0.00001"), 4) == "0.0000"


def test_ties() -> None:
    assert [half_even_text(Fraction(n, 20), 1) for n in (1, 3, 5)] == ["0.0", "0.2", "0.2"]
    assert [half_up_text(Fraction(n, 200), 2) for n in (1, 3, -1)] == ["0.01", "0.02", "-0.01"]


@pytest.mark.parametrize("text", ["0", "81", "86.4", "-813.6", "0.000001", "-0.5", "100"])
def test_exact_text_says_all_digits(text: str) -> None:
    assert exact_text(exact(text)) == text


def test_what_has_no_finite_text_is_refused() -> None:
    with pytest.raises(ValueError, match="no finite decimal form"):
        exact_text(Fraction(1, 3))
    with pytest.raises(ValueError, match="not a finite number"):
        exact("NaN")


@pytest.mark.parametrize(
    "text",
    ["1e-999999999", "1e999999999", "1E+100", "9" * 1000, "1_0", "٩٩", " 1", "1/3", "", True, float("inf")],
)
def test_what_is_no_decimal_of_bounded_length_is_refused_at_once(text: str | float) -> None:
    with pytest.raises(ValueError, match="is not a finite number"):
        exact(text)


@pytest.mark.parametrize(
    ("value", "found"),
    [("99.95", "1999/20"), (99.9, "999/10"), ("1e2", "100"), (-3, "-3"), (1e-05, "1/100000"), ("+0", "0")],
)
def test_numbers_are_taken_as_they_print(value: str | float, found: str) -> None:
    assert exact(value) == Fraction(found)


@settings(deadline=None)
@given(st.fractions(-1000, 1000), st.integers(1, 5))
def test_directions(value: Fraction, places: int) -> None:
    low, high = Fraction(floor_text(value, places)), Fraction(ceiling_text(value, places))
    assert low <= value <= high
    assert high - low <= Fraction(1, 10**places)
    for nearest in (half_even_text, half_up_text):
        assert abs(Fraction(nearest(value, places)) - value) <= Fraction(1, 2 * 10**places)
