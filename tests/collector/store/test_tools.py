"""What an operator's tools ask, of every store there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tenantwatch_collector.store.base import Delivery, Gap, Lost, RefusedBatch, ResultColumns, Store
from tenantwatch_wire.columns import MetricColumns

from tests.collector.store.given import SECOND, T0, batch, position, tenant_with_check


async def test_results_come_oldest_first_and_bounded(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    await store.commit([batch(check, 11, 10)])
    await store.commit([batch(check, 1, 10, "late")])
    found = await store.results_from(tenant.tenant_key, T0, T0 + 16 * SECOND, 12)
    assert [(r.time_us - T0) // SECOND for r in found] == list(range(1, 13))
    assert [r.metrics for r in found[9:11]] == [{"tls_ms": 1.5}, {}]
    assert [r.text for r in found[9:11]] == ["", "text of the first"]
    assert await store.reach(tenant.tenant_key) == (T0 + SECOND, T0 + 20 * SECOND)


async def test_a_time_too_far_ahead_is_told_beside_the_one_it_was_read_as(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    ahead_us = 4_102_444_800 * SECOND
    columns = batch(check, 1, 1).results
    assert columns is not None
    commit = await store.commit([replace(batch(check, 1, 1), results=columns.at(np.array([ahead_us])))])
    (found,) = await store.results_from(tenant.tenant_key, 0, 2**62, 10)
    assert (found.time_us, found.sent_time_us) == (commit.received_at_us, ahead_us)


async def test_what_is_kept_already_is_known_by_check_instant_status_and_latency(store: Store) -> None:
    _, check = await tenant_with_check(store)
    _, other = await tenant_with_check(store, "other")
    without = batch(check, 3, 1).results
    assert without is not None
    await store.commit([batch(check, 1, 2), batch(other, 1, 1)])
    await store.commit([Delivery(3, position(check, 3), results=replace(without, latency_us=np.array([-1])))])
    keys = (check, check, check, other, check)
    asked = ResultColumns(
        np.array([k.tenant_key for k in keys]),
        np.array([k.check_key for k in keys]),
        T0 + SECOND * np.array([1, 2, 3, 2, 9]),
        np.array([0, 1, 0, 0, 0], np.uint8),
        np.array([1500, 1500, -1, 1500, 1500]),
        metrics=MetricColumns(np.zeros(0, np.uint32), np.zeros(0, np.uint32), np.zeros(0), ()),
    )
    assert (await store.kept_already(asked)).tolist() == [True, False, True, False, False]


async def test_books_balance_whatever_became_of_the_sequences(store: Store) -> None:
    _, check = await tenant_with_check(store)
    await store.keep_raw_since(T0 + 3 * SECOND)
    await store.commit(
        [
            batch(check, 1, 5),  # 1 and 2 are too old
            Delivery(4, position(check, 9), gap=Gap(T0, T0 + 1, "the spool was full")),  # 4 and 5 came
            Delivery(12, position(check, 14), refused=RefusedBatch("garbled 7", b"bytes")),  # 10, 11 never
            Delivery(17, position(check, 17), gap=Gap(T0, T0 + 1, "the spool was full")),
        ]
    )
    (account,) = await store.accounts()
    assert (account.tenant_id, account.agent_id, account.acknowledged) == ("acme", "a1", 17)
    assert (account.results, account.lost, account.refused) == (3, 11, 3)
    assert await store.orphans() == 0


async def test_an_inventory_tells_what_is_there(store: Store) -> None:
    _, check = await tenant_with_check(store)
    found = await store.inventory()
    assert (found.results, found.oldest_us, found.newest_us, found.commits) == (0, None, None, 0)
    await store.commit([batch(check, 1, 3)])
    await store.commit([Delivery(4, position(check, 9), refused=RefusedBatch("garbled 7", b"bytes"))])
    await store.keep_raw_since(T0)
    found = await store.inventory()
    assert (found.tenants, found.checks, found.results, found.results_estimated) == (1, 1, 3, False)
    assert (found.oldest_us, found.newest_us) == (T0 + SECOND, T0 + 3 * SECOND)
    assert (found.commits, found.newest_commit, found.judged_through, found.rolled_up_through) == (2, 2, 0, 0)
    assert found.raw_since_us == await store.raw_since_us() == T0
    assert found.dead_letters == [Lost("garbled N", 1, 6)]
    assert found.schema_version >= 2
    assert all(size >= 0 for size in found.sizes.values())
    assert found.database.startswith(("SQLite 3", "PostgreSQL 1"))
