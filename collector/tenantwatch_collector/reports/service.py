"""Reports out of the store, in the order of their life: judged, told as a document, signed, issued, kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.agreements import UNITS, local_time_of, versions_of
from tenantwatch_collector.reports.counting import results_of
from tenantwatch_collector.reports.digests import fact_digests
from tenantwatch_collector.reports.export import write_export, write_results
from tenantwatch_collector.reports.issuing import Asked, Issuing, Judgement
from tenantwatch_collector.reports.loading import (
    LEAD_US,
    Loaded,
    cuts_of,
    export_of,
    load,
    pieces_of,
)
from tenantwatch_collector.reports.members import name_of
from tenantwatch_collector.reports.naming import NamedPeriod, named_period
from tenantwatch_collector.reports.opened import Touches, open_facts
from tenantwatch_collector.reports.signing import Signer
from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.contract import Tier, versions_known
from tenantwatch_collector.sla.judged import Judged, judge
from tenantwatch_collector.sla.local_time import LocalTime
from tenantwatch_collector.sla.steps import steps_of
from tenantwatch_collector.store.base import PLATFORM_KEY, IssuedReport, Store, Tenant, TenantCheck

_AT_ONCE = 100
"""Tenants that are read together: enough to spare the database, few enough to spare memory."""
_DAY_US = 86_400 * UNITS
_UTC = LocalTime([(0, ZoneInfo("UTC"))])


class Reports:
    """Every question about service levels. It reads the store and keeps what was issued."""

    def __init__(
        self, store: Store, signer: Signer, told: Callable[[IssuedReport], None] = lambda issued: None
    ) -> None:
        """``told`` hears of every report that is issued here."""
        self._store = store
        self._issuing = Issuing(store, signer, told)
        self._touches = Touches(store)

    async def subject(
        self, tenant: Tenant, asked: Asked, tier: Tier | None = None
    ) -> tuple[NamedPeriod, Subject, Loaded]:
        """One tenant judged, with all that it was judged by; on another ``tier`` than agreed, if given."""
        named = await self._named(tenant, asked)
        return named, *(await self._judged(tenant, named, asked.as_of_us, tier))

    async def tenant_report(self, tenant: Tenant, asked: Asked) -> dict[str, Any]:
        """The tenant's report, signed. A period that is over is issued: what was issued is answered again
        until its figures change."""
        return await self._issuing.report(await self._judgement(tenant, asked))

    async def issue(self, tenant: Tenant, asked: Asked) -> bool:
        """The same where nobody asks; False if no time of the period is the contract's: there is none."""
        judged = await self._judgement(tenant, asked)
        if _is_only_outside(judged.subjects[0]):
            return False
        await self._issuing.report(judged)
        return True

    async def _judgement(self, tenant: Tenant, asked: Asked) -> Judgement:
        named, subject, _ = await self.subject(tenant, asked)
        return Judgement(tenant, [tenant], named, [subject], asked, partial(self._judgement, tenant))

    async def platform_report(self, tenants: Sequence[Tenant], asked: Asked) -> dict[str, Any]:
        """All these tenants over one period of UTC days, issued in the same way."""
        return await self._issuing.report(await self._platform(tenants, asked))

    async def issue_for_all(self, tenants: Sequence[Tenant], asked: Asked) -> bool:
        """The same where nobody asks; False if the period was no tenant's business: there is none."""
        judged = await self._platform(tenants, asked)
        if not judged.tenants:
            return False
        await self._issuing.report(judged)
        return True

    async def _platform(self, tenants: Sequence[Tenant], asked: Asked) -> Judgement:
        named = _named_in_utc(asked)
        subjects: list[Subject] = []
        for first in range(0, len(tenants), _AT_ONCE):
            some = tenants[first : first + _AT_ONCE]
            subjects += [subject for subject, _ in await self._judge_all(some, named, asked.as_of_us)]
        pairs = [pair for pair in zip(tenants, subjects, strict=True) if _was_there(*pair, named)]
        there = [tenant for tenant, _ in pairs], [subject for _, subject in pairs]
        return Judgement(None, there[0], named, there[1], asked, partial(self._platform, tenants))

    async def waits_from(self, tenant: Tenant, asked: Asked) -> int | None:
        """None if the period was issued, or can be; else when its 72 hours are over, or were: then not all of
        its agents have sent what they saw."""
        named = await self._named(tenant, asked)
        return await self._issuing.waits_from(tenant.tenant_key, [tenant], named, asked)

    async def waits_for_all_from(self, tenants: Sequence[Tenant], asked: Asked) -> int | None:
        """The same for the platform, whose periods are of UTC days."""
        return await self._issuing.waits_from(PLATFORM_KEY, tenants, _named_in_utc(asked), asked)

    async def export(self, tenant: Tenant, asked: Asked) -> AsyncIterator[str]:
        """The lines of all facts that the report rests on: from them it can be made again."""
        named = await self._named(tenant, asked)
        _, loaded = await self._judged(tenant, named, asked.as_of_us, by_check=True)
        as_of_us, low = asked.as_of_us, (named.period.start * UNITS) - LEAD_US
        checks = await self._store.tenant_checks(tenant.tenant_key)
        high = min(named.period.end * UNITS + _longest_run_us(checks), as_of_us)
        names = {check.check_key: name_of(check) for check in checks}
        for line in write_export(export_of(tenant, loaded, as_of_us)):
            yield line
        async for key, results in results_of(self._store, tenant.tenant_key, low, high, as_of_us):
            for line in write_results({names[key]: results}):
                yield line

    async def _judged(
        self,
        tenant: Tenant,
        named: NamedPeriod,
        as_of_us: int,
        tier: Tier | None = None,
        by_check: bool = False,
    ) -> tuple[Subject, Loaded]:
        (found,) = await self._judge_all([tenant], named, as_of_us, tier, by_check)
        return found

    async def _judge_all(
        self,
        tenants: Sequence[Tenant],
        named: NamedPeriod,
        as_of_us: int,
        tier: Tier | None = None,
        by_check: bool = False,
    ) -> list[tuple[Subject, Loaded]]:
        """These tenants over one period, read together."""
        period = named.period.in_units(UNITS)
        steps = [step.in_units(UNITS) for step in steps_of(named.period, named.zone)]
        inside = period.start, max(period.start, min(period.end, as_of_us))
        cuts = cuts_of(steps)
        pieces = pieces_of([[inside] if inside[0] < inside[1] else []], cuts)
        keys = [tenant.tenant_key for tenant in tenants]
        opened = await open_facts(self._store, self._touches, keys, pieces, as_of_us)
        loaded = [await load(opened, tenant, period, as_of_us, tier, cuts, by_check) for tenant in tenants]

        def judge_them() -> list[tuple[Subject, Loaded]]:
            judged = [judge(e.versions, e.facts, period, as_of_us, steps, e.laid_out) for e in loaded]
            return [(_subject(*each), each[1]) for each in zip(tenants, loaded, judged, strict=True)]

        return await asyncio.to_thread(judge_them)

    async def _named(self, tenant: Tenant, asked: Asked) -> NamedPeriod:
        """The period in the tenant's local time: a zone that is agreed later moves no border that is past."""
        contracts = versions_of(tenant, await self._store.contracts(tenant.tenant_key))
        local = local_time_of(versions_known(contracts, asked.as_of_us))
        return named_period(asked.period_type, asked.day, asked.days, local, asked.as_of)


