"""Keeps the rollups current: every quarter of an hour of a tenant once it is over, hours and days of those.

Nothing is added to a rollup: a span is made anew from its results, so making it twice, after a crash or for
late results, changes nothing. Which spans are to be made follows from two logs, the commits and the confirmed
changes; the cursors into them move past what only spans that are still open wait for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tenantwatch_wire.records import Status

from tenantwatch_collector.background import end
from tenantwatch_collector.engines.summing import (
    counted_requests,
    counts_of,
    end_us,
    milliseconds_by_level,
    rollup_of,
    summed,
)
from tenantwatch_collector.reports.members import Places, places_agreed
from tenantwatch_collector.sla.requests import COUNTERS, MAX_GAP_SECONDS
from tenantwatch_collector.sla.rollup import NOTHING, Counts, add_up, count_checks
from tenantwatch_collector.store.base import (
    BUCKET_US,
    CheckChange,
    RequestRollup,
    RolledUp,
    Rollup,
    RollupSpan,
    RollupSum,
    Store,
    StoreUnavailable,
)

BUCKET_S = BUCKET_US // 1_000_000
WIDER = {BUCKET_S: 3_600, 3_600: 86_400}
"""Each width, and the one that is made of it."""
GRACE_US = 30_000_000
"""How long a span is left alone after its end: most results have arrived by then."""
_PAUSE_SECONDS = 10.0
_SPANS_AT_ONCE = 50
_COMMITS_AT_ONCE = 5_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Reason:
    """The oldest log entries that ask for a span: a commit's id, and when a change became known."""

    commit_id: int | None
    known_at_us: int | None

    def earlier(self, other: Reason) -> Reason:
        return Reason(_least(self.commit_id, other.commit_id), _least(self.known_at_us, other.known_at_us))


