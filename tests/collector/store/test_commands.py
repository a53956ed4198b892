"""What callers leave for the engine, and what the store tells them of alerts: alike in every store."""

from __future__ import annotations

import asyncio

from tenantwatch_collector.store.base import AlertEvent, AlertRecord, Judgement, Store, Tenant

from tests.collector.store.given import T0, tenant_with_check


def alert(tenant: Tenant, alert_id: str, status: str, first_us: int) -> AlertRecord:
    key, times = tenant.tenant_key, (first_us, first_us)
    return AlertRecord(alert_id, key, "custom:x", "x", "d", "error", status, *times, 1, None, "{}")


async def test_a_reported_alert_waits_for_the_engine(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    left = await store.report_alert(tenant.tenant_key, "ada", "", '{"alert_name": "x"}')
    assert (left.action, left.alert_id, left.detail) == ("create", "", '{"alert_name": "x"}')
    assert await store.pending_alert_commands() == [left]
    await store.write_judgement(Judgement(0, obeyed=[left.command_id]))
    assert await store.pending_alert_commands() == []


async def test_one_alert_is_found_by_its_owner_and_by_the_platform(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    other = await store.create_tenant("other", "Other", "basic")
    older, newer = alert(tenant, "older", "resolved", T0), alert(tenant, "newer", "active", T0 + 1)
    await store.write_judgement(Judgement(0, alerts=[older, newer]))
    assert await store.alert("older", None) == (older, "acme")
    assert await store.alert("older", tenant.tenant_key) == (older, "acme")
    assert await store.alert("older", other.tenant_key) is None
    assert await store.newest_alert(tenant.tenant_key, "custom:x") == newer
    assert await store.newest_alert(tenant.tenant_key, "custom:y") is None
    assert await store.newest_alert(other.tenant_key, "custom:x") is None


async def test_notes_are_of_the_alerts_asked_about_and_nothing_else(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    key = tenant.tenant_key
    events = [
        AlertEvent(key, "a", T0, "opened"),
        AlertEvent(key, "a", T0 + 1, "firing", channel="log", outcome="retry"),
        AlertEvent(key, "a", T0 + 2, "firing", channel="log", outcome="sent"),
        AlertEvent(key, "b", T0 + 3, "acknowledged", who="ada", detail="on it"),
        AlertEvent(key, "c", T0 + 4, "resolved"),
    ]
    await store.write_judgement(Judgement(0, events=events))
    assert await store.alert_notes(["a", "b"]) == [events[2], events[3]]
    assert await store.alert_notes([]) == []


async def test_a_tenant_is_added_once(store: Store) -> None:
    made = await asyncio.gather(*(store.add_tenant("isp-001", "ISP", "basic", "small") for _ in range(5)))
    (tenant,) = [each for each in made if each is not None]
    assert await store.tenant("isp-001") == tenant
    assert (tenant.tenant_name, tenant.tier) == ("ISP", "basic")
