"""Retention: what goes, what must stay, and that writing and reading go on as before."""

from __future__ import annotations

import numpy as np
import psycopg
import pytest
from psycopg import errors
from tenantwatch_collector.store.base import (
    CheckChange,
    Delivery,
    Judgement,
    ResultColumns,
    Retention,
    RolledUp,
    Rollup,
    RollupSpan,
    Store,
    StoredCheck,
    StoreUnavailable,
)
from tenantwatch_wire.records import Status

from tests.collector.store.conftest import Place
from tests.collector.store.given import T0, position, tenant_with_check

DAY = 86_400_000_000
MIDNIGHT = T0 - T0 % DAY


def at(check: StoredCheck, first: int, times_us: list[int]) -> Delivery:
    count = len(times_us)
    columns = ResultColumns(
        np.full(count, check.tenant_key), np.full(count, check.check_key), np.array(times_us),
        np.zeros(count, np.uint8), np.full(count, 7),
    )  # fmt: skip
    return Delivery(first, position(check, first + count - 1), results=columns)


async def kept_days(store: Store, check: StoredCheck) -> list[int]:
    rows = await store.results_of_check(check.tenant_key, check.check_key, 0, 1_000)
    return [(row[0] - MIDNIGHT) // DAY for row in rows]


async def test_raw_results_go_and_what_comes_for_that_time_becomes_a_gap(store: Store, place: Place) -> None:
    _, check = await tenant_with_check(store)
    await store.commit([at(check, 1, [MIDNIGHT + day * DAY for day in range(4)])])
    await store.retain(Retention(MIDNIGHT + 2 * DAY, 0))
    assert await kept_days(store, check) == [2, 3]
    commit = await store.commit([at(check, 5, [MIDNIGHT + DAY, MIDNIGHT + 3 * DAY + 1])])
    assert (len(commit.columns), await kept_days(store, check)) == (1, [2, 3, 3])
    ((first, last, reason),) = await place.rows("SELECT first_sequence, last_sequence, reason FROM gap")
    assert (first, last) == (5, 5)
    assert "raw_days" in reason
    again = await place.open()
    late = await again.commit([at(check, 7, [MIDNIGHT + DAY])])
    await again.close()
    assert len(late.columns) == 0, "remembered over a restart"


async def test_commits_go_on_in_number_and_are_read_again_when_all_results_are_gone(store: Store) -> None:
    """The newest rows may be the oldest results: their numbers must not be given again."""
    _, check = await tenant_with_check(store)
    await store.commit([at(check, 1, [MIDNIGHT + 5 * DAY])])
    before = await store.commit([at(check, 2, [MIDNIGHT, MIDNIGHT + 1])])
    await store.retain(Retention(MIDNIGHT + DAY, 0))
    after = await store.commit([at(check, 4, [MIDNIGHT + 6 * DAY])])
    assert after.commit_id == before.commit_id + 1
    (again,) = await store.commits_after(before.commit_id, 100)
    assert again.columns.time_us.tolist() == [MIDNIGHT + 6 * DAY]
    (emptied, _) = await store.commits_after(before.commit_id - 1, 100)
    assert len(emptied.columns) == 0
    await store.retain(Retention(2**61 - 2**61 % DAY, 2**61))
    last = await store.commits_after(0, 100)
    assert [c.commit_id for c in last] == [after.commit_id], "the next one counts on from it"


async def test_history_goes_but_what_was_in_force_at_its_beginning_stays(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    key, check_key = tenant.tenant_key, check.check_key
    changes = [CheckChange(key, check_key, T0 + n * DAY, Status(n % 3), T0 + n * DAY + 9) for n in range(6)]
    await store.write_judgement(Judgement(0, changes=changes))
    rollups = [
        Rollup(
            key, check_key, 86_400, MIDNIGHT + n * DAY, 1, 0, 0, 0, 0, 0, None, b"", 86_400_000, 0, 0, 0, 1
        )
        for n in range(6)
    ]
    spans = [RollupSpan(key, 86_400, rollup.start_us) for rollup in rollups]
    await store.write_rollups(RolledUp(1, 1, spans=spans, rollups=rollups))
    before_us = MIDNIGHT + 4 * DAY
    wanted = await store.changes(key, before_us, 2**62)
    await store.retain(Retention(0, before_us))
    assert await store.changes(key, before_us, 2**62) == wanted
    assert [change.time_us for change in wanted] == [T0 + n * DAY for n in (3, 4, 5)]
    assert await store.changes(key, 0, before_us) == wanted[:1], "what was before is gone"
    assert [r.start_us for r in await store.rollups(key, 86_400, 0, 2**62)] == [before_us, before_us + DAY]


@pytest.mark.parametrize("place", ["plain"], indirect=True)
async def test_a_partition_half_detached_or_left_behind_is_dropped_by_the_next_sweep(
    store: Store, place: Place
) -> None:
    _, check = await tenant_with_check(store)
    await store.commit([at(check, 1, [MIDNIGHT + day * DAY for day in range(4)])])
    today = MIDNIGHT // DAY
    async with await psycopg.AsyncConnection.connect(place.url, autocommit=True) as owner:
        await owner.execute(f"ALTER TABLE result DETACH PARTITION result_{today} CONCURRENTLY".encode())
        async with await psycopg.AsyncConnection.connect(place.url) as reader:
            await reader.execute(f"SELECT count(*) FROM result_{today + 1}".encode())
            await owner.execute("SET lock_timeout = '50ms'")
            with pytest.raises(errors.LockNotAvailable):
                await owner.execute(
                    f"ALTER TABLE result DETACH PARTITION result_{today + 1} CONCURRENTLY".encode()
                )
    await store.retain(Retention(MIDNIGHT + 2 * DAY, 0))
    assert await place.rows("SELECT relname FROM pg_class WHERE relname ~ '^result_[0-9]+$' ORDER BY 1") != []
    left = await place.rows(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^result_[0-9]+$'"
    )
    assert {f"result_{today}", f"result_{today + 1}"}.isdisjoint(row[0] for row in left)
    assert await kept_days(store, check) == [2, 3]


@pytest.mark.parametrize("place", ["timescale"], indirect=True)
async def test_closed_chunks_are_merged_and_take_late_rows_and_leave_whole(
    store: Store, place: Place
) -> None:
    _, check = await tenant_with_check(store)
    await store.commit([at(check, 1, [MIDNIGHT + day * DAY for day in range(3)])])
    await store.retain(Retention(0, 0))
    status = (
        "SELECT c.status FROM _timescaledb_catalog.chunk c JOIN timescaledb_information.chunks i"
        " ON i.chunk_name = c.table_name WHERE i.hypertable_name = 'result' AND i.range_end_integer <= "
        f"{MIDNIGHT + 3 * DAY} ORDER BY i.range_end_integer"
    )
    assert await place.rows(status) == [(1,)] * 3, "compressed, and nothing else"
    await store.commit([at(check, 4, [MIDNIGHT + DAY + 1])])
    assert await kept_days(store, check) == [0, 1, 1, 2]
    assert (await place.rows(status))[1] != (1,)
    await store.retain(Retention(0, 0))
    assert await place.rows(status) == [(1,)] * 3
    await store.retain(Retention(MIDNIGHT + DAY, 0))
    assert (len(await place.rows(status)), await kept_days(store, check)) == (2, [1, 1, 2])


@pytest.mark.parametrize("place", ["plain"], indirect=True)
async def test_a_long_reader_delays_retention_and_nothing_else(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, check = await tenant_with_check(store)
    await store.commit([at(check, 1, [MIDNIGHT, MIDNIGHT + 2 * DAY])])
    async with await psycopg.AsyncConnection.connect(place.url) as reader:
        await reader.execute("SELECT count(*) FROM result")
        with pytest.raises(StoreUnavailable):
            await store.retain(Retention(MIDNIGHT + DAY, 0))
        await store.commit([at(check, 3, [MIDNIGHT + 2 * DAY + 1])])
    await store.retain(Retention(MIDNIGHT + DAY, 0))
    assert await kept_days(store, check) == [2, 2]
