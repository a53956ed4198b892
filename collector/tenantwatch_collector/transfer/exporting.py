"""Results out of a store, in order of tenant and time, a page at a time however many there are."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from tenantwatch_collector.store.base import Store, StoredResult, Tenant, TenantCheck
from tenantwatch_collector.transfer.files import FileKind, Sink, Stopped
from tenantwatch_collector.transfer.record import written

PAGE = 5_000
_LEAST_US, _MOST_US = 60_000_000, 86_400_000_000
_FIRST_US = 3_600_000_000

Definitions = Mapping[int, Sequence[TenantCheck]]
"""What each check was, by its key, in order of time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose results, in order of their ids, and of which time: [from_us, to_us)."""

    tenants: Sequence[Tenant]
    from_us: int
    to_us: int


async def export(
    store: Store,
    wanted: Wanted,
    sink: Sink,
    kind: FileKind,
    stopped: Stopped | None,
    told: Callable[[float, int], None],
) -> int:
    """Write them; returns how many. ``told`` hears how far it is, of 1, and how many were written."""
    count = 0
    for place, tenant in enumerate(wanted.tenants):
        from_us = wanted.from_us
        if stopped is not None and tenant.tenant_id <= stopped.tenant_id:
            if tenant.tenant_id < stopped.tenant_id:
                continue
            from_us = stopped.from_us
        checks: Definitions = {}
        async for page, done in _pages(store, tenant, from_us, wanted.to_us):
            if any(result.check_key not in checks for result in page):
                checks = await _definitions(store, tenant)
            sink.write(kind.form.write(written(result, _then(checks, result)) for result in page))
            count += len(page)
            told((place + done) / len(wanted.tenants), count)
    return count


async def _pages(
    store: Store, tenant: Tenant, from_us: int, to_us: int
) -> AsyncIterator[tuple[Sequence[StoredResult], float]]:
    """Each page ends with an instant of which it has every result; with it how far it is, of 1."""
    reached = await store.reach(tenant.tenant_key)
    if reached is None:
        return
    low = first = max(from_us, reached[0])
    high = min(to_us, reached[1] + 1)
    width, limit = _FIRST_US, PAGE
    while low < high:
        end = min(low + width, high)
        page = await store.results_from(tenant.tenant_key, low, end, limit)
        if len(page) < limit:
            low = end
            width = min(2 * width, _MOST_US) if len(page) < PAGE // 4 else width
        else:
            # The last instant may go on in the next page.
            low, width = page[-1].time_us, max(width // 2, _LEAST_US)
            page = [result for result in page if result.time_us < low]
        limit = PAGE if page or low == end else 2 * limit
        if page:
            yield page, (low - first) / (high - first)


async def _definitions(store: Store, tenant: Tenant) -> Definitions:
    found: defaultdict[int, list[TenantCheck]] = defaultdict(list)
    for check in await store.tenant_checks(tenant.tenant_key):
        found[check.check_key].append(check)
    return found


def _then(checks: Definitions, result: StoredResult) -> TenantCheck:
    """What the check was at the time; before it was defined what it was at first."""
    defined = checks[result.check_key]
    place = bisect_right(defined, result.time_us, key=lambda check: check.active_since_us or 0)
    return defined[max(0, place - 1)]
