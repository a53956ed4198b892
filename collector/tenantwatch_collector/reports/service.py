"""Reports out of the store, in the order of their life: judged, told as a document, signed, issued, kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.agreements import UNITS, versions_of
from tenantwatch_collector.reports.counting import results_of
from tenantwatch_collector.reports.digests import fact_digests
from tenantwatch_collector.reports.document import Heading, document_of
from tenantwatch_collector.reports.export import write_export, write_results
from tenantwatch_collector.reports.loading import LEAD_US, Loaded, export_of, load, name_of
from tenantwatch_collector.reports.naming import NamedPeriod, PeriodName, named_period
from tenantwatch_collector.reports.signing import Signer
from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.sla.contract import Tier, versions_known
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.life import Issue, Stage, is_final, next_issue
from tenantwatch_collector.sla.steps import steps_of
from tenantwatch_collector.store.base import IssuedReport, Store, Tenant

_CAUSES = {
    "corrections": "corrections were approved",
    "changes": "results arrived late",
    "measurements": "results arrived late",
    "windows": "maintenance windows were announced or cancelled",
}
_AT_ONCE = 4
_DAY_US = 86_400 * UNITS


@dataclass(frozen=True, slots=True)
class Asked:
    """Which period, as known when; ``now`` says that it is the present."""

    period_type: PeriodName
    day: date | None
    days: int
    as_of_us: int
    now: bool

    @property
    def as_of(self) -> int:
        """The whole second that had passed then."""
        return self.as_of_us // UNITS


class Reports:
    """Every question about service levels. It reads the store and keeps what was issued."""

    def __init__(self, store: Store, signer: Signer) -> None:
        self._store = store
        self._signer = signer

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
        document = _document(named, [subject], tenant.tenant_id, asked, "provisional", 0, "")
        if named.period_type == "rolling" or named.period.end > asked.as_of:
            return self._signer.sign(document)
        kept = await self._store.issued(tenant.tenant_key, named.period_type, named.label)
        if asked.now:
            return await self._issue(tenant, named, subject, asked, document["content_digest"], kept)
        # What was issued by then is what was said then, though more may be known of it today.
        earlier = [issued for issued in kept if issued.issued_at_us <= asked.as_of_us]
        return _told(earlier[-1]) if earlier else self._signer.sign(document)

    async def platform_report(self, tenants: Sequence[Tenant], asked: Asked) -> dict[str, Any]:
        """All these tenants over one period of UTC days."""
        named = named_period(asked.period_type, asked.day, asked.days, ZoneInfo("UTC"), asked.as_of)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def judged(tenant: Tenant) -> Subject:
            async with gate:
                return (await self._judged(tenant, named, asked.as_of_us))[0]

        subjects = await asyncio.gather(*(judged(tenant) for tenant in tenants))
        final = is_final(named.period.end, asked.as_of, [])
        stage: Stage = "final" if final and named.period_type != "rolling" else "provisional"
        document = await asyncio.to_thread(_document, named, subjects, None, asked, stage, 0, "")
        return self._signer.sign(document)

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

    async def _issue(
        self,
        tenant: Tenant,
        named: NamedPeriod,
        subject: Subject,
        asked: Asked,
        digest: str,
        kept: Sequence[IssuedReport],
    ) -> dict[str, Any]:
        previous = None if not kept else Issue(_stage(kept[-1]), kept[-1].revision, kept[-1].digest)
        final = is_final(named.period.end * UNITS, asked.as_of_us, await self._seen_until(tenant), UNITS)
        reason = "" if not kept else _reason(_told(kept[-1])["tenants"], [subject.digests])
        issue = next_issue(previous, final, digest, reason)
        if issue is None:
            return _told(kept[-1])
        tenant_id, stage = tenant.tenant_id, issue.stage
        document = self._signer.sign(
            _document(named, [subject], tenant_id, asked, stage, issue.number, issue.reason)
        )
        if issue.stage != "provisional":
            await self._keep(tenant, named, asked, issue, document)
        return document

    async def _keep(
        self, tenant: Tenant, named: NamedPeriod, asked: Asked, issue: Issue, document: dict[str, Any]
    ) -> None:
        issued_at = datetime.fromisoformat(document["generated_at"])
        await self._store.add_issued(
            IssuedReport(
                tenant_key=tenant.tenant_key,
                period_type=named.period_type,
                label=named.label,
                sequence=0,
                stage=issue.stage,
                revision=issue.number,
                as_of_us=asked.as_of_us,
                issued_at_us=max(asked.as_of_us, int(issued_at.timestamp()) * UNITS),
                digest=issue.digest,
                reason=issue.reason,
                document=json.dumps(document, ensure_ascii=False),
            )
        )

    async def _seen_until(self, tenant: Tenant) -> list[int]:
        """The newest result of each agent that still has checks."""
        newest: dict[str, int] = {}
        for health in await self._store.check_health(tenant.tenant_key):
            if health.check.active:
                seen = 0 if health.last_result is None else health.last_result.time_us
                newest[health.check.agent_id] = max(newest.get(health.check.agent_id, 0), seen)
        return list(newest.values())

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


def _reason(before: Sequence[Any], digests: Sequence[Mapping[str, str]]) -> str:
    """Why figures changed: by which facts the last issue and this one differ."""
    pairs = zip((each["digests"] for each in before), digests, strict=False)
    differing = {name for old, new in pairs for name in _CAUSES if old.get(name) != new.get(name)}
    causes = dict.fromkeys(_CAUSES[name] for name in _CAUSES if name in differing)
    return " and ".join(causes) or "the terms, or how figures are computed, changed"


def _told(record: IssuedReport) -> dict[str, Any]:
    """The report as it was issued."""
    document: dict[str, Any] = json.loads(record.document)
    return document


def _stage(record: IssuedReport) -> Stage:
    stages: dict[str, Stage] = {"final": "final", "revised": "revised"}
    return stages.get(record.stage, "provisional")


def _document(
    named: NamedPeriod,
    subjects: Sequence[Subject],
    tenant_id: str | None,
    asked: Asked,
    stage: Stage,
    revision: int,
    reason: str,
) -> dict[str, Any]:
    heading = Heading(
        named.period_type,
        named.label,
        str(named.zone),
        named.period,
        datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=asked.as_of_us),
        datetime.now(UTC),
        stage,
        revision,
        reason,
    )
    return document_of(heading, subjects, tenant_id)
