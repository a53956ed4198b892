"""What a report counts, out of the store: by the widest rollups that fit, and by results where none does.

A rollup stands for its time if nothing cuts it, no commit has touched it since it was made, and nothing in it
arrived after the instant asked for. The rest is read a day at a time, so a long period needs little memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from tenantwatch_wire.records import Status

from tenantwatch_collector.health import CheckResult, Measurement, measurements
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.sla.buckets import BUCKET_SECONDS, Bucket, Rollups, buckets_of
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.spans import Span, union, without
from tenantwatch_collector.sla.sparse import decode_counts
from tenantwatch_collector.store.base import Rollup, Store

WIDTHS_S = (86_400, 3_600, BUCKET_SECONDS)
_BUCKET_US = BUCKET_SECONDS * UNITS
_DAY_US = 86_400 * UNITS
_SKEW_US = 30 * UNITS
_TOUCHES_AT_ONCE = 5_000

Buckets = defaultdict[str, list[Bucket]]


async def counts_of(
    store: Store,
    tenant_key: int,
    names: Mapping[int, str],
    parts: Sequence[Sequence[Span]],
    as_of_us: int,
    borders: Sequence[int] = (),
) -> tuple[Mapping[str, Sequence[Measurement]], Rollups]:
    """Measurements and rollups that together hold all of ``parts``: of each part of the period, the time in
    which results count. ``names`` are the checks' by key; no rollup reaches over one of ``borders``."""
    whole = [_whole_buckets(part) for part in parts]
    counted = union(span for part in parts for span in part)
    buckets: Buckets = defaultdict(list)
    open_spans = union(span for part in whole for span in part)
    stale = await _stale(store, tenant_key)
    for width_s in WIDTHS_S:
        spans = _within(open_spans, width_s * UNITS, borders)
        taken = await _take_rollups(store, tenant_key, names, width_s, spans, stale, as_of_us, buckets)
        open_spans = without(open_spans, taken)
    raw_since_us = await store.raw_since_us()
    cut = union(span for part, inner in zip(parts, whole, strict=True) for span in without(part, inner))
    measured: defaultdict[str, list[Measurement]] = defaultdict(list)
    for low, high in _pieces(union([*open_spans, *cut])):
        found = await _results(store, tenant_key, low, high, as_of_us)
        for key, results in found.items():
            made = buckets_of(results, _BUCKET_US, _SKEW_US)
            buckets[names[key]] += [
                b for b in made if any(s <= b.start and b.end <= e for s, e in open_spans)
            ]
            inside = [r for r in results if any(start <= r.time < end for start, end in cut)] if cut else []
            measured[names[key]] += measurements(inside, as_of_us, _SKEW_US)
    await _name_what_is_gone(store, tenant_key, names, cut, raw_since_us, buckets)
    for found_buckets in buckets.values():
        found_buckets.sort(key=lambda bucket: bucket.start)
    until = counted[-1][1] if counted else 0
    return measured, Rollups(buckets, until, raw_since_us or None)


async def _take_rollups(
    store: Store,
    tenant_key: int,
    names: Mapping[int, str],
    width_s: int,
    spans: Sequence[Span],
    stale: Mapping[int, set[int]],
    as_of_us: int,
    into: Buckets,
) -> list[Span]:
    """Put the rollups of that width that stand for their time into the buckets; returns that time."""
    width_us = width_s * UNITS
    if not spans:
        return []
    found: defaultdict[int, list[Rollup]] = defaultdict(list)
    for rollup in await store.rollups(tenant_key, width_s, spans[0][0], spans[-1][1]):
        found[rollup.start_us].append(rollup)
    taken = []
    for low, high in spans:
        for start in range(low, high, width_us):
            here = found.get(start, ())
            if here and start not in stale[width_s] and all(r.known_at_us <= as_of_us for r in here):
                taken.append((start, start + width_us))
                for rollup in here:
                    into[names[rollup.check_key]].append(_bucket(rollup))
    return union(taken)


