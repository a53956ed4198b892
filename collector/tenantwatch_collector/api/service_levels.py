"""Operations on service levels: metrics, reports, arithmetic, exports, and what other terms would give."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.agreements import microseconds
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.reports.issuing import Asked
from tenantwatch_collector.reports.keyring import Keyring
from tenantwatch_collector.reports.metrics import metrics_of
from tenantwatch_collector.reports.naming import PeriodName
from tenantwatch_collector.reports.pdf import Typesetter
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.reports.spreadsheet import to_csv
from tenantwatch_collector.reports.subject import detail_of
from tenantwatch_collector.sla.contract import Tier
from tenantwatch_collector.sla.explain_judged import explain_judged
from tenantwatch_collector.sla.life import time_to_breach
from tenantwatch_collector.sla.whole import begun
from tenantwatch_collector.store.base import Store

Format = Literal["json", "csv", "pdf"]
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """Which period, as a caller puts it; ``as_of`` None means now."""

    period: PeriodName = "monthly"
    day: date | None = None
    days: int = 30
    as_of: datetime | None = None

    def asked(self) -> Asked:
        """A report says up to which instant it knew everything."""
        now_us = time.time_ns() // 1000
        if self.as_of is None:
            return Asked(self.period, self.day, self.days, now_us, True)
        as_of_us = microseconds(self.as_of)
        if as_of_us > now_us:
            raise RefusedForEver("as_of lies in the future: leave it out for the present")
        return Asked(self.period, self.day, self.days, as_of_us, False)


@dataclass(frozen=True, slots=True)
class ReportFile:
    content: bytes
    media_type: str
    name: str


class ServiceLevels:
    """What callers may ask of service levels."""

    def __init__(
        self,
        store: Store,
        reports: Reports,
        typesetter: Typesetter,
        keys: Keyring,
        settled: Callable[[int], Awaitable[None]],
    ) -> None:
        """``settled`` returns once all that an instant knows can be read."""
        self._store = store
        self._reports = reports
        self._typesetter = typesetter
        self._keys = keys
        self._settled = settled

    @demands(Permission.MONITORING_READ)
    async def metrics(
        self, caller: Caller, tenant_id: str, question: Question, tier: Tier | None = None
    ) -> dict[str, Any]:
        """The tenant's SLA metrics, and all that they can be checked with; on another ``tier``, if given."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        asked = await self._asked(question)
        named, subject, loaded = await self._reports.subject(tenant, asked, tier)
        is_over = named.period_type != "rolling" and named.period.end <= asked.as_of
        part, stretches = begun(subject.judged.parts)[-1], loaded.laid_out[-1][2]
        left = None if is_over else time_to_breach(part, stretches, _HOUR_US)
        return {
            **metrics_of(subject, named.period_type),
            "label": named.label,
            "as_of": instant(asked.as_of_us),
            "time_to_breach_s": None if left is None else round(float(left) / 1e6),
            "detail": detail_of(subject),
        }

    @demands(Permission.MONITORING_READ)
    async def explained(self, caller: Caller, tenant_id: str, question: Question) -> str:
        """The arithmetic, step by step, as plain text."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        _, subject, _ = await self._reports.subject(tenant, await self._asked(question))
        return "\n".join(explain_judged(subject.judged)) + "\n"

    @demands(Permission.MONITORING_READ)
    async def report(self, caller: Caller, tenant_id: str, question: Question, form: Format) -> ReportFile:
        """The signed report of one tenant, or of all that the caller reaches where ``tenant_id`` is empty."""
        asked = await self._asked(question)
        if tenant_id or caller.tenant is not None:
            tenant = await reachable_tenant(self._store, caller, tenant_id or caller.tenant.tenant_id)  # type: ignore[union-attr]
            document = await self._reports.tenant_report(tenant, asked)
        else:
            there = [tenant for tenant in await self._store.tenants() if tenant.deleted_at_us is None]
            document = await self._reports.platform_report(there, asked)
        return await self._file(document, form)

    @demands(Permission.MONITORING_READ)
    async def keys(self, caller: Caller) -> dict[str, Any]:
        """The public keys of reports: the one in use first, then those before it."""
        return await asyncio.to_thread(self._keys.published)

    @demands(Permission.MONITORING_READ)
    async def export(self, caller: Caller, tenant_id: str, question: Question) -> AsyncIterator[str]:
        """The lines from which the period's report can be made again. A refusal comes before the first."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        lines = self._reports.export(tenant, await self._asked(question))
        return _resumed(await anext(lines, ""), lines)

    async def _asked(self, question: Question) -> Asked:
        asked = question.asked()
        await self._settled(asked.as_of_us)
        return asked

    async def _file(self, document: Mapping[str, Any], form: Format) -> ReportFile:
        name = f"{document['report_id']}.{form}"
        if form == "csv":
            return ReportFile(to_csv(document), "text/csv; charset=utf-8", name)
        if form == "pdf":
            return ReportFile(await self._typesetter.to_pdf(document), "application/pdf", name)
        content = json.dumps(document, ensure_ascii=False).encode()
        return ReportFile(content, "application/json", name)


async def _resumed(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for line in rest:
        yield line
