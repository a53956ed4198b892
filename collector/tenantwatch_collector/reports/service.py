"""Reports out of the store, in the order of their life: judged, told as a document, signed, issued, kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.agreements import UNITS, versions_of
from tenantwatch_collector.reports.counting import results_of
from tenantwatch_collector.reports.digests import fact_digests
from tenantwatch_collector.reports.export import write_export, write_results
from tenantwatch_collector.reports.issuing import Asked, Issuing, Judgement
from tenantwatch_collector.reports.loading import LEAD_US, Loaded, export_of, load, name_of
from tenantwatch_collector.reports.naming import NamedPeriod, named_period
from tenantwatch_collector.reports.signing import Signer
from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.contract import Tier, versions_known
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.steps import steps_of
from tenantwatch_collector.store.base import Store, Tenant

_AT_ONCE = 4
_DAY_US = 86_400 * UNITS


class Reports:
    """Every question about service levels. It reads the store and keeps what was issued."""

    def __init__(self, store: Store, signer: Signer) -> None:
        self._store = store
        self._issuing = Issuing(store, signer)

    async def subject(
        self, tenant: Tenant, asked: Asked, tier: Tier | None = None
    ) -> tuple[NamedPeriod, Subject, Loaded]:
        """One tenant judged, with all that it was judged by; on another ``tier`` than agreed, if given."""
        named = await self._named(tenant, asked)
        return named, *(await self._judged(tenant, named, asked.as_of_us, tier))

    async def tenant_report(self, tenant: Tenant, asked: Asked) -> dict[str, Any]:
        """The tenant's report, signed. A period that is over is issued: what was issued is answered again
        until its figures change."""
        named, subject, _ = await self.subject(tenant, asked)
        return await self._issuing.report(Judgement(tenant, [tenant], named, [subject], asked))

    async def platform_report(self, tenants: Sequence[Tenant], asked: Asked) -> dict[str, Any]:
        """All these tenants over one period of UTC days, issued in the same way."""
        named = named_period(asked.period_type, asked.day, asked.days, ZoneInfo("UTC"), asked.as_of)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def judged(tenant: Tenant) -> Subject:
            async with gate:
                return (await self._judged(tenant, named, asked.as_of_us))[0]

        subjects = await asyncio.gather(*(judged(tenant) for tenant in tenants))
        pairs = [pair for pair in zip(tenants, subjects, strict=True) if _was_there(*pair, named)]
        there = [tenant for tenant, _ in pairs], [subject for _, subject in pairs]
        return await self._issuing.report(Judgement(None, there[0], named, there[1], asked))

    async def export(self, tenant: Tenant, asked: Asked) -> AsyncIterator[str]:
        """The lines of all facts that the report rests on: from them it can be made again."""
        named, _, loaded = await self.subject(tenant, asked)
        as_of_us, low = asked.as_of_us, (named.period.start * UNITS) - LEAD_US
        # A day more, for the platform's reports, whose days are those of UTC.
        high = min(named.period.end * UNITS + _DAY_US, as_of_us)
        names = {c.check_key: name_of(c) for c in await self._store.tenant_checks(tenant.tenant_key)}
        for line in write_export(export_of(tenant.tenant_id, loaded)):
            yield line
        async for key, results in results_of(self._store, tenant.tenant_key, low, high, as_of_us):
            for line in write_results({names[key]: results}):
                yield line

    async def _judged(
        self, tenant: Tenant, named: NamedPeriod, as_of_us: int, tier: Tier | None = None
    ) -> tuple[Subject, Loaded]:
        period = named.period.in_units(UNITS)
        steps = [step.in_units(UNITS) for step in steps_of(named.period, named.zone)]
        loaded = await load(self._store, tenant, period, as_of_us, tier, steps)
        judged = await asyncio.to_thread(judge, loaded.versions, loaded.facts, period, as_of_us, steps)
        digests = fact_digests(loaded.facts, judged)
        end_us = min(period.end - 1, as_of_us)
        in_force = [v for v in loaded.contracts if v.in_force_from <= end_us] or loaded.contracts[:1]
        agreed, name = in_force[-1].contract.tier, tenant.tenant_name
        subject = Subject(tenant.tenant_id, name, agreed, judged, loaded.facts, loaded.windows, digests)
        return subject, loaded

    async def _named(self, tenant: Tenant, asked: Asked) -> NamedPeriod:
        """The period in the zone that was in force at its end: a later one does not move what is past."""
        versions = versions_known(
            versions_of(tenant, await self._store.contracts(tenant.tenant_key)), asked.as_of_us
        )
        at_us = asked.as_of_us
        for _ in range(2):
            in_force = [v for v in versions if v.in_force_from <= at_us][-1]
            zone = ZoneInfo(in_force.contract.timezone)
            named = named_period(asked.period_type, asked.day, asked.days, zone, asked.as_of)
            at_us = min(asked.as_of_us, named.period.end * UNITS - 1)
        return named


def _was_there(tenant: Tenant, subject: Subject, named: NamedPeriod) -> bool:
    """Whether the period is the tenant's business: not if it came later, without older results."""
    seconds = subject.judged.whole.seconds
    only_outside = seconds[TimeClass.OUT_OF_SCOPE] == sum(seconds.values())
    return tenant.created_at_us < named.period.end * UNITS or not only_outside
