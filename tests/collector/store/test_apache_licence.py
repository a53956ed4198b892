"""TimescaleDB under its Apache licence has hypertables and no columnstore: found by asking, and enough."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenantwatch_collector.store.base import Retention, Store
from tenantwatch_collector.store.opening import schema_of

from tests.collector.store.conftest import Place
from tests.collector.store.given import tenant_with_check
from tests.collector.store.test_golden import answers, fill
from tests.collector.store.test_retention import DAY, MIDNIGHT, at, kept_days
from tests.servers import PostgresServer


@pytest.fixture
def place(tmp_path: Path, apache_server: PostgresServer) -> Place:
    return Place(tmp_path / "store.sqlite3", apache_server.url_of(apache_server.create_database()))


async def test_the_licence_is_asked_for_and_told(store: Store, place: Place) -> None:
    assert (await schema_of(place.path, place.url)).flavour == "timescale"
    found = await store.inventory()
    assert found.flavour == "timescale"
    assert "(licence apache)" in found.database
    assert await place.rows(
        "SELECT hypertable_name, compression_enabled FROM timescaledb_information.hypertables"
    ) == [("result", False)]


async def test_every_question_is_answered_as_by_sqlite(store: Store, place: Place) -> None:
    other = await Place(place.path).open()
    await fill(store)
    await fill(other)
    said, wanted = await answers(store), await answers(other)
    await other.close()
    for question, answer in wanted.items():
        assert said[question] == answer, question


async def test_old_chunks_leave_whole_and_late_results_find_the_others(store: Store, place: Place) -> None:
    _, check = await tenant_with_check(store)
    await store.commit([at(check, 1, [MIDNIGHT + day * DAY for day in range(4)])])
    await store.retain(Retention(MIDNIGHT + 2 * DAY, 0))
    assert await kept_days(store, check) == [2, 3]
    chunks = await place.rows("SELECT range_start_integer, is_compressed FROM timescaledb_information.chunks")
    assert sorted(chunks) == [(MIDNIGHT + 2 * DAY, False), (MIDNIGHT + 3 * DAY, False)]
    late = await store.commit([at(check, 5, [MIDNIGHT + 2 * DAY + 1])])
    assert (len(late.columns), await kept_days(store, check)) == (1, [2, 2, 3])
