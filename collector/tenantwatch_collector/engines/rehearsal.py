"""When a rule would have fired on what the store holds: history through the books that judge the present.

The clock is that of the results. Nothing is written. What was heard late is judged as if it had come in time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from tenantwatch_wire.columns import MetricColumns

from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.anomalies import TenantPast
from tenantwatch_collector.engines.check_columns import NEVER
from tenantwatch_collector.engines.checks import CheckBook, Judged
from tenantwatch_collector.engines.levels import findings_at
from tenantwatch_collector.engines.tenants import judge_tenant
from tenantwatch_collector.reports.agreements import versions_of
from tenantwatch_collector.reports.opened import Touches
from tenantwatch_collector.sla.contract import ContractVersion, contract_in_force, versions_known
from tenantwatch_collector.sla.grouping import Chosen
from tenantwatch_collector.store.base import (
    BUCKET_US,
    AlertRecord,
    Commit,
    JudgedState,
    Judgement,
    Place,
    ResultColumns,
    Store,
    StoredResult,
    Tenant,
)

_PAGE = 1_000
_SLICE_US = 6 * 3_600_000_000
_TOGETHER_US = 1_000_000
_HOUR_US = 3_600_000_000


@dataclass(slots=True)
class Rehearsal:
    """One tenant's history. ``book`` is fresh, knows the tenant, and has the rules in question alone."""

    store: Store
    book: AlertBook
    tenant: Tenant
    read: int = 0
    """Results so far."""
    until_us: int = 0
    """As far as it has come."""
    _terms: Sequence[ContractVersion] = ()
    _chosen: Chosen = field(default_factory=dict)
    """What the terms say of groups, at the instant that was judged last."""

    async def run(self, from_us: int, to_us: int) -> AsyncIterator[AlertRecord]:
        """Alerts as they become known or change, each perhaps several times: the last is how it stood."""
        versions = versions_of(self.tenant, await self.store.contracts(self.tenant.tenant_key))
        self._terms = versions_known(versions, to_us)
        checks = CheckBook(self.store, self.book.is_idle, by_newest=True)
        await checks.load(JudgedState(0, 0, [], [], []))
        mine = {k: w for k, w in checks.watched.items() if w.check.tenant_key == self.tenant.tenant_key}
        self.book.know_checks(mine, checks.heard_us)
        number = 0
        async for together in self._together(from_us, to_us):
            number += 1
            now_us = together[-1].time_us
            for due_us in self._dues(checks, together[0].time_us):
                self._judge(checks, checks.expire(due_us), due_us)
            columns = columns_of(self.tenant.tenant_key, together)
            judged = await checks.judge(Commit(number, now_us, columns))
            self.book.measure(columns, now_us)
            self._judge(checks, judged, now_us)
            self.until_us = now_us
            for alert in self._collected():
                yield alert
        for due_us in self._dues(checks, to_us):
            self._judge(checks, checks.expire(due_us), due_us)
        for alert in self._collected():
            yield alert

    async def run_levels(self, from_us: int, to_us: int) -> AsyncIterator[AlertRecord]:
        """The same of service levels, judged by the hour with what was known then."""
        touches = Touches(self.store)
        for as_of_us in range(from_us, to_us, _HOUR_US):
            _, findings = await findings_at(self.store, touches, self.tenant, as_of_us)
            for finding in findings:
                self.book.find(finding, as_of_us)
            self.book.tick(as_of_us)
            self.read, self.until_us = self.read + 1, as_of_us
            for alert in self._collected():
                yield alert

    async def run_anomalies(self, from_us: int, to_us: int) -> AsyncIterator[AlertRecord]:
        """The same of what is unusual, by quarters of an hour."""
        past = TenantPast(self.store, self.tenant.tenant_key)
        mine = {
            one.check_key: one
            for one in await self.store.checks()
            if one.tenant_key == self.tenant.tenant_key and one.active
        }
        for bucket_us in range(from_us // BUCKET_US * BUCKET_US, to_us - BUCKET_US, BUCKET_US):
            for finding in await past.findings(bucket_us, mine):
                self.book.find(finding, bucket_us + BUCKET_US)
            self.book.tick(bucket_us + BUCKET_US)
            self.read, self.until_us = self.read + 1, bucket_us
            for alert in self._collected():
                yield alert

    def _dues(self, checks: CheckBook, before_us: int) -> Iterator[int]:
        """The instants before that one at which the clock alone brings something about."""
        while True:
            due_us = min(checks.next_expiry_us() + 1, self.book.next_due_us() or NEVER)
            if due_us >= before_us:
                return
            yield due_us

    def _judge(self, checks: CheckBook, judged: Sequence[Judged], now_us: int) -> None:
        for one in judged:
            self.book.judge(one, now_us)
        chosen = contract_in_force(self._terms, now_us).groups
        if any(one.changes for one in judged) or chosen != self._chosen:
            tenant_key, self._chosen = self.tenant.tenant_key, chosen
            state = judge_tenant(tenant_key, checks.of_tenant(tenant_key), now_us, chosen)
            self.book.tenant_is(state, now_us)
        self.book.tick(now_us)
        checks.look_closer(self.book.restless)
        self.book.restless.clear()

    def _collected(self) -> list[AlertRecord]:
        judgement = Judgement(0)
        self.book.collect(judgement)
        return judgement.alerts

    async def _together(self, from_us: int, to_us: int) -> AsyncIterator[list[StoredResult]]:
        """Results that came at about the same time, oldest first."""
        for start_us in range(from_us, to_us, _SLICE_US):
            slice_: list[StoredResult] = []
            place: Place | None = None
            while True:
                page = await self.store.results(
                    self.tenant.tenant_key, start_us, min(start_us + _SLICE_US, to_us), _PAGE, "", place
                )
                slice_ += page
                if len(page) < _PAGE:
                    break
                place = page[-1].place
            self.read += len(slice_)
            slice_.reverse()
            first = 0
            for i in range(1, len(slice_) + 1):
                if i == len(slice_) or slice_[i].time_us - slice_[first].time_us >= _TOGETHER_US:
                    yield slice_[first:i]
                    first = i


def columns_of(tenant_key: int, results: Sequence[StoredResult]) -> ResultColumns:
    """Stored results as the engines take them."""
    places: dict[str, int] = {}
    triples = [
        (row, places.setdefault(name, len(places)), value)
        for row, result in enumerate(results)
        for name, value in result.metrics.items()
    ]
    return ResultColumns(
        np.full(len(results), tenant_key, np.int64),
        np.array([one.check_key for one in results], np.int64),
        np.array([one.time_us for one in results], np.int64),
        np.array([int(one.status) for one in results], np.uint8),
        np.array([-1 if one.latency_us is None else one.latency_us for one in results], np.int64),
        {row: one.text for row, one in enumerate(results) if one.text},
        MetricColumns(
            np.array([t[0] for t in triples], np.uint32),
            np.array([t[1] for t in triples], np.uint32),
            np.array([t[2] for t in triples], np.float64),
            tuple(places),
        ),
    )