def _subject(tenant: Tenant, loaded: Loaded, judged: Judged) -> Subject:
    """On the tier that was agreed at the end."""
    end_us = judged.whole.eval_end - 1
    in_force = [v for v in loaded.contracts if v.in_force_from <= end_us] or loaded.contracts[:1]
    agreed, name = in_force[-1].contract.tier, tenant.tenant_name
    digests = fact_digests(loaded.facts, judged)
    return Subject(
        tenant.tenant_id, name, agreed, judged, loaded.facts, loaded.windows, digests, loaded.known_us
    )


def _longest_run_us(checks: Sequence[TenantCheck]) -> int:
    """How far after a period results may confirm one in it; a day at least, for the platform's reports, whose
    days are those of UTC."""
    runs = [max(c.confirm_failures, c.confirm_successes) * c.stale_after_ms * 1000 for c in checks]
    return max([_DAY_US, *runs])


def _named_in_utc(asked: Asked) -> NamedPeriod:
    return named_period(asked.period_type, asked.day, asked.days, _UTC, asked.as_of)


def _was_there(tenant: Tenant, subject: Subject, named: NamedPeriod) -> bool:
    """Whether the period is the tenant's business: not if it came later, without older results."""
    return tenant.created_at_us < named.period.end * UNITS or not _is_only_outside(subject)


def _is_only_outside(subject: Subject) -> bool:
    seconds = subject.judged.whole.seconds
    return seconds[TimeClass.OUT_OF_SCOPE] == sum(seconds.values())
