"""Alerts and what is owed of them: once, claimed once, on record, told where it makes sense."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import psycopg
import pytest
from tenantwatch_collector.store.base import (
    PLATFORM_KEY,
    AlertEvent,
    AlertRecord,
    Judgement,
    OutboxMessage,
    Store,
    StoredRule,
    StoredSilence,
    Tenant,
    WindowRecord,
)

from tests.collector.store.given import SECOND, T0, batch, tenant_with_check


def alert(tenant: Tenant, alert_id: str, status: str) -> AlertRecord:
    return AlertRecord(
        alert_id, tenant.tenant_key, "http_endpoint", "n", "d", "error", status, T0, T0, 1, None, "{}"
    )


def message(tenant: Tenant, kind: str, n: int = 0, channel: str = "log") -> OutboxMessage:
    return OutboxMessage(0, tenant.tenant_key, "x", kind, f"x/{kind}/{n}", channel, "{}", T0)


async def owe(store: Store, tenant: Tenant, *messages: OutboxMessage) -> None:
    record = alert(tenant, "x", "active")
    await store.write_judgement(Judgement(0, alerts=[record], messages=list(messages)))


async def claim(store: Store, now_us: int = T0) -> list[str]:
    return [m.dedup_key for m in await store.claim_messages("log", now_us, 60 * SECOND, 10)]


async def test_a_message_is_owed_once_and_claimed_once(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    await owe(store, tenant, message(tenant, "firing"))
    await owe(store, tenant, message(tenant, "firing"))
    assert await claim(store) == ["x/firing/0"]
    assert await claim(store) == []
    assert await claim(store, T0 + 61 * SECOND) == ["x/firing/0"], "a dead sender's claim must run out"


async def test_an_end_is_told_only_where_the_beginning_was(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    await owe(store, tenant, message(tenant, "firing"))
    await owe(store, tenant, message(tenant, "resolved"))
    assert await claim(store) == []


async def test_an_end_follows_a_message_under_way(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    await owe(store, tenant, message(tenant, "firing"))
    assert await claim(store) == ["x/firing/0"]
    await owe(store, tenant, message(tenant, "resolved"))
    assert await claim(store) == ["x/resolved/0"]


async def test_a_message_that_can_never_arrive_is_dead_and_one_that_may_is_tried_again(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    await owe(store, tenant, message(tenant, "firing"), message(tenant, "firing", channel="hook"))
    for channel, again_us in (("log", None), ("hook", T0 + 5 * SECOND)):
        (claimed,) = await store.claim_messages(channel, T0, 60 * SECOND, 10)
        await store.message_failed(claimed.message_id, "answered", again_us)
    assert await store.next_message_due_us("log") is None
    assert await store.next_message_due_us("hook") == T0 + 5 * SECOND
    (again,) = await store.claim_messages("hook", T0 + 5 * SECOND, 60 * SECOND, 10)
    assert (again.channel, again.attempts) == ("hook", 2)


async def test_a_channels_claim_takes_nothing_of_anothers(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    several = [message(tenant, "firing", n, channel) for n in range(3) for channel in ("log", "hook")]
    await owe(store, tenant, *[replace(m, alert_id=m.dedup_key) for m in several])
    first = await store.claim_messages("hook", T0, 60 * SECOND, 2)
    assert [m.channel for m in first] == ["hook", "hook"]
    assert len(await store.claim_messages("hook", T0, 60 * SECOND, 10)) == 1
    assert len(await claim(store)) == 3


async def test_what_a_refusal_reports_is_kept_with_it(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    await owe(store, tenant, message(tenant, "firing"), replace(message(tenant, "firing", 1), alert_id="y"))
    refused, half = await store.claim_messages("log", T0, 60 * SECOND, 10)
    await store.message_failed(refused.message_id, "answered 404", None, '{"of": "it"}')
    await store.message_sent(half.message_id, T0, "1 of 2 were refused", '{"of": "some"}')
    told = [(c.tenant_key, c.action, c.detail) for c in await store.pending_alert_commands()]
    assert told == [
        (PLATFORM_KEY, "create", '{"of": "it"}'),
        (PLATFORM_KEY, "create", '{"of": "some"}'),
    ]


async def test_every_attempt_to_tell_is_on_record_with_what_came_of_it(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    other = await store.create_tenant("other", "Other", "basic")
    opened = AlertEvent(tenant.tenant_key, "x", T0, "opened", detail="error, level 0")
    by_hand = AlertEvent(tenant.tenant_key, "x", T0 + 9 * SECOND, "acknowledged", "ada", detail="on it")
    await store.write_judgement(
        Judgement(
            0, alerts=[alert(tenant, "x", "active")], events=[opened], messages=[message(tenant, "firing")]
        )
    )
    (claimed,) = await store.claim_messages("log", T0, SECOND, 1)
    await store.message_failed(claimed.message_id, "answered 503", T0 + SECOND)
    (claimed,) = await store.claim_messages("log", T0 + SECOND, SECOND, 1)
    await store.message_sent(claimed.message_id, T0 + 2 * SECOND)
    await store.write_judgement(Judgement(0, events=[by_hand]))
    found = await store.alert_events("x", tenant.tenant_key, 10)
    assert [(e.kind, e.who, e.channel, e.outcome, e.detail) for e in found] == [
        ("opened", "", "", "", "error, level 0"),
        ("firing", "", "log", "retry", "answered 503"),
        ("firing", "", "log", "sent", ""),
        ("acknowledged", "ada", "", "", "on it"),
    ]
    assert await store.alert_events("x", None, 10) == found
    assert await store.alert_events("x", other.tenant_key, 10) == []
    assert len(await store.alert_events("x", None, 2)) == 2


async def test_a_command_for_an_open_alert_waits_until_it_is_obeyed(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    other = await store.create_tenant("other", "Other", "basic")
    await store.write_judgement(Judgement(0, alerts=[alert(tenant, "x", "active")]))
    assert not await store.command_alert("y", None, "acknowledge", "ada", "")
    assert not await store.command_alert("x", other.tenant_key, "resolve", "eve", "")
    assert await store.command_alert("x", tenant.tenant_key, "acknowledge", "ada", "on it")
    assert await store.command_alert("x", None, "resolve", "ada", "done")
    first, second = await store.pending_alert_commands()
    assert (first.tenant_key, first.action, first.who, first.notes) == (
        tenant.tenant_key,
        "acknowledge",
        "ada",
        "on it",
    )
    await store.write_judgement(Judgement(0, obeyed=[first.command_id]))
    assert await store.pending_alert_commands() == [second]
    await store.write_judgement(Judgement(0, alerts=[alert(tenant, "x", "resolved")]))
    assert not await store.command_alert("x", None, "resolve", "ada", "")


async def test_a_rule_is_kept_replaced_and_removed(store: Store) -> None:
    first = StoredRule("cpu-high", "acme", None, '{"threshold": 1}', T0, "ada")
    await store.put_alert_rule(first)
    await store.put_alert_rule(StoredRule("cpu-high", None, "basic", '{"threshold": 2}', T0 + 1, "eve"))
    assert await store.alert_rules() == [StoredRule("cpu-high", None, "basic", '{"threshold": 2}', T0, "ada")]
    assert await store.remove_alert_rule("cpu-high")
    assert not await store.remove_alert_rule("cpu-high")
    assert await store.alert_rules() == []


async def test_a_silence_lasts_until_it_is_over_or_ended(store: Store) -> None:
    first = StoredSilence(0, "acme", None, T0, T0 + 60 * SECOND, "ada", "deploy")
    number = await store.add_silence(first)
    other = await store.add_silence(replace(first, tenant_id=None, alert_type="cpu", end_us=T0 + 90 * SECOND))
    assert await store.silences(T0) == [
        replace(first, silence_id=number),
        StoredSilence(other, None, "cpu", T0, T0 + 90 * SECOND, "ada", "deploy"),
    ]
    assert [s.silence_id for s in await store.silences(T0 + 60 * SECOND)] == [other]
    assert await store.end_silence(other, T0 + 10 * SECOND)
    assert not await store.end_silence(other, T0 + 11 * SECOND)
    assert await store.silences(T0 + 60 * SECOND) == []


async def test_maintenance_of_all_tenants_is_read_at_once(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    other = await store.create_tenant("other", "Other", "basic")
    once = WindowRecord(tenant.tenant_key, 0, T0, T0 + SECOND, "", None, "move", "ada", 0)
    kept = await store.add_window(once)
    again = await store.add_window(
        replace(once, tenant_key=other.tenant_key, from_us=None, to_us=None, recurrence="{}", checks=("web",))
    )
    assert await store.windows_ending_after(T0) == [kept, again]
    assert await store.windows_ending_after(T0 + SECOND) == [again]
    assert await store.contract_count() == 0
    of_other = await store.add_contract(other.tenant_key, T0, "ada", "", "{}")
    await store.add_contract(
        (await store.create_tenant("none", "None", "basic")).tenant_key, T0, "a", "", "{}"
    )
    assert await store.contract_count() == 2
    assert await store.contracts_of_announcers() == [of_other]
    assert await store.cancel_window(other.tenant_key, again.window_id, T0)
    assert await store.contracts_of_announcers() == []
    assert await store.windows_ending_after(T0) == [kept]


async def test_the_metrics_that_there_are_are_named(store: Store) -> None:
    _, check = await tenant_with_check(store)
    await store.create_tenant("other", "Other", "basic")
    assert await store.metric_names(None) == []
    await store.commit([batch(check, 1, 3)])
    assert await store.metric_names(None) == await store.metric_names("acme") == ["tls_ms"]
    assert await store.metric_names("other") == []


async def test_what_is_owed_to_a_channel_that_is_no_more_is_owed_to_nobody(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    await owe(store, tenant, message(tenant, "firing"), message(tenant, "firing", channel="gone"))
    await store.sender_started(["log"])
    assert await store.next_message_due_us("gone") is None
    assert await claim(store) == ["x/firing/0"]


async def test_two_open_alerts_of_one_key_cannot_be_stored(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    await store.write_judgement(Judgement(0, alerts=[alert(tenant, "x", "active")]))
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
        await store.write_judgement(Judgement(0, alerts=[alert(tenant, "y", "acknowledged")]))
    await store.write_judgement(
        Judgement(0, alerts=[alert(tenant, "y", "active"), alert(tenant, "x", "resolved")])
    )
    assert await store.count_open_alerts(tenant.tenant_key) == 1
