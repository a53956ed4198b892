"""Sets of instants as sorted, disjoint, half-open spans."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

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


def without(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """The instants of the first that the second does not have; both are sorted and disjoint."""
    left: list[Span] = []
    position = 0
    for start, end in spans:
        while position < len(taken) and taken[position][1] <= start:
            position += 1
        at = position
        while at < len(taken) and taken[at][0] < end:
            if start < taken[at][0]:
                left.append((start, taken[at][0]))
            start = max(start, taken[at][1])
            at += 1
        if start < end:
            left.append((start, end))
    return left


def contains(spans: Sequence[Span], instant: int) -> bool:
    """Whether the instant is in one of them; they are sorted and disjoint."""
    position = bisect_right(spans, instant, key=lambda span: span[0]) - 1
    return position >= 0 and instant < spans[position][1]
