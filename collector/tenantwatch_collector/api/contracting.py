"""Operations on contracts, windows and corrections. Who may write is decided at the door."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.agreed_views import (
    correction_view,
    notes_on,
    resolution_view,
    version_view,
    window_view,
)
from tenantwatch_collector.api.agreements import (
    CorrectionList,
    CorrectionView,
    NewCorrection,
    NewTerms,
    NewWindow,
    TermsView,
    WindowList,
    WindowView,
    microseconds,
)
from tenantwatch_collector.api.beginning import known_of, refuse_moved_beginning
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.pages import Page
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.api.series import written_series
from tenantwatch_collector.errors import NotFound, RefusedForEver
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.reports.agreements import correction_of, versions_of
from tenantwatch_collector.reports.members import name_of
from tenantwatch_collector.sla.contract import (
    BackdatedTerms,
    ContractVersion,
    refuse_backdating,
    versions_known,
)
from tenantwatch_collector.sla.corrections import same_person
from tenantwatch_collector.store.base import (
    CorrectionRecord,
    Store,
    Tenant,
    WindowRecord,
)

MAX_RECORDS = 10_000
"""Of one kind and tenant: whoever needs more windows writes them as a rule."""
_GRACE_US = 60_000_000


class Contracting:
    """What was agreed with a tenant, announced and corrected."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @demands(Permission.MONITORING_READ)
    async def terms(self, caller: Caller, tenant_id: str) -> TermsView:
        """All versions, and what the checks' intervals can prove of the newest."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        versions = versions_of(tenant, await self._store.contracts(tenant.tenant_key))
        checks = await self._store.tenant_checks(tenant.tenant_key)
        return TermsView(
            tenant_id=tenant_id,
            versions=[version_view(version) for version in versions],
            resolution=resolution_view(versions[-1], checks),
            notes=notes_on(versions),
        )

    @demands(Permission.SLA_WRITE)
    async def set_terms(self, caller: Caller, tenant_id: str, new: NewTerms) -> TermsView:
        """Keep a new version. The past keeps the terms that it was agreed on."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        now_us = time.time_ns() // 1000
        begins_us = now_us if new.in_force_from is None else microseconds(new.in_force_from)
        try:
            refuse_backdating(begins_us, now_us - _GRACE_US)
        except BackdatedTerms as error:
            raise RefusedForEver(str(error)) from error
        _refuse_more(await self._store.contracts(tenant.tenant_key), "versions of terms")
        contract = new.contract.model_dump_json()
        known = await known_of(self._store, tenant, now_us)
        async with recorded(self._store, caller, "terms.set", tenant_id, tenant) as record:
            kept = versions_of(tenant, await record.store.contracts(tenant.tenant_key))
            refuse_moved_beginning(tenant, kept, new.contract, known)
            record.before, record.after = version_view(kept[-1]), new
            await record.store.add_contract(
                tenant.tenant_key,
                begins_us if begins_us > now_us else None,
                caller.subject,
                new.reason,
                contract,
            )
        return await self.terms(caller, tenant_id)

    @demands(Permission.MONITORING_READ)
    async def windows(self, caller: Caller, tenant_id: str, page: Page) -> WindowList:
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        found, following = page.of(await self._store.windows(tenant.tenant_key), lambda one: one.window_id)
        versions = await self._versions(tenant)
        # In a thread: the next start of a rare rule is looked for through years.
        windows = await asyncio.to_thread(lambda: [window_view(record, versions) for record in found])
        return WindowList(tenant_id=tenant_id, windows=windows, next_cursor=following)

    @demands(Permission.SLA_WRITE)
    async def announce(self, caller: Caller, tenant_id: str, new: NewWindow) -> WindowView:
        """Keep a window, announced now."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        known = {name_of(check) for check in await self._store.tenant_checks(tenant.tenant_key)}
        unknown = sorted(set(new.checks or ()) - known)
        if unknown:
            raise RefusedForEver(f"there is no check {', '.join(unknown[:5])}; names are AGENT/CHECK")
        kept = await self._store.windows(tenant.tenant_key)
        _refuse_more(kept, "windows")
        terms = versions_of(tenant, await self._store.contracts(tenant.tenant_key))
        versions = versions_known(terms, time.time_ns() // 1000)
        record = WindowRecord(
            tenant_key=tenant.tenant_key,
            window_id=0,
            from_us=None if new.start is None else microseconds(new.start),
            to_us=None if new.end is None else microseconds(new.end),
            recurrence=""
            if new.rule is None
            else await written_series(new, terms[-1].contract.timezone, kept),
            checks=new.checks,
            reason=new.reason,
            author=caller.subject,
            announced_at_us=0,
        )
        async with recorded(self._store, caller, "maintenance.announce", "", tenant) as entry:
            window = window_view(await entry.store.add_window(record), versions)
            entry.target, entry.after = str(window.window_id), window
        return window

    @demands(Permission.SLA_WRITE)
    async def cancel(self, caller: Caller, tenant_id: str, window_id: int) -> None:
        """End a window, or a series, now."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        now_us = time.time_ns() // 1000
        async with recorded(self._store, caller, "maintenance.cancel", str(window_id), tenant) as record:
            windows = await record.store.windows(tenant.tenant_key)
            versions = await self._versions(tenant)
            before = (window_view(one, versions) for one in windows if one.window_id == window_id)
            record.before = next(before, None)
            if not await record.store.cancel_window(tenant.tenant_key, window_id, now_us):
                raise NotFound(f"tenant {tenant_id} has no window {window_id} that is not cancelled yet")

    async def _versions(self, tenant: Tenant) -> Sequence[ContractVersion]:
        """Those that are known, in order of beginning."""
        found = versions_of(tenant, await self._store.contracts(tenant.tenant_key))
        return versions_known(found, time.time_ns() // 1000)

    @demands(Permission.MONITORING_READ)
    async def corrections(self, caller: Caller, tenant_id: str, page: Page) -> CorrectionList:
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        found, following = page.of(await self._store.corrections(tenant.tenant_key), lambda one: one.number)
        corrections = [correction_view(record) for record in found]
        return CorrectionList(tenant_id=tenant_id, corrections=corrections, next_cursor=following)

    @demands(Permission.SLA_WRITE)
    async def correct(self, caller: Caller, tenant_id: str, new: NewCorrection) -> CorrectionView:
        """Enter a correction; it counts once somebody else approves it."""
        _refuse_nobody(caller)
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        _refuse_more(await self._store.corrections(tenant.tenant_key), "corrections")
        record = CorrectionRecord(
            tenant_key=tenant.tenant_key,
            number=0,
            from_us=microseconds(new.start),
            to_us=microseconds(new.end),
            counts_as=new.counts_as,
            reason=new.reason,
            author=caller.subject,
            entered_at_us=time.time_ns() // 1000,
        )
        try:
            correction_of(record)
        except ValueError as error:
            raise RefusedForEver(str(error)) from error
        async with recorded(self._store, caller, "correction.enter", "", tenant) as entry:
            entered = correction_view(await entry.store.add_correction(record))
            entry.target, entry.after = str(entered.number), entered
        return entered

    @demands(Permission.SLA_APPROVE)
    async def approve(self, caller: Caller, tenant_id: str, number: int) -> CorrectionView:
        """The second person's word. The author cannot give it, with whichever credential."""
        _refuse_nobody(caller)
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        found = await self._store.corrections(tenant.tenant_key)
        record = next((each for each in found if each.number == number), None)
        if record is None:
            raise NotFound(f"tenant {tenant_id} has no correction {number}")
        if same_person(record.author, caller.subject):
            raise RefusedForEver("a second person must approve: whoever entered it cannot")
        if any(token.token_id == record.author for token in await self._store.tokens()):
            raise RefusedForEver(
                f"correction {number} was entered with a token that names nobody:"
                " enter it again with one that does"
            )
        async with recorded(self._store, caller, "correction.approve", str(number), tenant) as entry:
            approved = await entry.store.approve_correction(tenant.tenant_key, number, caller.subject)
            if approved is None:
                raise RefusedForEver(f"correction {number} was approved already, by {record.approver}")
            entry.before, entry.after = correction_view(record), correction_view(approved)
        return correction_view(approved)


def _refuse_nobody(caller: Caller) -> None:
    """Two people stand for a correction, so it must be known who acts."""
    if not caller.is_named:
        raise RefusedForEver(
            "corrections are entered and approved by people, and this token names nobody:"
            " make one with `tenantwatch-collector token create --subject NAME`"
        )


def _refuse_more(records: Sequence[object], what: str) -> None:
    if len(records) >= MAX_RECORDS:
        raise RefusedForEver(f"a tenant has at most {MAX_RECORDS} {what}")
