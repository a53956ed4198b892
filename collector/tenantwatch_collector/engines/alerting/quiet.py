"""When alerts must keep quiet: silences, and announced maintenance of tenants and of single checks."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tenantwatch_collector.alerts.suppression import Silence
from tenantwatch_collector.reports.agreements import versions_of, windows_known
from tenantwatch_collector.reports.effect import windows_in_effect
from tenantwatch_collector.sla.contract import ContractVersion, versions_known
from tenantwatch_collector.store.base import ContractRecord, Store, StoredSilence, Tenant, WindowRecord

Terms = Mapping[int, Sequence[ContractRecord]]
"""By tenant's key."""

_AHEAD_US = 2 * 86_400_000_000
# A silence that has just ended still starts escalation times anew.
_BEHIND_US = 3_600_000_000
_REWRITE_US = 600_000_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class QuietTimes:
    """Reads them again when asked; recurring windows are written out only now and then."""

    store: Store
    _records: tuple[Sequence[StoredSilence], Sequence[WindowRecord], int] = field(default=((), (), 0))
    _written_us: int = 0
    _silences: list[Silence] = field(default_factory=list)

    async def read(self, tenants: Mapping[int, Tenant], now_us: int) -> list[Silence]:
        records = (
            await self.store.silences(now_us - _BEHIND_US),
            await self.store.windows_ending_after(now_us - _BEHIND_US),
            await self.store.contract_count(),
        )
        if records != self._records or now_us - self._written_us > _REWRITE_US:
            # In a thread: rules are written out, and a rare one is looked for through years.
            terms = await self._terms(bool(records[1]))
            windows = await asyncio.to_thread(_maintenance, records[1], tenants, terms, now_us)
            self._silences = [_silence(one) for one in records[0]] + windows
            self._records, self._written_us = records, now_us
        return self._silences

    async def _terms(self, is_asked: bool) -> Terms:
        """Of the tenants that announced anything."""
        kept: defaultdict[int, list[ContractRecord]] = defaultdict(list)
        for each in await self.store.contracts_of_announcers() if is_asked else ():
            kept[each.tenant_key].append(each)
        return kept


def _silence(one: StoredSilence) -> Silence:
    # Not its notes: tenants read why their alerts wait, and a silence may be about others besides.
    reason = f"silence {one.silence_id}"
    return Silence(one.start_us, one.end_us, one.tenant_id, one.alert_type, reason=reason)


def _maintenance(
    records: Sequence[WindowRecord], tenants: Mapping[int, Tenant], terms: Terms, now_us: int
) -> list[Silence]:
    """Of those that count: one that was announced too late is down time in a report, and told of."""
    found, within = [], (now_us - _BEHIND_US, now_us + _AHEAD_US)
    known: dict[int, Sequence[ContractVersion]] = {}
    for record in records:
        key, tenant = record.tenant_key, tenants.get(record.tenant_key)
        if tenant is None:
            continue
        try:
            if key not in known:
                known[key] = versions_known(versions_of(tenant, terms.get(key, ())), now_us)
            windows = windows_in_effect(windows_known([record], within, now_us), known[key])
        except ValueError as error:
            log.error("maintenance window %s of %s: %s", record.window_id, tenant.tenant_id, error)
            continue
        checks = None if record.checks is None else frozenset(record.checks)
        reason = f"maintenance {record.window_id}" + (f": {record.reason}" if record.reason else "")
        found += [Silence(w.start, w.end, tenant.tenant_id, checks=checks, reason=reason) for w in windows]
    return found
