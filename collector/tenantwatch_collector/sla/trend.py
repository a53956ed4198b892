"""A period by steps: each is counted from what lies in it, and all of them add up to the period."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

from tenantwatch_collector.health import Measurement
from tenantwatch_collector.sla.availability import Counted, Seconds, count, count_within
from tenantwatch_collector.sla.buckets import Reported, Rollups, count_results
from tenantwatch_collector.sla.classes import Stretch, TimeClass, tally, touching
from tenantwatch_collector.sla.evaluate import reported_checks
from tenantwatch_collector.sla.facts import Facts
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.traffic import RequestCount, Traffic, Unmasked, count_requests

T = TypeVar("T")


class Point(NamedTuple):
    """One step of a trend."""

    period: Period
    seconds: Seconds
    counted: Counted
    traffic: Traffic


@dataclass(frozen=True, slots=True)
class _Dated(Generic[T]):
    """What is in order of time, by time."""

    times: Sequence[int]
    each: Sequence[T]

    def within(self, low: int, high: int) -> Sequence[T]:
        return self.each[bisect_left(self.times, low) : bisect_left(self.times, high)]


def trend_of(
    laid_out: Sequence[tuple[Terms, Period, Sequence[Stretch]]],
    facts: Facts,
    steps: Sequence[Period],
    as_of: int,
) -> list[Point]:
    """A point for each step that has begun. Its checks are those of the part that most of it lies in."""
    steps = [step for step in steps if step.start < as_of]
    if not steps:
        return []
    near = _Near(facts)
    parts = [_Part(terms, part, stretches) for terms, part, stretches in laid_out]
    if len(parts) == 1:
        return [parts[0].point(near, step, as_of) for step in steps]
    return [max(parts, key=lambda each: each.shared(step)).point(near, step, as_of) for step in steps]


class _Part:
    """One part's timeline, of which a step needs little."""

    def __init__(self, terms: Terms, period: Period, stretches: Sequence[Stretch]) -> None:
        self._terms = terms
        self._period = period
        self._stretches = stretches

    @cached_property
    def _checks(self) -> Sequence[Reported]:
        return reported_checks(self._terms.checks, self._terms.groups)

    def shared(self, step: Period) -> int:
        return min(self._period.end, step.end) - max(self._period.start, step.start)

    def point(self, near: _Near, step: Period, as_of: int) -> Point:
        inside = step.start, min(step.end, as_of)
        stretches = touching(self._stretches, inside)
        seconds = tally(stretches, inside)
        traffic = near.whole(*inside, as_of) if not _is_masked(seconds) else None
        if traffic is None:
            traffic = self._traffic(near, inside, stretches, as_of)
        own = self._period.start <= step.start and step.end <= self._period.end
        counted = count(seconds, self._terms.policies) if own else count_within(stretches, inside)
        return Point(step, seconds, counted, traffic)

    def _traffic(self, near: _Near, inside: Span, stretches: Sequence[Stretch], as_of: int) -> Traffic:
        counts = Unmasked(stretches, inside)
        spans = counts.spans()
        traffic, _ = count_results(near.rollups(*inside), near.measured(*inside), self._checks, spans, as_of)
        requests = near.requests(*inside)
        if requests is not None:
            traffic.total, traffic.errors = count_requests(requests, counts)
        return traffic


def _is_masked(seconds: Seconds) -> bool:
    """Whether any of it does not count."""
    return bool(seconds[TimeClass.OUT_OF_SCOPE] or seconds[TimeClass.MAINTENANCE])


class _Near:
    """The facts less what cannot touch a span: all kinds of lists are in order of time."""

    def __init__(self, facts: Facts) -> None:
        self._rollups = facts.rollups
        self._together = _dated(facts.rollups.together, "start")
        self._buckets = _dated_by_check(facts.rollups.buckets, "start")
        self._measured = _dated_by_check(facts.measured, "time")
        self._requests = None if facts.requests is None else _dated(facts.requests, "time")

    def whole(self, low: int, high: int, as_of: int) -> Traffic | None:
        """What [low, high) has, if nothing masks any of it and buckets of all checks stand for all of it."""
        if self._buckets or self._measured or self._requests is not None:
            return None
        buckets = self._together.within(low, high)
        if any(bucket.end > high or bucket.known_at > as_of for bucket in buckets):
            return None
        if len(buckets) == 1:
            return Traffic(buckets[0].total, buckets[0].unhealthy, buckets[0].latency)
        traffic = Traffic()
        for bucket in buckets:
            traffic.total += bucket.total
            traffic.errors += bucket.unhealthy
            traffic.latency.merge(bucket.latency)
        return traffic

    def rollups(self, low: int, high: int) -> Rollups:
        return Rollups(
            {check_id: found.within(low, high) for check_id, found in self._buckets.items()},
            self._rollups.rolled_until,
            self._rollups.raw_from,
            self._together.within(low, high),
        )

    def measured(self, low: int, high: int) -> Mapping[str, Sequence[Measurement]]:
        return {check_id: found.within(low, high) for check_id, found in self._measured.items()}

    def requests(self, low: int, high: int) -> Sequence[RequestCount] | None:
        return None if self._requests is None else self._requests.within(low, high)


def _dated(each: Sequence[T], time: str) -> _Dated[T]:
    return _Dated([getattr(one, time) for one in each], each)


def _dated_by_check(lists: Mapping[str, Sequence[T]], time: str) -> dict[str, _Dated[T]]:
    return {check_id: _dated(each, time) for check_id, each in lists.items() if each}
