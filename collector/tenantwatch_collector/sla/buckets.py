"""Results of one check and a quarter of an hour as one record, and traffic counted from such records.

A bucket holds what a report counts of results, with their latencies as a histogram; the time a tenant was
up or down comes from confirmed changes, not from here. Buckets begin at multiples of their length in UTC,
and 900 s fit every offset in use, so every local day is a union of them. A bucket counts as a whole where
nothing masks any of it and all that it holds was known. A bucket that is cut is counted from raw results;
where those are gone it is left out, and the report's basis says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from tenantwatch_wire.records import Status

from tenantwatch_collector.health import CheckResult, Measurement, believed_time, measurements
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.spans import Span, union
from tenantwatch_collector.sla.traffic import Traffic

BUCKET_SECONDS = 900
_FOR_EVER = 2**62


@dataclass(slots=True)
class Bucket:
    """One check's measurements in [start, start + length). ``known_at`` is when the last of them arrived."""

    start: int
    length: int
    healthy: int = 0
    degraded: int = 0
    unhealthy: int = 0
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    """Of those that did not fail."""
    known_at: int = -_FOR_EVER

    @property
    def end(self) -> int:
        return self.start + self.length

    @property
    def total(self) -> int:
        return self.healthy + self.degraded + self.unhealthy

    def add(self, measurement: Measurement) -> None:
        failed = measurement.status is Status.UNHEALTHY
        self.unhealthy += failed
        self.degraded += measurement.status is Status.DEGRADED
        self.healthy += measurement.status is Status.HEALTHY
        if not failed and measurement.latency_us is not None:
            self.latency.add(measurement.latency_us)

    def merge(self, other: Bucket) -> None:
        """Take in the other one's measurements, which lie in this one's time."""
        self.healthy += other.healthy
        self.degraded += other.degraded
        self.unhealthy += other.unhealthy
        self.latency.merge(other.latency)
        self.known_at = max(self.known_at, other.known_at)


@dataclass(frozen=True, slots=True)
class Rollups:
    """All of a tenant's buckets that a report may need, by check; those of one check do not overlap.

    Up to ``rolled_until`` a missing bucket means that there was no measurement; later time is counted from
    raw results. Before ``raw_from`` raw results are kept no more (None: all are kept).
    """

    buckets: Mapping[str, Sequence[Bucket]] = field(default_factory=dict)
    rolled_until: int = -_FOR_EVER
    raw_from: int | None = None
    together: Sequence[Bucket] = ()
    """Such as stand for all checks that count: where one is, ``buckets`` and results have nothing."""


@dataclass(frozen=True, slots=True)
class Reported:
    """For [start, end) whether a check's results count, and whether their latencies are response times."""

    check_id: str
    counts: bool = True
    timed: bool = True
    start: int = -_FOR_EVER
    end: int = _FOR_EVER

    def within(self, counted: Sequence[Span]) -> Sequence[Span]:
        """Its part of the time that counts."""
        if self.start == -_FOR_EVER and self.end == _FOR_EVER:
            return counted
        inside = ((max(low, self.start), min(high, self.end)) for low, high in counted)
        return [(low, high) for low, high in inside if low < high]


@dataclass(slots=True)
class Basis:
    """What the counts of a report rest on. ``left_out`` could not be counted: its raw results are gone."""

    buckets: int = 0
    results: int = 0
    left_out: list[Span] = field(default_factory=list)


