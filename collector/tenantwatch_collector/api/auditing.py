"""Operations on the audit log. A tenant sees what was done to it, by whomever."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.pages import MAX_LIMIT, bounded, cursor_of, place_of
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.store.base import AuditEntry, Store


class AuditView(BaseModel):
    """One command that was carried out. ``before`` and ``after`` hold no secrets."""

    entry_id: int
    time: datetime
    tenant_id: str | None = Field(description="null where it was about the platform as a whole")
    subject: str
    roles: list[str]
    address: str
    request_id: str
    action: str
    target: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditList(BaseModel):
    entries: list[AuditView]
    next_cursor: str | None = Field(description="give it as ?cursor= for the next page; null on the last")


class Auditing:
    """What is in the log stays as it is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @demands(Permission.AUDIT_READ)
    async def list(
        self, caller: Caller, tenant_id: str, subject: str, action: str, limit: int, cursor: str
    ) -> AuditList:
        """Newest first; empty texts mean any."""
        limit = bounded("limit", limit, MAX_LIMIT)
        place = place_of(cursor, int)
        key = caller.tenant_key
        if tenant_id:
            key = (await reachable_tenant(self._store, caller, tenant_id)).tenant_key
        before = None if place is None else int(place[0])
        found = await self._store.audit_entries(key, subject, action, before, limit + 1)
        page = found[:limit]
        return AuditList(
            entries=[_view(entry) for entry in page],
            next_cursor=cursor_of(page[-1].entry_id) if len(found) > limit else None,
        )


def _view(entry: AuditEntry) -> AuditView:
    return AuditView(
        entry_id=entry.entry_id,
        time=instant(entry.time_us),
        tenant_id=entry.tenant_id,
        subject=entry.subject,
        roles=entry.roles.split(),
        address=entry.address,
        request_id=entry.request_id,
        action=entry.action,
        target=entry.target,
        before=json.loads(entry.before) if entry.before else None,
        after=json.loads(entry.after) if entry.after else None,
    )
