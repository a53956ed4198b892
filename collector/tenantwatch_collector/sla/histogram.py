"""Latencies as counts in buckets: exact below 256 µs, then 128 buckets per octave (error below 0.79 %).

Merging adds counts, so it is exact and the order does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

_EXACT_BELOW_US = 256


def bucket_of(latency_us: int) -> int:
    """The bucket's number; numbers grow with latency."""
    if latency_us < 0:
        raise ValueError(f"a latency of {latency_us} µs")
    shift = max(0, latency_us.bit_length() - 8)
    return shift << 8 | latency_us >> shift


def highest_of(bucket: int) -> int:
    """The largest latency that falls into the bucket, in µs."""
    shift, leading = bucket >> 8, bucket & 0xFF
    return (leading + 1 << shift) - 1


@dataclass(slots=True)
class LatencyHistogram:
    """``counts`` by bucket; count, sum and maximum are exact."""

    counts: dict[int, int] = field(default_factory=dict)
    count: int = 0
    sum_us: int = 0
    max_us: int | None = None

    @classmethod
    def of(cls, latencies_us: Iterable[int]) -> LatencyHistogram:
        histogram = cls()
        for latency_us in latencies_us:
            histogram.add(latency_us)
        return histogram

    def add(self, latency_us: int) -> None:
        bucket = bucket_of(latency_us)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.count += 1
        self.sum_us += latency_us
        self.max_us = latency_us if self.max_us is None else max(self.max_us, latency_us)

    def merge(self, other: LatencyHistogram) -> None:
        """Take in all that the other one holds; it stays as it is."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.count += other.count
        self.sum_us += other.sum_us
        if other.max_us is not None:
            self.max_us = other.max_us if self.max_us is None else max(self.max_us, other.max_us)

    def mean_ms(self) -> Fraction | None:
        return Fraction(self.sum_us, 1000 * self.count) if self.count else None

    def percentile_us(self, percent: int) -> int | None:
        """Nearest rank: the highest latency of that rank's bucket, at most the exact maximum."""
        if self.max_us is None:
            return None
        rank = max(1, -(-percent * self.count // 100))
        for bucket in sorted(self.counts):
            rank -= self.counts[bucket]
            if rank <= 0:
                return min(highest_of(bucket), self.max_us)
        raise AssertionError("the buckets hold fewer latencies than were counted")
