"""Requests as a service's own counters tell them: how many, and how many failed, from one look to the next.

A check that reports the metrics ``requests_total`` and ``errors_total`` supplies counters: both only rise,
and begin again at 0 when the service does. What was counted between two looks is dated at the later one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tenantwatch_collector.sla.sparse import append_number, numbers_of
from tenantwatch_collector.sla.traffic import RequestCount

COUNTERS = "requests_total", "errors_total"
MAX_GAP_SECONDS = 900
"""Looks further apart say how many requests there were, but not when: such a difference is left out."""
_HIGHEST = 2**53


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """Both counters of one check at one look, and when that was received."""

    time: int
    total: int
    errors: int
    received_at: int = 0


def reading(time: int, total: float, errors: float, received_at: int) -> Reading | None:
    """None where a value is no count, such as a negative one."""
    if not all(math.isfinite(value) and 0 <= value < _HIGHEST for value in (total, errors)):
        return None
    return Reading(time, int(total), int(errors), received_at)


def requests_between(readings: Iterable[Reading], max_gap: int) -> list[RequestCount]:
    """One check's requests, in order of time; of an instant with several readings the highest counts."""
    by_time = {each.time: each for each in sorted(readings)}
    return [
        _between(one, other) for one, other in pairwise(by_time.values()) if other.time - one.time <= max_gap
    ]


def _between(one: Reading, other: Reading) -> RequestCount:
    """A counter that fell began again; more errors than requests are not believed."""
    if other.total < one.total or other.errors < one.errors:
        total, errors = other.total, other.errors
    else:
        total, errors = other.total - one.total, other.errors - one.errors
    return RequestCount(other.time, total, min(errors, total))


def encode_looks(counts: Sequence[RequestCount], start: int) -> bytes:
    """What was counted in a span that begins at ``start``, in order of time, as a few bytes a look."""
    encoded, before = bytearray(), start
    for each in counts:
        for number in (each.time - before, each.total, each.errors):
            append_number(encoded, number)
        before = each.time
    return bytes(encoded)


def decode_looks(encoded: bytes, start: int) -> Iterator[RequestCount]:
    """What ``encode_looks`` was given."""
    numbers, time = numbers_of(encoded), start
    for distance in numbers:
        time += distance
        yield RequestCount(time, next(numbers), next(numbers))
