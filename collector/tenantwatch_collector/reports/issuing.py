"""The life of reports: provisional, final, revised; what was issued is kept and told again as it was."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.document import COMPUTATION, Heading, document_of
from tenantwatch_collector.reports.naming import NamedPeriod, PeriodName
from tenantwatch_collector.reports.reasons import reason_of
from tenantwatch_collector.reports.signing import Signer
from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.sla.life import Issue, Stage, is_final, next_issue
from tenantwatch_collector.sla.periods import FINAL_AFTER_SECONDS
from tenantwatch_collector.store.base import PLATFORM_KEY, IssuedReport, Store, Tenant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)


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
    again: Callable[[Asked], Awaitable[Judgement]]
    """The same as it is judged today by what was known at another instant."""

    @property
    def key(self) -> int:
        return PLATFORM_KEY if self.tenant is None else self.tenant.tenant_key

    @property
    def is_of_no_contract(self) -> bool:
        """Whether the period lies before the tenant's contract, or was no tenant's business."""
        end_us = self.named.period.end * UNITS
        begins = [subject.judged.parts[0].terms.effective_from for subject in self.subjects]
        return all(begin_us is not None and begin_us >= end_us for begin_us in begins)

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
    """Answers a period that is over as it was issued, until its figures change.

    Each issue is kept once, however many ask at the same time and however many collectors answer: of two that
    would be the same one the second is told what the first kept. ``told`` hears of every one kept here.
    """

    def __init__(
        self, store: Store, signer: Signer, told: Callable[[IssuedReport], None] = lambda issued: None
    ) -> None:
        self._store = store
        self._signer = signer
        self._kept = told

    async def report(self, judged: Judgement) -> dict[str, Any]:
        """The report, signed, kept if it is more than provisional."""
        document = await asyncio.to_thread(judged.document)
        named, asked = judged.named, judged.asked
        if named.period_type == "rolling" or named.period.end > asked.as_of:
            return await self._signed(document)
        if asked.now:
            return await self._issue(judged, document)
        # What was issued by then is what was said then, though more may be known of it today.
        kept = await self._store.issued(judged.key, named.period_type, named.label)
        earlier = [issued for issued in kept if issued.issued_at_us <= asked.as_of_us]
        return _told(earlier[-1]) if earlier else await self._signed(document)

    async def _issue(self, judged: Judgement, document: Mapping[str, Any]) -> dict[str, Any]:
        named = judged.named
        while True:
            kept = await self._store.issued(judged.key, named.period_type, named.label)
            if kept and kept[-1].as_of_us >= judged.asked.as_of_us:
                # Meanwhile somebody issued what was known later.
                return _told(kept[-1])
            issue = await self._next(judged, document, kept)
            if issue is None:
                return _told(kept[-1])
            if issue.stage == "provisional":
                return await self._signed(document)
            signed = await self._signed(
                await asyncio.to_thread(judged.document, issue.stage, issue.number, issue.reason)
            )
            if await self._keep(judged, issue, signed, kept):
                return signed

    async def _signed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """In a thread: a report of many tenants takes its time."""
        return await asyncio.to_thread(self._signer.sign, document)

    async def _next(
        self, judged: Judgement, document: Mapping[str, Any], kept: Sequence[IssuedReport]
    ) -> Issue | None:
        """What is to be issued after ``kept``; None if nothing new is to be said."""
        digest = document["content_digest"]
        if not kept:
            # Of time before the contract nothing is kept: whoever asks must not fix anything.
            final = not judged.is_of_no_contract
            final = final and await self._is_final(judged.tenants, judged.named, judged.asked)
            return next_issue(None, final, digest)
        # What was final once stays so.
        last = kept[-1]
        reason = ""
        if last.digest != digest:
            reason = await _reason(judged, document, last)
        return next_issue(Issue(_stage(last), last.revision, last.digest), True, digest, reason)

    async def waits_from(
        self, key: int, tenants: Sequence[Tenant], named: NamedPeriod, asked: Asked
    ) -> int | None:
        """None if there is an issue of it, or can be one by now; else when its 72 hours are over, or were:
        then it waits for an agent."""
        name = named.period_type, named.label
        kept = await self._store.issued_to(key)
        issued = any((each.period_type, each.label) == name for each in kept)
        if issued or await self._is_final(tenants, named, asked):
            return None
        return (named.period.end + FINAL_AFTER_SECONDS) * UNITS

    async def _is_final(self, tenants: Sequence[Tenant], named: NamedPeriod, asked: Asked) -> bool:
        """Whether 72 hours have passed and every agent of these has sent what it saw up to the end."""
        end_us, as_of_us = named.period.end * UNITS, asked.as_of_us
        if not is_final(end_us, as_of_us, [], UNITS):
            return False
        for tenant in tenants:
            if not is_final(end_us, as_of_us, await self._seen_until(tenant), UNITS):
                return False
        return True

    async def _keep(
        self, judged: Judgement, issue: Issue, document: dict[str, Any], kept: Sequence[IssuedReport]
    ) -> bool:
        """False if another issue was kept meanwhile."""
        issued_at = datetime.fromisoformat(document["generated_at"])
        issued = IssuedReport(
            tenant_key=judged.key,
            period_type=judged.named.period_type,
            label=judged.named.label,
            sequence=kept[-1].sequence + 1 if kept else 1,
            stage=issue.stage,
            revision=issue.number,
            as_of_us=judged.asked.as_of_us,
            issued_at_us=max(judged.asked.as_of_us, int(issued_at.timestamp()) * UNITS),
            digest=issue.digest,
            reason=issue.reason,
            document=json.dumps(document, ensure_ascii=False),
        )
        if not await self._store.add_issued(issued):
            return False
        self._kept(issued)
        who = "the platform" if judged.tenant is None else f"tenant {judged.tenant.tenant_id}"
        told = log.info if issue.stage == "revised" or judged.tenant is None else log.debug
        why = f", because {issue.reason}" if issue.reason else ""
        told("%s report %s of %s is %s%s", issued.period_type, issued.label, who, issue.stage, why)
        return True

    async def _seen_until(self, tenant: Tenant) -> list[int]:
        """The newest result of each agent that still has checks; 0 of one whose backlog is not all here.

        What is live is sent first: that it is here says nothing of what was seen before.
        """
        newest: dict[str, int] = {}
        for health in await self._store.check_health(tenant.tenant_key):
            if health.check.active:
                seen = 0 if health.last_result is None else health.last_result.time_us
                newest[health.check.agent_id] = max(newest.get(health.check.agent_id, 0), seen)
        behind = await self._store.agents_behind(tenant.tenant_key)
        return [0 if agent_id in behind else seen for agent_id, seen in newest.items()]


async def _reason(judged: Judgement, document: Mapping[str, Any], last: IssuedReport) -> str:
    """Why it differs from the last issue. Of one by an earlier build the same facts are judged again."""
    told, recomputed = _told(last), False
    if told.get("computation", 0) != COMPUTATION:
        then = await judged.again(replace(judged.asked, as_of_us=last.as_of_us, now=False))
        again = await asyncio.to_thread(then.document)
        recomputed = again["content_digest"] != last.digest
    return reason_of(told, document, judged.subjects, last.as_of_us, recomputed)


def _told(record: IssuedReport) -> dict[str, Any]:
    """The report as it was issued."""
    document: dict[str, Any] = json.loads(record.document)
    return document


def _stage(record: IssuedReport) -> Stage:
    stages: dict[str, Stage] = {"final": "final", "revised": "revised"}
    return stages.get(record.stage, "provisional")
