"""Sets of instants."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.sla.spans import Span, union, without

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6).map(union)


def instants(spans: list[Span]) -> set[int]:
    return {instant for low, high in spans for instant in range(low, high)}


@given(SPANS, SPANS)
def test_what_is_left_is_in_the_one_and_not_in_the_other(spans: list[Span], taken: list[Span]) -> None:
    left = without(spans, taken)
    assert instants(left) == instants(spans) - instants(taken)
    assert union(left) == left
