"""Sets of instants as sorted, disjoint, half-open spans."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
"""From the first instant inside to the first one after."""


def union(spans: Iterable[Span]) -> list[Span]:
    """The same instants, once each; empty spans vanish and touching ones join."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def overlap(start: int, end: int, low: int, high: int) -> int:
    """How much of [start, end) lies in [low, high)."""
    return max(0, min(end, high) - max(start, low))
