"""Keeps service levels in view: budgets, burn rates and violations of the running month, as findings.

A tenant whose checks or groups changed is judged within a second, one that is down every five seconds, for
its budget goes with no further change; all others in turns, so that even many of them cost little. What was
found goes to the alerts as conditions that hold or do not. After a restart those come first that changed
just before.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from tenantwatch_collector.background import end
from tenantwatch_collector.engines.agreed_groups import AgreedGroups
from tenantwatch_collector.engines.findings import Finding, findings_of
from tenantwatch_collector.reports.agreements import UNITS, local_time_of, versions_of
from tenantwatch_collector.reports.loading import load
from tenantwatch_collector.reports.naming import named_period
from tenantwatch_collector.reports.opened import Touches, open_facts
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.contract import versions_known
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.rounding import half_even_text
from tenantwatch_collector.store.base import Store, StoreUnavailable, Tenant

_PAUSE_SECONDS = 1.0
_TURN_SECONDS = 300.0
"""Within this time every tenant is judged once, whether anything changed or not."""
_AT_ONCE = 50
_RESTLESS_SECONDS = 5.0
"""How often a tenant is judged that is down."""
_LOOK_BACK_US = 600_000_000
"""Of what an earlier life learned at its end, nobody knows whether it was judged."""
_LONGEST_AWAY_US = 86_400_000_000

log = logging.getLogger(__name__)


class LevelEngine:
    """Start once, stop as often as you like. ``judged`` fires when changes may have been found."""

    def __init__(self, store: Store, judged: Signal, found: Callable[[Sequence[Finding]], None]) -> None:
        self._store = store
        self._judged = judged
        self._found = found
        self._touches = Touches(store)
        self._groups = AgreedGroups(store)
        self.compliance: dict[str, bool | None] = {}
        """By tenant_id: whether the running month keeps its level so far; None where nothing counts yet."""
        self.scores: dict[str, float | None] = {}
        """By tenant_id: the running month's health score so far."""
        self._known_until_us: int | None = None
        self._changed: dict[int, None] = {}
        """Tenants of which something new is known, until they are judged."""
        self._restless: dict[int, float] = {}
        """Tenants that are down, and when they were judged, by the loop's clock."""
        self._waiting: list[int] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="service levels")

    async def stop(self) -> None:
        await end(self._task)
        self._task = None

    async def _run(self) -> None:
        while True:
            seen = self._judged.count
            try:
                await self._pass()
            except StoreUnavailable as error:
                log.error("service levels wait: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS)
            await self._judged.wait_beyond(seen, _PAUSE_SECONDS)

    async def _pass(self) -> None:
        """The tenants with something new, those that are down, and some of the others, whose turn it is."""
        tenants = {tenant.tenant_key: tenant for tenant in await self._store.tenants()}
        await self._read_changes()
        for tenant_key in dict.fromkeys([*self._changed, *self._due(), *self._turn(list(tenants))]):
            if tenant_key in tenants:
                await self._judge_alone(tenants[tenant_key])
            self._changed.pop(tenant_key, None)

    async def _read_changes(self) -> None:
        since_us = self._known_until_us
        regrouped = await self._groups.read(time.time_ns() // 1000)
        if since_us is not None:
            self._changed.update(dict.fromkeys(regrouped))
        if since_us is None:
            since_us = time.time_ns() // 1000 - _LONGEST_AWAY_US
        found = await self._store.changed_since(since_us)
        newest_us = max((known_at_us for *_, known_at_us in found), default=since_us)
        if self._known_until_us is None:
            found = [each for each in found if each[2] > newest_us - _LOOK_BACK_US]
        self._known_until_us = newest_us
        self._changed.update(dict.fromkeys(tenant_key for tenant_key, *_ in found))

    def _due(self) -> list[int]:
        before = time.monotonic() - _RESTLESS_SECONDS
        return [tenant_key for tenant_key, judged in self._restless.items() if judged <= before][:_AT_ONCE]

    def _turn(self, tenant_keys: list[int]) -> list[int]:
        if not self._waiting:
            self._waiting = tenant_keys[::-1]
        share = -(-len(tenant_keys) * _PAUSE_SECONDS // _TURN_SECONDS)
        return [self._waiting.pop() for _ in range(min(int(share), _AT_ONCE, len(self._waiting)))]

    async def _judge_alone(self, tenant: Tenant) -> None:
        try:
            await self._judge(tenant)
        except StoreUnavailable:
            raise
        except Exception:
            # One tenant's broken facts must not blind us to all others.
            log.exception("the service level of tenant %s cannot be judged", tenant.tenant_id)
            self.compliance[tenant.tenant_id] = self.scores[tenant.tenant_id] = None

    async def _judge(self, tenant: Tenant) -> None:
        whole, findings = await findings_at(self._store, self._touches, tenant, time.time_ns() // 1000)
        self.compliance[tenant.tenant_id] = whole.compliant
        score = whole.health_score
        self.scores[tenant.tenant_id] = None if score is None else float(half_even_text(score, 1))
        self._restless.pop(tenant.tenant_key, None)
        if whole.stretches and whole.stretches[-1].time_class in (TimeClass.DOWN, TimeClass.DEGRADED):
            self._restless[tenant.tenant_key] = time.monotonic()
        self._found(findings)


async def findings_at(
    store: Store, touches: Touches, tenant: Tenant, as_of_us: int
) -> tuple[Evaluation, list[Finding]]:
    """The month that ran at an instant, as it was known then, and its conditions."""
    contracts = versions_known(versions_of(tenant, await store.contracts(tenant.tenant_key)), as_of_us)
    named = named_period("monthly", None, 1, local_time_of(contracts), as_of_us // UNITS)
    period = named.period.in_units(UNITS)
    pieces = [(period.start, min(period.end, as_of_us))]
    opened = await open_facts(store, touches, [tenant.tenant_key], pieces, as_of_us)
    loaded = await load(opened, tenant, period, as_of_us)
    judged = await asyncio.to_thread(
        judge, loaded.versions, loaded.facts, period, as_of_us, (), loaded.laid_out
    )
    stretches = loaded.laid_out[-1][2]
    return judged.whole, list(findings_of(tenant.tenant_key, judged.parts, stretches, named.label))
