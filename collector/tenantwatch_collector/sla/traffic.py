"""Errors, response times and request slices: what was counted, wherever the tenant's time is not masked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from tenantwatch_wire.records import Status

from tenantwatch_collector.health import Measurement
from tenantwatch_collector.sla.classes import Stretch
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.spans import Span, overlap, union
from tenantwatch_collector.sla.terms import SliceTerms


@dataclass(frozen=True, slots=True)
class RequestCount:
    """Real requests of one bucket, dated at its beginning."""

    time: int
    total: int
    errors: int


@dataclass(slots=True)
class Traffic:
    """Parts of one period add up, exactly."""

    total: int = 0
    errors: int = 0
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)

    @property
    def error_rate(self) -> Fraction | None:
        """Percent; None where nothing was counted."""
        return Fraction(100 * self.errors, self.total) if self.total else None

    def add(self, measurement: Measurement, timed: bool = True) -> None:
        """One more result: a failed one is an error; it has no response time, nor has what is not timed."""
        failed = measurement.status is Status.UNHEALTHY
        self.total += 1
        self.errors += failed
        if timed and not failed and measurement.latency_us is not None:
            self.latency.add(measurement.latency_us)

    def merge(self, other: Traffic) -> None:
        self.total += other.total
        self.errors += other.errors
        self.latency.merge(other.latency)


@dataclass(frozen=True, slots=True)
class Slices:
    total: int
    bad: int

    @property
    def good_pct(self) -> Fraction | None:
        return Fraction(100 * (self.total - self.bad), self.total) if self.total else None


class Unmasked:
    """Whether an instant counts: inside the period, neither out of scope nor in maintenance."""

    def __init__(self, stretches: Iterable[Stretch], period: Span) -> None:
        self._period = period
        self._stretches = list(stretches)
        self._starts = [stretch.start for stretch in self._stretches]

    def __call__(self, time: int) -> bool:
        if not self._period[0] <= time < self._period[1]:
            return False
        return not self._stretches[bisect_right(self._starts, time) - 1].time_class.masked

    def spans(self) -> list[Span]:
        """All instants that count."""
        low, high = self._period
        return union(
            (max(s.start, low), min(s.end, high)) for s in self._stretches if not s.time_class.masked
        )

    def amount(self, low: int, high: int) -> int:
        """How much of [low, high) counts."""
        first = max(0, bisect_right(self._starts, low) - 1)
        amount = 0
        for stretch in self._stretches[first:]:
            if stretch.start >= high:
                break
            if not stretch.time_class.masked:
                amount += overlap(stretch.start, stretch.end, low, high)
        return amount


def count_requests(requests: Iterable[RequestCount], counts: Unmasked) -> tuple[int, int]:
    """Requests and errors of the counters, each bucket wholly at its beginning."""
    counted = [bucket for bucket in requests if counts(bucket.time)]
    return sum(bucket.total for bucket in counted), sum(bucket.errors for bucket in counted)


def count_slices(
    requests: Iterable[RequestCount], terms: SliceTerms, period: Span, counts: Unmasked
) -> Slices:
    """Slices are multiples of their length since the epoch, cut at the period's ends."""
    by_slice: dict[int, tuple[int, int]] = {}
    for bucket in requests:
        if counts(bucket.time):
            number = bucket.time // terms.length
            total, errors = by_slice.get(number, (0, 0))
            by_slice[number] = total + bucket.total, errors + bucket.errors
    considered = [
        number
        for number in range(period[0] // terms.length, -(-period[1] // terms.length))
        if _is_considered(number, terms, period, counts, by_slice)
    ]
    return Slices(len(considered), sum(_is_bad(by_slice.get(n, (0, 0)), terms) for n in considered))


def _is_considered(
    number: int, terms: SliceTerms, period: Span, counts: Unmasked, by_slice: Mapping[int, tuple[int, int]]
) -> bool:
    if terms.empty == "exclude" and not by_slice.get(number, (0, 0))[0]:
        return False
    low, high = max(period[0], number * terms.length), min(period[1], (number + 1) * terms.length)
    return counts.amount(low, high) > 0


def _is_bad(requests: tuple[int, int], terms: SliceTerms) -> bool:
    total, errors = requests
    return 0 < total >= terms.min_requests and Fraction(100 * errors, total) > terms.bad_above_pct
