"""Operations on silences. A tenant sees those that name it, and no others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.agreements import microseconds
from tenantwatch_collector.api.alerting import NewSilence, SilenceList, SilenceView
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.pages import Page
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.errors import NotFound, RefusedForEver
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.store.base import Store, StoredSilence

MAX_SILENCES = 1_000
MAX_OF_TENANT = 100
"""That a tenant may make for itself."""
MAX_DAYS = 90
_DAY_US = 86_400_000_000


class Silences:
    """Times in which nobody is told; the engine keeps them within two seconds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @demands(Permission.MONITORING_READ)
    async def list(self, caller: Caller, page: Page) -> SilenceList:
        """Those that are not over."""
        found, following = page.of(await self._reachable(caller), lambda one: one.silence_id)
        return SilenceList(silences=[_view(one) for one in found], next_cursor=following)

    @demands(Permission.MONITORING_WRITE)
    async def create(self, caller: Caller, new: NewSilence) -> SilenceView:
        tenant = None
        if new.tenant_id is not None:
            tenant = await reachable_tenant(self._store, caller, new.tenant_id)
        elif caller.tenant is not None:
            raise RefusedForEver(f"tenant_id: write {caller.tenant.tenant_id}; your silences are its alone")
        now_us = time.time_ns() // 1000
        start_us = now_us if new.start is None else max(now_us, microseconds(new.start))
        end_us = microseconds(new.end)
        if not start_us < end_us <= start_us + MAX_DAYS * _DAY_US:
            raise RefusedForEver(f"end: write an instant after the start and now, within {MAX_DAYS} days")
        if len(await self._store.silences(now_us)) >= MAX_SILENCES:
            raise RefusedForEver(f"there may be {MAX_SILENCES} silences at a time: end some")
        if caller.tenant is not None and len(await self._reachable(caller)) >= MAX_OF_TENANT:
            raise RefusedForEver(f"a tenant may have {MAX_OF_TENANT} silences at a time: end some")
        silence = StoredSilence(0, new.tenant_id, new.alert_type, start_us, end_us, caller.subject, new.notes)
        async with recorded(self._store, caller, "silence.create", "", tenant) as record:
            silence_id = await record.store.add_silence(silence)
            made = _view(replace(silence, silence_id=silence_id))
            record.target, record.after = str(silence_id), made
        return made

    @demands(Permission.MONITORING_WRITE)
    async def end(self, caller: Caller, silence_id: int) -> None:
        """End it now."""
        for one in await self._reachable(caller):
            if one.silence_id == silence_id:
                return await self._end(caller, one)
        raise NotFound(_missing(silence_id))

    async def _end(self, caller: Caller, one: StoredSilence) -> None:
        tenant = None if one.tenant_id is None else await self._store.tenant(one.tenant_id)
        async with recorded(self._store, caller, "silence.end", str(one.silence_id), tenant) as record:
            record.before = _view(one)
            if not await record.store.end_silence(one.silence_id, time.time_ns() // 1000):
                raise NotFound(_missing(one.silence_id))

    async def _reachable(self, caller: Caller) -> Sequence[StoredSilence]:
        """Those that are not over, and name the caller's tenant where it has one."""
        return await self._store.silences(time.time_ns() // 1000, caller.tenant_key)


def _missing(silence_id: int) -> str:
    return f"there is no silence {silence_id} that is not over"


def _view(one: StoredSilence) -> SilenceView:
    return SilenceView(
        silence_id=one.silence_id,
        tenant_id=one.tenant_id,
        alert_type=one.alert_type,
        start=instant(one.start_us),
        end=instant(one.end_us),
        who=one.who,
        notes=one.notes,
    )
