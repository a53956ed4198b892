"""Commits: each result once, whatever is sent again, cut, lost or cancelled."""

from __future__ import annotations

import asyncio
import time

import numpy as np
from tenantwatch_collector.store.base import (
    AgentPosition,
    Delivery,
    Gap,
    RefusedBatch,
    Store,
)
from tenantwatch_wire.records import Lane

from tests.collector.store.conftest import Place as StorePlace
from tests.collector.store.given import T0, batch, position, tenant_with_check, times


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


async def test_an_agent_is_behind_until_the_backlog_that_it_came_with_is_here(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    key = tenant.tenant_key
    for agent_id, backlog_until in (("a1", 2), ("a2", 0)):
        await store.agent_arrived(key, agent_id, "g", "1", "h", "d", backlog_until=backlog_until)
    assert await store.agents_behind(key) == {"a1"}
    await store.commit([batch(check, 1, 9)])
    assert await store.agents_behind(key) == {"a1"}
    backlog = AgentPosition(key, "a1", "g", Lane.BACKLOG, 2)
    await store.commit([Delivery(1, backlog, gap=Gap(T0, T0 + 1, "the spool was full"))])
    assert await store.agents_behind(key) == frozenset()
    # A new spool counts anew.
    await store.agent_arrived(key, "a1", "g2", "1", "h", "d", backlog_until=2)
    assert await store.agents_behind(key) == {"a1"}
    assert await store.agents_behind(key + 1) == frozenset()


async def test_checks_have_the_labels_of_their_agent(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    assert [each.labels for each in await store.checks()] == [()]
    labels = {"region": "eu", "plugin_version": "2.3"}
    await store.agent_arrived(tenant.tenant_key, check.agent_id, "g", "1", "h", "d", labels)
    assert [each.labels for each in await store.checks()] == [(("plugin_version", "2.3"), ("region", "eu"))]


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


async def test_what_is_settled_is_complete(store: Store) -> None:
    _, check = await tenant_with_check(store)
    for turn in range(30):
        writing = asyncio.create_task(store.commit([batch(check, 1 + 5 * turn, 5)]))
        for _ in range(turn):
            await asyncio.sleep(0)
        now_us = time.time_ns() // 1000
        await store.settled(now_us)
        seen = {touch.commit_id for touch in await store.touched_after(0, 1_000)}
        commit = await writing
        assert commit.received_at_us > now_us or commit.commit_id in seen
    await store.settled(time.time_ns() // 1000)
