"""Requests out of the store: by sums where whole ones were counted, else look by look, the newest as read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.counting import Counting
from tenantwatch_collector.reports.members import NOT_COUNTED
from tenantwatch_collector.sla.buckets import BUCKET_SECONDS
from tenantwatch_collector.sla.requests import (
    COUNTERS,
    MAX_GAP_SECONDS,
    Reading,
    decode_looks,
    reading,
    requests_between,
)
from tenantwatch_collector.sla.spans import Span, contains, union, without
from tenantwatch_collector.sla.traffic import RequestCount

_BUCKET_US = BUCKET_SECONDS * UNITS
_MAX_GAP_US = MAX_GAP_SECONDS * UNITS


async def requests_of(
    counting: Counting, pieces: Sequence[Span], by_look: bool
) -> Sequence[RequestCount] | None:
    """What the tenant's checks counted in ``pieces``, in order of time; None if none of them counts requests.

    A whole sum stands as one count at its beginning, unless ``by_look`` asks for every look.
    """
    if counting.tenant_key not in counting.opened.counting:
        return None
    found: list[RequestCount] = []
    rest = list(pieces)
    if not by_look:
        found += [
            RequestCount(each.start_us, each.requests, each.request_errors)
            for each in counting.sums
            if each.requests is not None
        ]
        taken = sorted((each.start_us, each.start_us + each.width_s * UNITS) for each in counting.sums)
        rest = without(rest, taken)
    for span in union(rest):
        found += await _looks(counting, span)
    return sorted(found, key=lambda each: each.time) or None


async def _looks(counting: Counting, span: Span) -> list[RequestCount]:
    """Every look's count in the span: as it was kept, or out of the readings where that is not to be had."""
    opened, key = counting.opened, counting.tenant_key
    low, high = span[0] // _BUCKET_US * _BUCKET_US, -(-span[1] // _BUCKET_US) * _BUCKET_US
    made = await opened.sums(key, BUCKET_SECONDS, low, high)
    kept = {
        start
        for start in range(low, high, _BUCKET_US)
        if start in made and made[start].known_at_us <= counting.as_of_us
    }
    found = [
        count
        for each in await opened.store.request_rollups(key, low, high)
        if each.start_us in kept
        for count in decode_looks(each.looks, each.start_us)
        if _counts(counting, each.check_key, count.time)
    ]
    for first, last in without([(low, high)], [(start, start + _BUCKET_US) for start in sorted(kept)]):
        found += await _read(counting, first, last)
    return [count for count in found if contains([span], count.time)]


async def _read(counting: Counting, low: int, high: int) -> list[RequestCount]:
    by_check: defaultdict[int, list[Reading]] = defaultdict(list)
    store = counting.opened.store
    for each in await store.counter_readings(counting.tenant_key, COUNTERS, low - _MAX_GAP_US, high):
        if each.received_at_us <= counting.as_of_us and _counts(counting, each.check_key, each.time_us):
            found = reading(each.time_us, each.total, each.errors, each.received_at_us)
            if found is not None:
                by_check[each.check_key].append(found)
    return [
        count
        for readings in by_check.values()
        for count in requests_between(readings, _MAX_GAP_US)
        if low <= count.time < high
    ]


def _counts(counting: Counting, check_key: int, time: int) -> bool:
    return counting.places.at(time).get(check_key, NOT_COUNTED) != NOT_COUNTED
