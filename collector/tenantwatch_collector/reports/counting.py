"""What a report counts, out of the store: by the widest sums that fit, and by results where none does.

A sum or a rollup stands for its time if nothing cuts it, no commit has touched it since it was made, and
nothing in it arrived after the instant asked for. The rest is read a day at a time, so a long period needs
little memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from tenantwatch_wire.records import Status

from tenantwatch_collector.health import CheckResult, Measurement, measurements
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.members import Places, read_members
from tenantwatch_collector.reports.opened import WIDTHS_S, Opened, aligned_within
from tenantwatch_collector.sla.buckets import BUCKET_SECONDS, Bucket, Rollups, buckets_of
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.spans import Span, union, without
from tenantwatch_collector.store.base import Rollup, RollupSpan, RollupSum, Store

_BUCKET_US = BUCKET_SECONDS * UNITS
_DAY_US = 86_400 * UNITS
_SKEW_US = 30 * UNITS


@dataclass(slots=True)
class Counting:
    """One tenant's results in some pieces of time, none of which goes on where the places change."""

    opened: Opened
    tenant_key: int
    names: Mapping[int, str]
    places: Places
    as_of_us: int
    by_check: bool = False
    """Whether every check is to be told apart: then sums over them are left alone."""
    sums: list[RollupSum] = field(default_factory=list)
    """Those that stand for their time."""
    known_us: int = 0
    """When the newest of all that was counted arrived."""
    _same: tuple[Mapping[int, str], str] | None = None
    """Places, and members who count as they say."""
    _buckets: defaultdict[str, list[Bucket]] = field(default_factory=lambda: defaultdict(list))
    _measured: defaultdict[str, list[Measurement]] = field(default_factory=lambda: defaultdict(list))

    async def count(self, pieces: Sequence[Span]) -> tuple[Mapping[str, Sequence[Measurement]], Rollups]:
        """Measurements and rollups that together hold all of ``pieces``, the time in which results count: in
        order, and cut where parts of the period or steps of a trend meet."""
        open_spans = aligned_within(pieces, _BUCKET_US)
        cut = without(pieces, open_spans)
        for width_s in () if self.by_check else WIDTHS_S:
            open_spans = without(open_spans, await self._take_sums(width_s, open_spans))
        for width_s in WIDTHS_S:
            open_spans = without(open_spans, await self._take_rollups(width_s, open_spans))
        raw_since_us = self.opened.raw_since_us
        for low, high in _pieces(union([*open_spans, *cut])):
            await self._read_results(low, high, open_spans, cut)
        await self._name_what_is_gone(cut)
        for buckets in self._buckets.values():
            buckets.sort(key=lambda bucket: bucket.start)
        until = pieces[-1][1] if pieces else 0
        together = sorted(map(_bucket_of_sum, self.sums), key=lambda bucket: bucket.start)
        return self._measured, Rollups(self._buckets, until, raw_since_us or None, together)

    async def _take_sums(self, width_s: int, wanted: Sequence[Span]) -> list[Span]:
        """Take the sums of that width that stand for their time; returns that time."""
        width_us = width_s * UNITS
        spans = aligned_within(wanted, width_us)
        if not spans:
            return []
        found = await self.opened.sums(self.tenant_key, width_s, spans[0][0], spans[-1][1])
        starts = (start for low, high in spans for start in range(low, high, width_us)) if found else ()
        taken = [each for start in starts if (each := found.get(start)) and self._holds(each)]
        self.sums += taken
        self.known_us = max([self.known_us, *(each.known_at_us for each in taken)])
        return union((each.start_us, each.start_us + width_us) for each in taken)

    def _holds(self, each: RollupSum) -> bool:
        """Whether it was all known then, and its checks count then as they were counted."""
        return each.known_at_us <= self.as_of_us and self._counts_as(each.members, each.start_us)

    def _counts_as(self, members: str, time: int) -> bool:
        """Whether they count as that then; asked of many sums, of which most have the same members."""
        places = self.places.at(time)
        if self._same is None or self._same[0] is not places or self._same[1] != members:
            if not read_members(members).items() <= places.items():
                return False
            self._same = places, members
        return True

    async def _take_rollups(self, width_s: int, wanted: Sequence[Span]) -> list[Span]:
        """The same with the rollups of single checks."""
        width_us = width_s * UNITS
        spans = aligned_within(wanted, width_us)
        if not spans:
            return []
        found: defaultdict[int, list[Rollup]] = defaultdict(list)
        low, high = spans[0][0], spans[-1][1]
        for rollup in await self.opened.store.rollups(self.tenant_key, width_s, low, high):
            found[rollup.start_us].append(rollup)
        taken = []
        for start in (start for low, high in spans for start in range(low, high, width_us)):
            here = found.get(start, ())
            stale = RollupSpan(self.tenant_key, width_s, start) in self.opened.stale
            if here and not stale and all(r.known_at_us <= self.as_of_us for r in here):
                taken.append((start, start + width_us))
                for rollup in here:
                    self._buckets[self.names[rollup.check_key]].append(_bucket(rollup))
                    self.known_us = max(self.known_us, rollup.known_at_us)
        return taken

    async def _read_results(self, low: int, high: int, whole: Sequence[Span], cut: Sequence[Span]) -> None:
        """Read what no rollup stands for; whole buckets are made into such, so that it stays little."""
        found = await _results(self.opened.store, self.tenant_key, low, high, self.as_of_us)
        for key, results in found.items():
            made = buckets_of(results, _BUCKET_US, _SKEW_US)
            taken = [b for b in made if any(start <= b.start and b.end <= end for start, end in whole)]
            self._buckets[self.names[key]] += taken
            inside = [r for r in results if any(start <= r.time < end for start, end in cut)] if cut else []
            arrived = [*(b.known_at for b in taken), *(r.received_at or 0 for r in inside)]
            self.known_us = max([self.known_us, *arrived])
            self._measured[self.names[key]] += measurements(inside, self.as_of_us, _SKEW_US)

    async def _name_what_is_gone(self, cut: Sequence[Span]) -> None:
        """Add the buckets that are cut where no results are left: the report says what it lacks."""
        for low, high in cut:
            if low < self.opened.raw_since_us:
                start = low // _BUCKET_US * _BUCKET_US
                for rollup in await self.opened.store.rollups(self.tenant_key, BUCKET_SECONDS, start, high):
                    self._buckets[self.names[rollup.check_key]].append(_bucket(rollup))


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


def _bucket(rollup: Rollup) -> Bucket:
    latency = LatencyHistogram(
        None, rollup.latency_count, rollup.latency_sum_us, rollup.latency_max_us, [rollup.histogram]
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


def _bucket_of_sum(each: RollupSum) -> Bucket:
    latency = LatencyHistogram(
        None, each.latency_count, each.latency_sum_us, each.latency_max_us, [each.histogram]
    )
    good = each.total - each.errors
    return Bucket(each.start_us, each.width_s * UNITS, good, 0, each.errors, latency, each.known_at_us)


def _pieces(spans: Sequence[Span]) -> list[Span]:
    """The same time in pieces of a day at most, none of which ends inside a bucket that goes on."""
    return [
        (max(low, start), min(start + _DAY_US, high))
        for low, high in spans
        for start in range(low // _BUCKET_US * _BUCKET_US, high, _DAY_US)
    ]
