"""Contracts, windows and corrections: added, numbered, and never another tenant's."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.store.base import (
    CorrectionRecord,
    Store,
    TenantCheck,
    WindowRecord,
)
from tenantwatch_collector.store.sql import versions
from tenantwatch_wire.records import CheckDefinition


async def two_tenants(store: Store) -> tuple[int, int]:
    acme = await store.create_tenant("acme", "Acme", "basic")
    other = await store.create_tenant("other", "Other", "basic")
    return acme.tenant_key, other.tenant_key


async def test_contracts_have_versions(store: Store) -> None:
    acme, other = await two_tenants(store)
    first = await store.add_contract(acme, 5, "ann", "signed", '{"tier":"basic"}')
    second = await store.add_contract(acme, 9, "bob", "upgrade", '{"tier":"enterprise"}')
    assert (first.number, second.number) == (1, 2)
    assert await store.contracts(acme) == [first, second]
    assert await store.contracts(other) == []
    third = await store.add_contract(other, 7, "bob", "signed", "{}")
    assert await store.contracts_since(0) == [first, second, third]
    assert third in await store.contracts_since(third.recorded_at_us)
    assert await store.contracts_since(third.recorded_at_us + 1) == []
    assert first.recorded_at_us <= second.recorded_at_us


async def test_windows_are_announced_once_and_cancelled_once(store: Store) -> None:
    acme, other = await two_tenants(store)
    once = await store.add_window(WindowRecord(acme, 0, 10, 20, "", ("web",), "upgrade", "ann", 0))
    again = await store.add_window(
        WindowRecord(acme, 0, None, None, '{"rule":"FREQ=DAILY"}', None, "", "ann", 0)
    )
    assert (once.window_id, again.window_id) == (1, 2)
    assert once.announced_at_us > 0
    assert await store.windows(acme) == [once, again]
    assert await store.windows(other) == []
    assert not await store.cancel_window(other, 1, 15)
    assert await store.cancel_window(acme, 1, 15)
    assert not await store.cancel_window(acme, 1, 16)
    assert [w.cancelled_at_us for w in await store.windows(acme)] == [15, None]


async def test_a_correction_needs_somebody_else(store: Store) -> None:
    acme, other = await two_tenants(store)
    kept = await store.add_correction(CorrectionRecord(acme, 0, 1, 2, "up", "probe", "ann", 0))
    assert await store.approve_correction(acme, kept.number, "ann") is None
    assert await store.approve_correction(other, kept.number, "bob") is None
    approved = await store.approve_correction(acme, kept.number, "bob")
    assert approved is not None
    assert (approved.approver, approved.author) == ("bob", "ann")
    assert await store.approve_correction(acme, kept.number, "eve") is None
    assert await store.corrections(acme) == [approved]


async def test_what_a_check_was_stays_known(store: Store) -> None:
    acme, other = await two_tenants(store)
    web = CheckDefinition("web", "http_endpoint", 60_000, 10_000, "front")
    gone = CheckDefinition("gone", "tcp_connection", 60_000, 10_000)
    await store.register_checks(acme, "a1", [(web, True), (gone, True)], complete=True)
    await store.register_checks(acme, "a1", [(web, True)], complete=True)
    first, second = await store.tenant_checks(acme)
    assert (first.check_id, first.group, first.stale_after_ms) == ("web", "front", 160_000)
    assert first.active_since_us is not None
    assert (first.active_until_us, second.check_id) == (None, "gone")
    assert second.active_until_us is not None
    await store.register_checks(acme, "a1", [(gone, True)], complete=False)
    one, stopped, back = await store.tenant_checks(acme)
    assert (one, stopped) == (first, second)
    assert back == replace(second, active_since_us=back.active_since_us, active_until_us=None)
    assert (back.active_since_us or 0) > second.active_until_us
    moved = replace(web, group="back", kind="business_logic", confirm_failures=5, interval_ms=30_000)
    await store.register_checks(acme, "a1", [(moved, True)], complete=False)
    await store.register_checks(acme, "a1", [(replace(moved, target="https://a"), True)], complete=False)
    before, after, *_ = await store.tenant_checks(acme)
    assert before == replace(first, active_until_us=after.active_since_us)
    assert (after.group, after.kind, after.confirm_failures) == ("back", "business_logic", 5)
    assert (after.stale_after_ms, after.active_until_us) == (100_000, None), "a target alone is nothing new"
    assert await store.tenant_checks(acme, before.check_key) == [before, after]
    assert await store.tenant_checks(other) == []
    assert await store.tenant_checks(other, before.check_key) == []


async def test_of_a_check_is_told_what_was_known_of_it(store: Store) -> None:
    acme, _ = await two_tenants(store)
    web = CheckDefinition("web", "http_endpoint", 60_000, 10_000, "front")
    await store.register_checks(acme, "a1", [(web, True)], complete=True)
    await store.register_checks(acme, "a1", [(replace(web, group="back"), True)], complete=True)
    await store.register_checks(acme, "a1", [], complete=True)
    first, second = await store.tenant_checks(acme)
    moved_us, stopped_us = second.active_since_us or 0, second.active_until_us or 0

    async def known(at_us: int) -> list[TenantCheck]:
        return list((await store.tenant_facts([acme], at_us, at_us))[acme].checks)

    assert await known(stopped_us) == [first, second]
    assert await known(stopped_us - 1) == [first, replace(second, active_until_us=None)]
    assert await known(moved_us - 1) == [replace(first, active_until_us=None)]


async def test_nobody_defines_a_check_anew_without_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MAX_VERSIONS_A_DAY", 6)
    acme, _ = await two_tenants(store)
    web = CheckDefinition("web", "http_endpoint", 60_000, 10_000, "front")

    async def define(check: CheckDefinition) -> None:
        await store.register_checks(acme, "a1", [(check, True)], complete=False)

    for number in range(6):
        await define(replace(web, group=f"g{number % 2}"))
    with pytest.raises(RefusedForEver, match="share one agent_id"):
        await define(web)
    await define(replace(web, group=f"g{number % 2}"))
    await define(replace(web, check_id="another"))
    assert len(await store.tenant_checks(acme)) == 6 + 1


async def test_two_definitions_in_one_message_are_the_last_of_them(store: Store) -> None:
    acme, _ = await two_tenants(store)
    web = CheckDefinition("web", "http_endpoint", 60_000, 10_000, "front")
    both = [(web, True), (replace(web, group="back"), True)]
    stored = await store.register_checks(acme, "a1", both, complete=True)
    assert [check.definition.group for check in stored] == ["back", "back"]
    assert [check.group for check in await store.tenant_checks(acme)] == ["back"]


async def test_numbers_stay_single_when_many_write(store: Store) -> None:
    acme, _ = await two_tenants(store)
    for _ in range(3):
        await asyncio.gather(store.contracts(acme), store.add_contract(acme, 1, "a", "r", "{}"))
    assert [c.number for c in await store.contracts(acme)] == [1, 2, 3]
