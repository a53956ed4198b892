"""Latencies as counts in buckets: exact below 256 µs, then 128 buckets per octave (error below 0.79 %).

Merging adds counts, so it is exact and the order does not matter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from tenantwatch_collector.sla.sparse import decode_together

_MAX_ENCODED = 4096
"""So many are kept as they came before they are added up: their memory is bounded."""


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


@dataclass(frozen=True, slots=True)
class Ranked:
    """``below`` latencies are in lower buckets and ``inside`` in that of the rank, up to ``highest_us``."""

    rank: int
    below: int
    inside: int
    highest_us: int
    latency_us: int


class LatencyHistogram:
    """``counts`` by bucket; count, sum and maximum are exact. What came encoded is decoded when asked for."""

    __slots__ = ("_counts", "_encoded", "count", "max_us", "sum_us")

    def __init__(
        self,
        counts: dict[int, int] | None = None,
        count: int = 0,
        sum_us: int = 0,
        max_us: int | None = None,
        encoded: Iterable[bytes] = (),
    ) -> None:
        self._counts = {} if counts is None else counts
        self._encoded = [each for each in encoded if each]
        self.count = count
        self.sum_us = sum_us
        self.max_us = max_us

    @classmethod
    def of(cls, latencies_us: Iterable[int]) -> LatencyHistogram:
        histogram = cls()
        for latency_us in latencies_us:
            histogram.add(latency_us)
        return histogram

    @property
    def counts(self) -> dict[int, int]:
        if self._encoded:
            encoded, self._encoded = self._encoded, []
            self._add(decode_together(encoded))
        return self._counts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LatencyHistogram):
            return NotImplemented
        mine, theirs = (self.count, self.sum_us, self.max_us), (other.count, other.sum_us, other.max_us)
        return mine == theirs and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"LatencyHistogram({self.counts}, {self.count}, {self.sum_us}, {self.max_us})"

    def add(self, latency_us: int) -> None:
        bucket = bucket_of(latency_us)
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        self.count += 1
        self.sum_us += latency_us
        self.max_us = latency_us if self.max_us is None else max(self.max_us, latency_us)

    def merge(self, other: LatencyHistogram) -> None:
        """Take in all that the other one holds; it stays as it is."""
        self._add(other._counts)
        self._encoded += other._encoded
        if len(self._encoded) > _MAX_ENCODED:
            self._add(decode_together(self._encoded))
            self._encoded = []
        self.count += other.count
        self.sum_us += other.sum_us
        if other.max_us is not None:
            self.max_us = other.max_us if self.max_us is None else max(self.max_us, other.max_us)

    def _add(self, counts: Mapping[int, int]) -> None:
        if not self._counts:
            self._counts = dict(counts)
            return
        for bucket, count in counts.items():
            self._counts[bucket] = self._counts.get(bucket, 0) + count

    def mean_ms(self) -> Fraction | None:
        return Fraction(self.sum_us, 1000 * self.count) if self.count else None

    def percentile_us(self, percent: int) -> int | None:
        """Nearest rank: the highest latency of that rank's bucket, at most the exact maximum."""
        (found,) = self.ranked([percent])
        return None if found is None else found.latency_us

    def ranked(self, percents: Sequence[int]) -> list[Ranked | None]:
        """These percentiles with all that they follow from; None where nothing was counted."""
        if self.max_us is None:
            return [None] * len(percents)
        buckets = sorted(self.counts)
        through = list(accumulate(map(self.counts.__getitem__, buckets)))
        ranks = [max(1, -(-percent * self.count // 100)) for percent in percents]
        places = [(rank, bisect_left(through, rank)) for rank in ranks]
        return [self._ranked(rank, buckets[place], through[place]) for rank, place in places]

    def _ranked(self, rank: int, bucket: int, through: int) -> Ranked:
        assert self.max_us is not None
        inside, highest = self.counts[bucket], highest_of(bucket)
        return Ranked(rank, through - inside, inside, highest, min(highest, self.max_us))
