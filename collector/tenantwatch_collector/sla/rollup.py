"""Counting many results at once: what :mod:`.buckets` counts one by one, by columns and for many checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tenantwatch_wire.records import Status

from tenantwatch_collector.sla.sparse import decode_together, encode_counts

Column = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """One check's measurements, one an instant; latencies are those of results that did not fail."""

    healthy: int
    degraded: int
    unhealthy: int
    unknown: int
    latency_count: int
    latency_sum_us: int
    latency_max_us: int | None
    histogram: bytes
    known_at_us: int


NOTHING = Counts(0, 0, 0, 0, 0, 0, None, b"", 0)


def count_checks(
    check_key: Column, time_us: Column, status: npt.NDArray[np.uint8], latency_us: Column, received_us: Column
) -> dict[int, Counts]:
    """Counts by check, of results in any order.

    Of an instant the worst measured status counts, then the highest latency (-1 is none).
    """
    if not len(check_key):
        return {}
    severity = np.where(status == Status.UNKNOWN, -1, status.astype(np.int64))
    order = np.lexsort((latency_us, severity, time_us, check_key))
    keys, times = check_key[order], time_us[order]
    last = np.append((keys[1:] != keys[:-1]) | (times[1:] != times[:-1]), True)[: len(keys)]
    chosen = order[last]
    found = {}
    known, starts = np.unique(check_key[chosen], return_index=True)
    arrivals = _newest(check_key, received_us)
    for key, start, end in zip(known.tolist(), starts, [*starts[1:], len(chosen)], strict=True):
        rows = chosen[start:end]
        found[key] = _counts(severity[rows], latency_us[rows], arrivals[key])
    return found


def _newest(check_key: Column, received_us: Column) -> dict[int, int]:
    keys, which = np.unique(check_key, return_inverse=True)
    newest = np.zeros(len(keys), np.int64)
    np.maximum.at(newest, which.reshape(-1), received_us)
    return dict(zip(keys.tolist(), newest.tolist(), strict=True))


def _counts(severity: Column, latency_us: Column, known_at_us: int) -> Counts:
    measured = latency_us[(severity >= 0) & (severity < Status.UNHEALTHY) & (latency_us >= 0)]
    numbers, counts = np.unique(bucket_numbers(measured), return_counts=True)
    unknown, healthy, degraded, unhealthy = np.bincount(severity + 1, minlength=4).tolist()
    return Counts(
        healthy,
        degraded,
        unhealthy,
        unknown,
        len(measured),
        int(measured.sum()),
        int(measured.max()) if len(measured) else None,
        encode_counts(dict(zip(numbers.tolist(), counts.tolist(), strict=True))),
        known_at_us,
    )


def bucket_numbers(latency_us: Column) -> Column:
    """The histogram's bucket of each latency (:func:`.histogram.bucket_of`); latencies fit into 52 bits."""
    bits = np.frexp(latency_us.astype(np.float64))[1].astype(np.int64)
    shift = np.maximum(0, bits - 8)
    return shift << 8 | latency_us >> shift


def add_up(parts: Iterable[Counts]) -> Counts:
    """All of them as one: exact, in any order."""
    parts = list(parts)
    histogram = decode_together([part.histogram for part in parts])
    highest = [part.latency_max_us for part in parts if part.latency_max_us is not None]
    return Counts(
        sum(part.healthy for part in parts),
        sum(part.degraded for part in parts),
        sum(part.unhealthy for part in parts),
        sum(part.unknown for part in parts),
        sum(part.latency_count for part in parts),
        sum(part.latency_sum_us for part in parts),
        max(highest, default=None),
        encode_counts(histogram),
        max((part.known_at_us for part in parts), default=0),
    )
