"""Exact numbers to text. Judging uses exact values; rounding happens once, here, on the way out.

The arithmetic is that of the fractions' integers: a report has thousands of numbers.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import floor

_DECIMAL = re.compile(r"[+-]?\d{1,100}(?:\.\d{1,100})?(?:[eE][+-]?\d{1,2})?", re.ASCII)


def exact(value: str | int | float) -> Fraction:
    """The number that the decimal text says; a float is taken as it prints. Raises ValueError, at once, on
    what is none: a few characters of exponent could ask for more digits than there is memory."""
    text = str(value)
    if isinstance(value, bool) or not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a finite number: write a decimal such as 99.95")
    return Fraction(text)


def floor_text(value: Fraction, places: int) -> str:
    """Never more than the truth: availability, coverage, what is left of a budget."""
    return _text(value.numerator * 10**places // value.denominator, places)


def ceiling_text(value: Fraction, places: int) -> str:
    """Never less than the truth: error rates, downtime."""
    return _text(-(-value.numerator * 10**places // value.denominator), places)


def half_even_text(value: Fraction, places: int) -> str:
    """Nearest, ties to even: means and scores."""
    lower, rest = divmod(value.numerator * 10**places, value.denominator)
    beyond_middle = 2 * rest - value.denominator
    is_higher = beyond_middle > 0 or (beyond_middle == 0 and lower % 2 == 1)
    return _text(lower + is_higher, places)


def half_up_text(value: Fraction, places: int) -> str:
    """Nearest, ties away from zero: money."""
    scaled = abs(value) * 10**places
    nearest = floor(scaled + Fraction(1, 2))
    return _text(nearest if value >= 0 else -nearest, places)


def decimal_text(value: Fraction) -> str:
    """A number that was written as a decimal, as people write it: without zeros at the end."""
    text = exact_text(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact_text(value: Fraction) -> str:
    """All decimals and no more; for values whose decimals end."""
    places, scaled = 0, value.numerator
    while scaled % value.denominator:
        places, scaled = places + 1, scaled * 10
        if places > 100:
            raise ValueError(f"{value} has no finite decimal form")
    return _text(scaled // value.denominator, places)


def _text(scaled: int, places: int) -> str:
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