class RollupEngine:
    """Start once, stop as often as you like."""

    def __init__(self, store: Store, now_us: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._store = store
        self._now_us = now_us
        self._wanted: dict[RollupSpan, Reason] = {}
        self._due: set[RollupSpan] = set()
        self._cursor = 0
        self._changes_until_us = 0
        self._noted = 0, 0
        """How far the store says that the rollups have come."""
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.raw_since_us = 0
        """Older results are gone: what was made of them stays as it is."""

    async def start(self) -> None:
        await self._load()
        self._task = asyncio.create_task(self._run(), name="rollups")

    async def stop(self) -> None:
        await end(self._task)
        self._task = None

    async def _load(self) -> None:
        state = await self._store.rollup_state()
        self._cursor, self._changes_until_us = self._noted = state.cursor, state.changes_until_us
        self._due, self._wanted = set(state.due), {}
        self.raw_since_us = max(self.raw_since_us, state.deleted_before_us)

    async def _run(self) -> None:
        while True:
            try:
                await self.catch_up()
            except StoreUnavailable as error:
                log.error("rollups wait: %s", error)
                await asyncio.sleep(_PAUSE_SECONDS)
                await self._try_to_load()
            except Exception:
                # A fault of ours must not end the rollups for good: retention waits for them.
                log.exception("rollups wait, they failed in a way nobody foresaw")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _try_to_load(self) -> None:
        try:
            await self._load()
        except StoreUnavailable:
            log.info("the store is still away")

    async def catch_up(self) -> None:
        """Make every span that is over and wanted."""
        async with self._turn:
            await self._read_logs()
            for spans in (self._wanted, self._due):
                # What is made makes others due, so they are looked at until none is left.
                while over := self._over(spans):
                    for first in range(0, len(over), _SPANS_AT_ONCE):
                        rest = len(over) - first - _SPANS_AT_ONCE
                        await self._make(over[first : first + _SPANS_AT_ONCE], is_last=rest <= 0)

    async def unfinished_since_us(self) -> int | None:
        """The beginning of the oldest span that is still to be made; None if there is none."""
        async with self._turn:
            await self._read_logs()
        return min((span.start_us for span in (*self._wanted, *self._due)), default=None)

    async def unfinished(self) -> set[RollupSpan]:
        """The spans that are still to be made, by what the store says now; for one that was not started."""
        await self._load()
        await self._read_logs()
        return {*self._wanted, *self._due}

    async def _read_logs(self) -> None:
        counting = set(await self._store.counting_tenants(COUNTERS))
        while touches := await self._store.touched_after(self._cursor, _COMMITS_AT_ONCE):
            for touch in touches:
                reason = Reason(touch.commit_id, None)
                pairs = zip(touch.touched.tenant_key.tolist(), touch.touched.bucket.tolist(), strict=True)
                for tenant_key, bucket in pairs:
                    self._want(RollupSpan(tenant_key, BUCKET_S, bucket * BUCKET_US), reason)
                    if tenant_key in counting:
                        # The first look of the next one counts from the last of this one.
                        self._want(RollupSpan(tenant_key, BUCKET_S, (bucket + 1) * BUCKET_US), reason)
            self._cursor = touches[-1].commit_id
        known_until_us = self._changes_until_us
        for tenant_key, time_us, known_at_us in await self._store.changed_since(known_until_us):
            reason = Reason(None, known_until_us + 1)
            for bucket in range(
                max(time_us, self.raw_since_us) // BUCKET_US, self._now_us() // BUCKET_US + 1
            ):
                self._want(RollupSpan(tenant_key, BUCKET_S, bucket * BUCKET_US), reason)
            self._changes_until_us = max(self._changes_until_us, known_at_us)

    def _want(self, span: RollupSpan, reason: Reason) -> None:
        if span.start_us >= self.raw_since_us:
            known = self._wanted.get(span)
            self._wanted[span] = reason if known is None else known.earlier(reason)

    def _over(self, spans: Iterable[RollupSpan]) -> list[RollupSpan]:
        now_us = self._now_us()
        return sorted(span for span in spans if end_us(span) + GRACE_US <= now_us)

    async def _make(self, spans: Sequence[RollupSpan], is_last: bool) -> None:
        """Make these spans, and let the next wider ones be made when they are over.

        The cursors move with the last of many: looking for the oldest that is left takes the longer the more
        there are.
        """
        flush = RolledUp(0, 0, spans=list(spans))
        places = {key: await self._places(key) for key in {span.tenant_key for span in spans}}
        for span in spans:
            rollups, requests = await self.recount(span), await self._requests(span)
            flush.rollups += rollups
            if span.width_s == BUCKET_S:
                flush.requests += requests
            flush.sums += summed(span, rollups, requests, places[span.tenant_key].at(span.start_us))
        flush.due = sorted({within(span, WIDER[span.width_s]) for span in spans if span.width_s in WIDER})
        noted = self._noted
        if is_last:
            made = set(spans)
            left = [reason for span, reason in self._wanted.items() if span not in made]
            noted = (
                _before([reason.commit_id for reason in left], self._cursor),
                _before([reason.known_at_us for reason in left], self._changes_until_us),
            )
        flush.cursor, flush.changes_until_us = noted
        await self._store.write_rollups(flush)
        self._noted = noted
        for span in spans:
            self._wanted.pop(span, None)
        self._due.difference_update(spans)
        self._due.update(flush.due)

    async def sum_up(self, span: RollupSpan) -> list[RollupSum]:
        """What the sum of the span is, made anew."""
        places = await self._places(span.tenant_key)
        requests = await self._requests(span)
        return summed(span, await self.recount(span), requests, places.at(span.start_us))

    async def _places(self, tenant_key: int) -> Places:
        """What the tenant's checks count as, by the terms of each time."""
        checks = await self._store.tenant_checks(tenant_key)
        return places_agreed(checks, await self._store.contracts(tenant_key))

    async def recount(self, span: RollupSpan) -> list[Rollup]:
        """What the rollups of the span are, made anew from its results, or of the narrower ones in it."""
        counts = await (self._count(span) if span.width_s == BUCKET_S else self._add_up(span))
        changes: dict[int, list[CheckChange]] = {}
        for change in await self._store.changes(span.tenant_key, span.start_us, end_us(span)):
            changes.setdefault(change.check_key, []).append(change)
        made = []
        for check_key in sorted(counts.keys() | changes.keys()):
            levels = milliseconds_by_level(changes.get(check_key, ()), span.start_us, end_us(span))
            # One that was unknown all the time and brought nothing, such as a retired one, leaves no trace.
            if check_key in counts or levels[Status.UNKNOWN] < span.width_s * 1000:
                made.append(rollup_of(span, check_key, counts.get(check_key, NOTHING), levels))
        return made

    async def _requests(self, span: RollupSpan) -> Sequence[RequestRollup]:
        """What its checks counted of requests, by quarters of an hour."""
        if span.width_s > BUCKET_S:
            return await self._store.request_rollups(span.tenant_key, span.start_us, end_us(span))
        readings = await self._store.counter_readings(
            span.tenant_key, COUNTERS, span.start_us - MAX_GAP_SECONDS * 1_000_000, end_us(span)
        )
        return counted_requests(span, readings)

    async def _count(self, span: RollupSpan) -> dict[int, Counts]:
        columns, received_us = await self._store.results_between(span.tenant_key, span.start_us, end_us(span))
        return count_checks(
            columns.check_key, columns.time_us, columns.status, columns.latency_us, received_us
        )

    async def _add_up(self, span: RollupSpan) -> dict[int, Counts]:
        narrower = next(width for width, wider in WIDER.items() if wider == span.width_s)
        parts: dict[int, list[Counts]] = {}
        for rollup in await self._store.rollups(span.tenant_key, narrower, span.start_us, end_us(span)):
            parts.setdefault(rollup.check_key, []).append(counts_of(rollup))
        return {check_key: add_up(found) for check_key, found in parts.items()}


def within(span: RollupSpan, width_s: int) -> RollupSpan:
    width_us = width_s * 1_000_000
    return RollupSpan(span.tenant_key, width_s, span.start_us // width_us * width_us)


def _before(waiting: Iterable[int | None], reached: int) -> int:
    """The last log entry that nothing waits for any more."""
    return min((entry - 1 for entry in waiting if entry is not None), default=reached)


def _least(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)
