"""The store's contract, for every store there is."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import psycopg
import pytest
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.store.base import (
    AgentPosition,
    AlertEvent,
    AlertRecord,
    Delivery,
    Gap,
    Judgement,
    OutboxMessage,
    Place,
    RefusedBatch,
    ResultColumns,
    Store,
    StoredCheck,
    StoredRule,
    StoredSilence,
    Tenant,
    WindowRecord,
)
from tenantwatch_collector.store.sqlite.migrate import migrate
from tenantwatch_wire.columns import MetricColumns
from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tests.collector.store.conftest import Place as StorePlace

SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND


async def tenant_with_check(store: Store, name: str = "acme") -> tuple[Tenant, StoredCheck]:
    tenant = await store.create_tenant(name, name.title(), "basic")
    definition = CheckDefinition("web", "http_endpoint", 60_000, 10_000)
    (check,) = await store.register_checks(tenant.tenant_key, "a1", [(definition, True)], complete=True)
    return tenant, check


def batch(check: StoredCheck, first: int, count: int, generation: str = "g") -> Delivery:
    columns = ResultColumns(
        np.full(count, check.tenant_key, np.int64),
        np.full(count, check.check_key, np.int64),
        T0 + SECOND * np.arange(first, first + count, dtype=np.int64),
        np.zeros(count, np.uint8),
        np.full(count, 1500, np.int64),
        {0: "text of the first"},
        MetricColumns(np.array([count - 1], np.uint32), np.zeros(1, np.uint32), np.array([1.5]), ("tls_ms",)),
    )
    return Delivery(first, position(check, first + count - 1, generation), results=columns)


def position(check: StoredCheck, sequence: int, generation: str = "g") -> AgentPosition:
    return AgentPosition(check.tenant_key, "a1", generation, Lane.LIVE, sequence)


async def times(store: Store, check: StoredCheck) -> list[int]:
    found = await store.results_of_check(check.tenant_key, check.check_key, 0, 10_000)
    return [(row[0] - T0) // SECOND for row in found]


async def test_results_come_back_as_they_were_sent(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    await store.commit([batch(check, 1, 3)])
    found = await store.results(tenant.tenant_key, T0, T0 + 60 * SECOND, 10, "", None)
    assert [(r.check_id, r.status, r.latency_us) for r in found] == [("web", Status.HEALTHY, 1500)] * 3
    assert [r.text for r in found] == ["", "", "text of the first"]
    assert [r.metrics for r in found] == [{"tls_ms": 1.5}, {}, {}]


async def test_what_the_store_has_is_ignored_however_it_is_cut(store: Store) -> None:
    _, check = await tenant_with_check(store)
    await store.commit([batch(check, 1, 5)])
    commit = await store.commit([batch(check, 1, 5), batch(check, 4, 4)])
    assert await times(store, check) == [1, 2, 3, 4, 5, 6, 7]
    assert len(commit.columns) == 2


async def test_a_new_spool_begins_its_sequences_anew(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    await store.commit([batch(check, 1, 2)])
    await store.commit([batch(check, 1, 2, "another")])
    assert len(await times(store, check)) == 4
    known = await store.agent_arrived(tenant.tenant_key, "a1", "g", "1", "h", "d")
    assert known == [position(check, 2)]


async def test_gaps_and_refused_batches_move_the_watermark_and_are_kept(
    store: Store, place: StorePlace
) -> None:
    _, check = await tenant_with_check(store)
    await store.commit(
        [
            batch(check, 1, 2),
            Delivery(3, position(check, 9), gap=Gap(T0, T0 + 1, "the spool was full")),
            Delivery(10, position(check, 12), refused=RefusedBatch("garbled", b"bytes")),
            batch(check, 15, 1),
        ]
    )
    assert await times(store, check) == [1, 2, 15]
    assert await place.rows("SELECT first_sequence, last_sequence, reason FROM gap ORDER BY gap_id") == [
        (3, 9, "the spool was full"),
        (13, 14, "the agent's sequence jumped"),
    ]
    assert await place.rows("SELECT reason, payload FROM dead_letter") == [("garbled", b"bytes")]


async def test_commits_are_read_again_as_they_were(store: Store) -> None:
    _, check = await tenant_with_check(store)
    first = await store.commit([batch(check, 1, 2)])
    second = await store.commit([batch(check, 3, 2)])
    again = await store.commits_after(first.commit_id, 10)
    assert [c.commit_id for c in again] == [second.commit_id]
    columns = again[0].columns
    order = np.argsort(columns.time_us)
    assert (columns.time_us[order] == second.columns.time_us).all()
    assert [columns.metrics.of(row) for row in order.tolist()] == [{}, {"tls_ms": 1.5}]
    assert [columns.texts.get(row) for row in order.tolist()] == ["text of the first", None]
    assert second.received_at_us >= first.received_at_us


async def test_pages_of_history_neither_repeat_nor_skip(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    await store.commit([batch(check, 1, 25)])
    seen: list[int] = []
    before: Place | None = None
    while page := await store.results(tenant.tenant_key, T0, T0 + 99 * SECOND, 10, "web", before):
        seen += [(r.time_us - T0) // SECOND for r in page]
        before = page[-1].place
    assert seen == list(range(25, 0, -1))


async def test_a_tenants_questions_never_answer_anothers(store: Store) -> None:
    mine, my_check = await tenant_with_check(store, "mine")
    _, other_check = await tenant_with_check(store, "other")
    await store.commit([batch(my_check, 1, 1), batch(other_check, 1, 4)])
    found = await store.results(mine.tenant_key, T0, T0 + 99 * SECOND, 100, "", None)
    recent = await store.recent_results(mine.tenant_key, 100)
    assert {r.tenant_id for r in [*found, *recent]} == {"mine"}
    assert [h.tenant.tenant_id for h in await store.tenant_health(mine.tenant_key)] == ["mine"]
    assert {h.check.check_key for h in await store.check_health(mine.tenant_key)} == {my_check.check_key}


async def test_a_check_its_agent_names_no_more_is_retired(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    other = CheckDefinition("db", "database_connectivity", 60_000, 10_000)
    await store.register_checks(tenant.tenant_key, "a1", [(other, True)], complete=True)
    active = {c.definition.check_id: c.active for c in await store.checks()}
    assert active == {"web": False, "db": True}
    assert check.check_key in {c.check_key for c in await store.checks()}


async def test_a_cancelled_writer_leaves_no_transaction_behind(store: Store) -> None:
    _, check = await tenant_with_check(store)
    for turns in range(12):
        writing = asyncio.create_task(store.commit([batch(check, 1 + 5 * turns, 5)]))
        for _ in range(turns):
            await asyncio.sleep(0)
        writing.cancel()
        await asyncio.wait([writing])
    await store.commit([batch(check, 1, 70)])
    assert await times(store, check) == list(range(1, 71))


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


async def test_what_a_refusal_makes_owed_is_owed_with_it_and_once(store: Store) -> None:
    tenant, _ = await tenant_with_check(store)
    await owe(store, tenant, message(tenant, "firing"), message(tenant, "firing", 1))
    notice = replace(message(tenant, "undeliverable", channel="hook"), alert_id="refused")
    for claimed in await store.claim_messages("log", T0, 60 * SECOND, 10):
        await store.message_failed(claimed.message_id, "answered 404", None, [notice])
    (owed,) = await store.claim_messages("hook", T0, 60 * SECOND, 10)
    assert (owed.kind, owed.alert_id) == ("undeliverable", "refused")


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
    assert await store.cancel_window(other.tenant_key, again.window_id, T0)
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


def test_a_store_of_another_build_is_refused_and_the_same_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    assert migrate(path) == migrate(path)
    with sqlite3.connect(path) as file:
        file.execute("UPDATE schema_version SET sha256 = 'other'")
    file.close()
    with pytest.raises(ConfigurationError, match="different build"):
        migrate(path)
