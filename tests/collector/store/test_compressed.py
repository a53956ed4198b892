"""Which results TimescaleDB gets compressed at once, and which by way of the rowstore."""

from __future__ import annotations

import time

import numpy as np
import psycopg
import pytest
from psycopg.rows import tuple_row
from tenantwatch_collector.store.base import Delivery, ResultColumns, Store, StoredCheck
from tenantwatch_collector.store.postgres.table import DAY_US, ROWS_PER_TENANT

from tests.collector.store.conftest import Place
from tests.collector.store.given import SECOND, position, tenant_with_check

pytestmark = pytest.mark.parametrize("place", ["timescale"], indirect=True)
NOW_US = time.time_ns() // 1000
LATE_US = NOW_US - 2 * DAY_US


def some(check: StoredCheck, count: int, begin_us: int, first: int = 1) -> Delivery:
    columns = ResultColumns(
        np.full(count, check.tenant_key), np.full(count, check.check_key),
        begin_us - SECOND * np.arange(1, count + 1), np.zeros(count, np.uint8), np.full(count, 7),
    )  # fmt: skip
    return Delivery(first, position(check, first + count - 1), results=columns)


async def rows(place: Place) -> tuple[int, int]:
    """How many there are in compressed segments, and how many in the rowstore beside them."""
    async with await psycopg.AsyncConnection.connect(place.url, row_factory=tuple_row) as owner:
        chunks = await (
            await owner.execute(
                "SELECT format('%I.%I', z.schema_name, z.table_name) FROM _timescaledb_catalog.chunk c"
                " JOIN _timescaledb_catalog.chunk z ON z.id = c.compressed_chunk_id"
            )
        ).fetchall()
        compressed = 0
        for (name,) in chunks:
            counted = await owner.execute(f"SELECT coalesce(sum(_ts_meta_count), 0) FROM {name}".encode())
            ((inside,),) = await counted.fetchall()
            compressed += inside
        ((all_there,),) = await (await owner.execute("SELECT count(*) FROM result")).fetchall()
    return compressed, all_there - compressed


async def test_many_of_a_tenant_are_compressed_at_once_and_few_are_not(store: Store, place: Place) -> None:
    _, check = await tenant_with_check(store)
    await store.commit([some(check, ROWS_PER_TENANT - 1, NOW_US)])
    assert await rows(place) == (0, ROWS_PER_TENANT - 1)
    await store.commit([some(check, ROWS_PER_TENANT, NOW_US, ROWS_PER_TENANT)])
    assert await rows(place) == (ROWS_PER_TENANT, ROWS_PER_TENANT - 1)


async def test_a_commit_of_many_tenants_is_divided_by_how_much_each_brings(
    store: Store, place: Place
) -> None:
    _, loud = await tenant_with_check(store, "loud")
    _, quiet = await tenant_with_check(store, "quiet")
    commit = await store.commit([some(loud, 40, NOW_US), some(quiet, 3, NOW_US)])
    assert await rows(place) == (40, 3)
    (again,) = await store.commits_after(commit.commit_id - 1, 100)
    assert sorted(again.columns.tenant_key.tolist()) == [loud.tenant_key] * 40 + [quiet.tenant_key] * 3


async def test_late_results_go_to_the_rowstore_however_many_they_are(store: Store, place: Place) -> None:
    _, check = await tenant_with_check(store)
    await store.commit([some(check, 100, LATE_US), some(check, 50, NOW_US, 101)])
    assert await rows(place) == (50, 100)
