"""Facts of some tenants, read at once: agreements, changes, and the sums that most of a report is made of.

A sum stands for its time if nothing that arrived since has touched it. What was touched is read from the log
of commits once and remembered, up to where the rollups have come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.sla.requests import COUNTERS
from tenantwatch_collector.sla.spans import Span, without
from tenantwatch_collector.store.base import BUCKET_US, RollupSpan, RollupSum, Store, TenantFacts

WIDTHS_S = (86_400, 3_600, BUCKET_US // UNITS)
_TOUCHES_AT_ONCE = 5_000
_ALL_TIME_US = 2**62


class Touches:
    """What commits have touched since the rollups were made of them; one for each reader of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: defaultdict[int, dict[int, int]] = defaultdict(dict)
        """By tenant and bucket the newest commit that touched it."""
        self._through = 0
        self._rolled_up = 0

    async def stale(self, tenant_keys: Collection[int], counting: set[int]) -> set[RollupSpan]:
        """These tenants' spans, of every width, that something has touched since they were made."""
        state = await self._store.rollup_state()
        await self._read(max(self._through, state.cursor))
        self._forget(state.cursor)
        wanted = set(tenant_keys)
        stale = {span for span in state.due if span.tenant_key in wanted}
        for tenant_key in wanted & self._last.keys():
            touched = set(self._last[tenant_key])
            if tenant_key in counting:
                # The first look of a quarter of an hour counts from the one before it.
                touched |= {bucket + 1 for bucket in touched}
            stale |= {_around(tenant_key, bucket, width_s) for bucket in touched for width_s in WIDTHS_S}
        return stale

    async def _read(self, after: int) -> None:
        self._through = after
        while touches := await self._store.touched_after(self._through, _TOUCHES_AT_ONCE):
            for touch in touches:
                pairs = zip(touch.touched.tenant_key.tolist(), touch.touched.bucket.tolist(), strict=True)
                for tenant_key, bucket in pairs:
                    self._last[tenant_key][bucket] = touch.commit_id
            self._through = touches[-1].commit_id

    def _forget(self, rolled_up: int) -> None:
        """What the rollups have been made of."""
        if rolled_up == self._rolled_up:
            return
        self._rolled_up = rolled_up
        left = (
            (tenant_key, {bucket: last for bucket, last in found.items() if last > rolled_up})
            for tenant_key, found in self._last.items()
        )
        self._last = defaultdict(dict, {tenant_key: found for tenant_key, found in left if found})


def _around(tenant_key: int, bucket: int, width_s: int) -> RollupSpan:
    width_us = width_s * UNITS
    return RollupSpan(tenant_key, width_s, bucket * BUCKET_US // width_us * width_us)


@dataclass(slots=True)
class Opened:
    """What was read of some tenants for a report on some time."""

    store: Store
    facts: Mapping[int, TenantFacts]
    stale: set[RollupSpan]
    counting: set[int]
    """The tenants whose checks count requests."""
    raw_since_us: int
    _sums: dict[tuple[int, int], dict[int, RollupSum]] = field(default_factory=dict)
    _ranges: dict[int, Span] = field(default_factory=dict)

    async def sums(self, tenant_key: int, width_s: int, low: int, high: int) -> Mapping[int, RollupSum]:
        """By their beginning: of that width all in [low, high), maybe more, that nothing touched since."""
        known = self._ranges.get(width_s)
        if known is not None and known[0] <= low and high <= known[1]:
            return self._sums.get((tenant_key, width_s), {})
        return self._fresh(await self.store.rollup_sums([tenant_key], width_s, low, high))

    async def read_ahead(self, tenant_keys: Sequence[int], pieces: Sequence[Span]) -> None:
        """Read for all of them what a tenant of which nothing is masked needs of these pieces of time."""
        for width_s in WIDTHS_S:
            spans = aligned_within(pieces, width_s * UNITS)
            if spans:
                low, high = spans[0][0], spans[-1][1]
                found = defaultdict(list)
                for each in await self.store.rollup_sums(tenant_keys, width_s, low, high):
                    found[each.tenant_key].append(each)
                for tenant_key, sums in found.items():
                    self._sums[tenant_key, width_s] = self._fresh(sums)
                self._ranges[width_s] = low, high
                pieces = without(pieces, spans)

    def _fresh(self, sums: Sequence[RollupSum]) -> dict[int, RollupSum]:
        # The first three fields of a sum are its span's.
        return {each.start_us: each for each in sums if each[:3] not in self.stale}


async def open_facts(
    store: Store, touches: Touches, tenant_keys: Sequence[int], pieces: Sequence[Span], as_of_us: int
) -> Opened:
    """Everything of these tenants that was known then; ``pieces`` are the time that the report is about."""
    counting = set(await store.counting_tenants(COUNTERS, tenant_keys))
    opened = Opened(
        store,
        # Up to the instant asked for, not the period's end: burn rates are of that instant.
        await store.tenant_facts(tenant_keys, as_of_us + 1, as_of_us),
        await touches.stale(tenant_keys, counting),
        counting,
        await store.raw_since_us(),
    )
    await opened.read_ahead(tenant_keys, pieces)
    return opened


def aligned_within(spans: Sequence[Span], width_us: int) -> list[Span]:
    """Of each span the part that is made of whole widths, if there is any."""
    inner = ((-(-low // width_us) * width_us, high // width_us * width_us) for low, high in spans)
    return [(low, high) for low, high in inner if low < high]
