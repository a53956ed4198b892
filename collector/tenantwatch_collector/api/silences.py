"""Operations on silences. A tenant sees those that name it, and no others."""

from __future__ import annotations

import time

from tenantwatch_collector.api.agreements import microseconds
from tenantwatch_collector.api.alerting import NewSilence, SilenceList, SilenceView
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.errors import NotFound, RefusedForEver
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.store.base import Store, StoredSilence

MAX_SILENCES = 1_000
MAX_DAYS = 90
_DAY_US = 86_400_000_000


class Silences:
    """Times in which nobody is told; the engine keeps them within two seconds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, caller: Caller) -> SilenceList:
        """Those that are not over."""
        own = None if caller.tenant is None else caller.tenant.tenant_id
        found = await self._store.silences(time.time_ns() // 1000)
        return SilenceList(silences=[_view(one) for one in found if own in (None, one.tenant_id)])

    async def create(self, caller: Caller, new: NewSilence) -> SilenceView:
        if new.tenant_id is not None:
            await reachable_tenant(self._store, caller, new.tenant_id)
        now_us = time.time_ns() // 1000
        start_us = now_us if new.start is None else max(now_us, microseconds(new.start))
        end_us = microseconds(new.end)
        if not start_us < end_us <= start_us + MAX_DAYS * _DAY_US:
            raise RefusedForEver(f"end: write an instant after the start and now, within {MAX_DAYS} days")
        if len(await self._store.silences(now_us)) >= MAX_SILENCES:
            raise RefusedForEver(f"there may be {MAX_SILENCES} silences at a time: end some")
        silence = StoredSilence(
            0, new.tenant_id, new.alert_type, start_us, end_us, caller.token_id, new.notes
        )
        silence_id = await self._store.add_silence(silence)
        kept = await self._store.silences(now_us)
        return next(_view(one) for one in kept if one.silence_id == silence_id)

    async def end(self, caller: Caller, silence_id: int) -> None:
        """End it now."""
        if not await self._store.end_silence(silence_id, time.time_ns() // 1000):
            raise NotFound(f"there is no silence {silence_id} that is not over")


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
