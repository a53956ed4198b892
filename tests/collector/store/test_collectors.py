"""Signs of life of the collectors on one store."""

from __future__ import annotations

from tenantwatch_collector.store.base import PLATFORM_KEY, AlertRecord, CollectorBeat, Judgement, Store


async def test_a_sign_of_life_is_told_from_the_one_before_until_the_collector_ends(store: Store) -> None:
    await store.beat("a", 5)
    await store.beat("b", 5)
    await store.beat("a", 5)
    assert await store.collector_beats() == [CollectorBeat("a", 2, 5), CollectorBeat("b", 1, 5)]
    await store.end_beats("a")
    await store.end_beats("never there")
    assert await store.collector_beats() == [CollectorBeat("b", 1, 5)]


async def test_an_alert_of_the_platform_is_its_own_and_no_tenants(store: Store) -> None:
    acme = await store.create_tenant("acme", "Acme", "basic")
    alert = AlertRecord("a", PLATFORM_KEY, "region:eu", "n", "d", "critical", "active", 1, 1, 1, None, "{}")
    await store.write_judgement(Judgement(0, alerts=[alert]))
    assert await store.alerts(None, "", "", 10) == [(alert, "platform")]
    assert await store.alerts(PLATFORM_KEY, "", "", 10) == [(alert, "platform")]
    assert await store.newest_alert(PLATFORM_KEY, "region:eu") == alert
    assert await store.alerts(acme.tenant_key, "", "", 10) == []
    assert await store.alert("a", acme.tenant_key) is None
    assert not await store.command_alert("a", acme.tenant_key, "resolve", "eve", "")
    assert await store.command_alert("a", None, "acknowledge", "ada", "")
    (command,) = await store.pending_alert_commands()
    assert (command.tenant_key, command.alert_id) == (PLATFORM_KEY, "a")