def _within(wanted: Sequence[Span], width_us: int, borders: Sequence[int]) -> list[Span]:
    """The parts that are made of whole spans of that width, none of which has a border inside."""
    crossed = [(b - b % width_us, b - b % width_us + width_us) for b in borders if b % width_us]
    spans = without(wanted, union(crossed))
    return [span for low, high in spans if (span := _aligned(low, high, width_us))]


async def _stale(store: Store, tenant_key: int) -> dict[int, set[int]]:
    """The spans of each width that something has touched since they were made."""
    state = await store.rollup_state()
    stale: dict[int, set[int]] = {width_s: set() for width_s in WIDTHS_S}
    for span in state.due:
        if span.tenant_key == tenant_key:
            stale[span.width_s].add(span.start_us)
    cursor = state.cursor
    while touches := await store.touched_after(cursor, _TOUCHES_AT_ONCE):
        for touch in touches:
            mine = touch.touched.bucket[touch.touched.tenant_key == tenant_key]
            for bucket in mine.tolist():
                for width_s in WIDTHS_S:
                    stale[width_s].add(bucket * _BUCKET_US // (width_s * UNITS) * (width_s * UNITS))
        cursor = touches[-1].commit_id
    return stale


async def results_of(
    store: Store, tenant_key: int, low: int, high: int, as_of_us: int
) -> AsyncIterator[tuple[int, list[CheckResult]]]:
    """All results of some time that had arrived by then, a day and a check at a time."""
    for start, end in _pieces([(low, high)]):
        for key, results in (await _results(store, tenant_key, start, end, as_of_us)).items():
            yield key, results


async def _results(
    store: Store, tenant_key: int, low: int, high: int, as_of_us: int
) -> dict[int, list[CheckResult]]:
    """The results of some time that had arrived by then, by check."""
    columns, received = await store.results_between(tenant_key, low, high)
    found: defaultdict[int, list[CheckResult]] = defaultdict(list)
    statuses = tuple(Status)
    rows = zip(
        columns.check_key.tolist(),
        columns.time_us.tolist(),
        columns.status.tolist(),
        columns.latency_us.tolist(),
        received.tolist(),
        strict=True,
    )
    for key, time, status, latency, received_at in rows:
        if received_at <= as_of_us:
            found[key].append(
                CheckResult(time, statuses[status], None if latency < 0 else latency, received_at)
            )
    return found


async def _name_what_is_gone(
    store: Store,
    tenant_key: int,
    names: Mapping[int, str],
    cut: Sequence[Span],
    raw_since_us: int,
    into: Buckets,
) -> None:
    """Add the buckets that are cut where no results are left, so that the report can say what it lacks."""
    for low, high in cut:
        if low < raw_since_us:
            start = low // _BUCKET_US * _BUCKET_US
            for rollup in await store.rollups(tenant_key, BUCKET_SECONDS, start, high):
                into[names[rollup.check_key]].append(_bucket(rollup))


def _bucket(rollup: Rollup) -> Bucket:
    latency = LatencyHistogram(
        decode_counts(rollup.histogram), rollup.latency_count, rollup.latency_sum_us, rollup.latency_max_us
    )
    return Bucket(
        rollup.start_us,
        rollup.width_s * UNITS,
        rollup.healthy,
        rollup.degraded,
        rollup.unhealthy,
        latency,
        rollup.known_at_us,
    )


def _whole_buckets(counted: Iterable[Span]) -> list[Span]:
    return [span for low, high in counted if (span := _aligned(low, high, _BUCKET_US))]


def _aligned(low: int, high: int, width_us: int) -> Span | None:
    """The part that is made of whole spans of that width; None if there is none."""
    first, last = -(-low // width_us) * width_us, high // width_us * width_us
    return (first, last) if first < last else None


def _pieces(spans: Sequence[Span]) -> list[Span]:
    """The same time in pieces of a day at most, none of which ends inside a bucket that goes on."""
    return [
        (max(low, start), min(start + _DAY_US, high))
        for low, high in spans
        for start in range(low // _BUCKET_US * _BUCKET_US, high, _DAY_US)
    ]
