"""Operations on issued reports: they stay as they were said, whatever became known since."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.pages import Page
from tenantwatch_collector.errors import NotFound
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.store.base import PLATFORM, PLATFORM_KEY, IssuedReport, Store


class IssuedView(BaseModel):
    """``sequence`` counts the issues of one period; ``digest`` is that of the document."""

    period_type: str
    label: str
    sequence: int
    stage: str
    revision: int
    as_of: datetime
    issued_at: datetime
    digest: str
    reason: str


class IssuedList(BaseModel):
    tenant_id: str
    reports: list[IssuedView]
    next_cursor: str | None = Field(description="give it as ?cursor= for the next page; null on the last")


class Issued:
    """What was issued of a tenant, or of the platform where that is named by one who reaches all of it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @demands(Permission.MONITORING_READ)
    async def list(self, caller: Caller, tenant_id: str, page: Page) -> IssuedList:
        """In the order in which they were issued."""
        kept = sorted(await self._store.issued_to(await self._key(caller, tenant_id)), key=_place)
        found, following = page.of(kept, _place)
        return IssuedList(
            tenant_id=tenant_id, reports=[_view(report) for report in found], next_cursor=following
        )

    @demands(Permission.MONITORING_READ)
    async def document(
        self, caller: Caller, tenant_id: str, period_type: str, label: str, sequence: int
    ) -> dict[str, Any]:
        """The document itself, signed as it was."""
        key = await self._key(caller, tenant_id)
        for report in await self._store.issued(key, period_type, label):
            if report.sequence == sequence:
                document: dict[str, Any] = json.loads(report.document)
                return document
        raise NotFound(f"no report {period_type} {label} {sequence} was issued to {tenant_id}")

    async def _key(self, caller: Caller, tenant_id: str) -> int:
        if tenant_id == PLATFORM and caller.tenant is None:
            return PLATFORM_KEY
        return (await reachable_tenant(self._store, caller, tenant_id)).tenant_key


def _place(report: IssuedReport) -> str:
    return f"{report.issued_at_us:020} {report.period_type} {report.label} {report.sequence:06}"


def _view(report: IssuedReport) -> IssuedView:
    return IssuedView(
        period_type=report.period_type,
        label=report.label,
        sequence=report.sequence,
        stage=report.stage,
        revision=report.revision,
        as_of=instant(report.as_of_us),
        issued_at=instant(report.issued_at_us),
        digest=report.digest,
        reason=report.reason,
    )