def buckets_of(results: Iterable[CheckResult], length: int, max_future_skew: int) -> list[Bucket]:
    """One check's buckets out of all its results, in any order and any number; only of time that has any."""
    results = list(results)
    made: dict[int, Bucket] = {}
    for measurement in measurements(results, _FOR_EVER, max_future_skew):
        start = measurement.time // length * length
        made.setdefault(start, Bucket(start, length)).add(measurement)
    for result in results:
        if result.status is not Status.UNKNOWN:
            bucket = made[believed_time(result, max_future_skew) // length * length]
            received_at = result.time if result.received_at is None else result.received_at
            bucket.known_at = max(bucket.known_at, received_at)
    return [made[start] for start in sorted(made)]


def coarser(buckets: Iterable[Bucket], length: int) -> list[Bucket]:
    """The same measurements in longer buckets, such as days for the reports of years."""
    made: dict[int, Bucket] = {}
    for bucket in buckets:
        start = bucket.start // length * length
        made.setdefault(start, Bucket(start, length)).merge(bucket)
    return [made[start] for start in sorted(made)]


def raw_needed(
    rollups: Rollups, checks: Iterable[Reported], counted: Sequence[Span], as_of: int
) -> list[Span]:
    """The time whose raw results a report needs beside the buckets; ``counted`` is what nothing masks."""
    cut = [_cut(rollups.together, counted, as_of)]
    cut += [_cut(rollups.buckets.get(each.check_id, ()), each.within(counted), as_of) for each in checks]
    wanted = union([*chain.from_iterable(cut), (rollups.rolled_until, _FOR_EVER)])
    return union((max(low, start), min(high, end)) for low, high in wanted for start, end in counted)


def _cut(buckets: Iterable[Bucket], counted: Sequence[Span], as_of: int) -> list[Span]:
    whole = _Whole(counted, as_of)
    return [(bucket.start, bucket.end) for bucket in buckets if not whole(bucket)]


def count_results(
    rollups: Rollups,
    measured: Mapping[str, Sequence[Measurement]],
    checks: Iterable[Reported],
    counted: Sequence[Span],
    as_of: int,
) -> tuple[Traffic, Basis]:
    """All measurements in ``counted``: by buckets where they are whole, else one by one."""
    whole = _Whole(counted, as_of)
    tally = _Tally(rollups)
    tally.take(rollups.together, (), whole, timed=True)
    for check in checks:
        buckets, each = rollups.buckets.get(check.check_id, ()), measured.get(check.check_id, ())
        if buckets or each:
            its = check.within(counted)
            tally.take(buckets, each, whole if its is counted else _Whole(its, as_of), check.timed)
    tally.basis.left_out = union(tally.basis.left_out)
    return tally.traffic, tally.basis


class _Whole:
    """Whether a bucket counts as it is: nothing masks any of it, and all it holds was known at ``as_of``."""

    def __init__(self, counted: Sequence[Span], as_of: int) -> None:
        self._counted = counted
        self._starts = [start for start, _ in counted]
        self._as_of = as_of

    def __call__(self, bucket: Bucket) -> bool:
        low, high = self._span_at(bucket.start)
        return bucket.known_at <= self._as_of and low <= bucket.start and bucket.end <= high

    def contains(self, time: int) -> bool:
        low, high = self._span_at(time)
        return low <= time < high

    def clip(self, low: int, high: int) -> list[Span]:
        return union((max(low, start), min(high, end)) for start, end in self._counted)

    def _span_at(self, time: int) -> Span:
        position = bisect_right(self._starts, time) - 1
        return self._counted[position] if position >= 0 else (time, time)


class _Tally:
    def __init__(self, rollups: Rollups) -> None:
        self.traffic = Traffic()
        self.basis = Basis()
        self._raw_from = rollups.raw_from

    def take(
        self, buckets: Sequence[Bucket], measured: Sequence[Measurement], whole: _Whole, timed: bool
    ) -> None:
        """One check's share of what is ``whole``; its latencies are response times if it is ``timed``."""
        taken: list[Span] = []
        for bucket in buckets:
            if whole(bucket):
                self._take_whole(bucket, timed)
                taken.append((bucket.start, bucket.end))
            elif self._raw_from is not None and bucket.start < self._raw_from and bucket.total:
                self.basis.left_out += whole.clip(bucket.start, min(bucket.end, self._raw_from))
        if not measured:
            return
        taken_whole = _Whole(union(taken), _FOR_EVER)
        for measurement in measured:
            if whole.contains(measurement.time) and not taken_whole.contains(measurement.time):
                self.basis.results += 1
                self.traffic.add(measurement, timed)

    def _take_whole(self, bucket: Bucket, timed: bool) -> None:
        self.basis.buckets += 1
        self.traffic.total += bucket.total
        self.traffic.errors += bucket.unhealthy
        if timed:
            self.traffic.latency.merge(bucket.latency)
