"""The life of reports: provisional, final, revised; what was issued is kept and told again as it was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.document import Heading, document_of
from tenantwatch_collector.reports.naming import NamedPeriod, PeriodName
from tenantwatch_collector.reports.signing import Signer
from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.sla.life import Issue, Stage, is_final, next_issue
from tenantwatch_collector.store.base import PLATFORM_KEY, IssuedReport, Store, Tenant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CAUSES = {
    "tenants": "tenants came or went",
    "corrections": "corrections were approved",
    "changes": "results arrived late",
    "measurements": "results arrived late",
    "windows": "maintenance windows were announced or cancelled",
}


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


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a report is about: one tenant, or the platform where ``tenant`` is None, with all its tenants."""

    tenant: Tenant | None
    tenants: Sequence[Tenant]
    named: NamedPeriod
    subjects: Sequence[Subject]
    asked: Asked

    @property
    def key(self) -> int:
        return PLATFORM_KEY if self.tenant is None else self.tenant.tenant_key

    def document(self, stage: Stage = "provisional", revision: int = 0, reason: str = "") -> dict[str, Any]:
        """The report, not signed."""
        heading = Heading(
            self.named.period_type,
            self.named.label,
            str(self.named.zone),
            self.named.period,
            _EPOCH + timedelta(microseconds=self.asked.as_of_us),
            datetime.now(UTC),
            stage,
            revision,
            reason,
        )
        return document_of(heading, self.subjects, None if self.tenant is None else self.tenant.tenant_id)


class Issuing:
    """Answers a period that is over as it was issued, until its figures change. One issue at a time."""

    def __init__(self, store: Store, signer: Signer) -> None:
        self._store = store
        self._signer = signer
        self._one_at_a_time = asyncio.Lock()

    async def report(self, judged: Judgement) -> dict[str, Any]:
        """The report, signed, kept if it is more than provisional."""
        document = await asyncio.to_thread(judged.document)
        named, asked = judged.named, judged.asked
        if named.period_type == "rolling" or named.period.end > asked.as_of:
            return self._signer.sign(document)
        if asked.now:
            async with self._one_at_a_time:
                return await self._issue(judged, document)
        # What was issued by then is what was said then, though more may be known of it today.
        kept = await self._store.issued(judged.key, named.period_type, named.label)
        earlier = [issued for issued in kept if issued.issued_at_us <= asked.as_of_us]
        return _told(earlier[-1]) if earlier else self._signer.sign(document)

    async def _issue(self, judged: Judgement, document: Mapping[str, Any]) -> dict[str, Any]:
        named = judged.named
        kept = await self._store.issued(judged.key, named.period_type, named.label)
        previous = None if not kept else Issue(_stage(kept[-1]), kept[-1].revision, kept[-1].digest)
        digest, reason = document["content_digest"], ""
        if previous is not None and previous.digest != digest:
            reason = _reason(_told(kept[-1])["tenants"], document["tenants"])
        # What was final once stays so: only for the first time all agents are looked at.
        final = (previous is not None and previous.stage != "provisional") or await self._is_final(judged)
        issue = next_issue(previous, final, digest, reason)
        if issue is None:
            return _told(kept[-1])
        if issue.stage == "provisional":
            return self._signer.sign(dict(document))
        signed = self._signer.sign(
            await asyncio.to_thread(judged.document, issue.stage, issue.number, issue.reason)
        )
        await self._keep(judged, issue, signed)
        return signed

    async def _is_final(self, judged: Judgement) -> bool:
        """Whether 72 hours have passed and every agent has sent what it saw up to the end."""
        end_us, as_of_us = judged.named.period.end * UNITS, judged.asked.as_of_us
        if not is_final(end_us, as_of_us, [], UNITS):
            return False
        for tenant in judged.tenants:
            if not is_final(end_us, as_of_us, await self._seen_until(tenant), UNITS):
                return False
        return True

    async def _keep(self, judged: Judgement, issue: Issue, document: dict[str, Any]) -> None:
        issued_at = datetime.fromisoformat(document["generated_at"])
        await self._store.add_issued(
            IssuedReport(
                tenant_key=judged.key,
                period_type=judged.named.period_type,
                label=judged.named.label,
                sequence=0,
                stage=issue.stage,
                revision=issue.number,
                as_of_us=judged.asked.as_of_us,
                issued_at_us=max(judged.asked.as_of_us, int(issued_at.timestamp()) * UNITS),
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


def _reason(before: Sequence[Any], after: Sequence[Any]) -> str:
    """Why figures changed: by which facts the last issue and this one differ."""
    old, new = ({each["tenant_id"]: each["digests"] for each in told} for told in (before, after))
    differing = {
        name
        for tenant_id in old.keys() & new.keys()
        for name in _CAUSES
        if old[tenant_id].get(name) != new[tenant_id].get(name)
    }
    differing |= {"tenants"} if old.keys() != new.keys() else set()
    causes = dict.fromkeys(_CAUSES[name] for name in _CAUSES if name in differing)
    return " and ".join(causes) or "the terms, or how figures are computed, changed"


def _told(record: IssuedReport) -> dict[str, Any]:
    """The report as it was issued."""
    document: dict[str, Any] = json.loads(record.document)
    return document


def _stage(record: IssuedReport) -> Stage:
    stages: dict[str, Stage] = {"final": "final", "revised": "revised"}
    return stages.get(record.stage, "provisional")
