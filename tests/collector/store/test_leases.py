"""The lease on the engines: one holder at a time, a new term for each, and no word from whoever lost it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.store.base import (
    CheckChange,
    Judgement,
    LeaseLost,
    RolledUp,
    Store,
    StoreUnavailable,
)
from tenantwatch_collector.store.postgres import connection as connecting
from tenantwatch_wire.records import Status

from tests.collector.store.conftest import Place
from tests.collector.store.given import T0, tenant_with_check

on_postgres = pytest.mark.parametrize("place", ["plain"], indirect=True)
LONG = 600.0


@pytest.fixture
async def other(place: Place) -> AsyncIterator[Store]:
    opened = await place.open()
    yield opened
    await opened.close()


async def run_out(place: Place) -> None:
    """As if the time were over; whose time it is only the database's clock knows."""
    await place.change("UPDATE lease SET until_us = 1")


@on_postgres
async def test_one_holds_it_until_it_is_given_back_or_runs_out(
    store: Store, other: Store, place: Place
) -> None:
    assert await store.take_lease("a", LONG, 0) == 1
    assert await store.take_lease("a", LONG, 0) == 1, "renewed"
    assert await other.take_lease("b", LONG, 0) is None
    await other.release_lease("b")
    assert await other.take_lease("b", LONG, 0) is None, "only its holder gives it back"
    await store.release_lease("a")
    assert await other.take_lease("b", LONG, 0) == 2
    assert await store.take_lease("a", LONG, 0) is None
    await run_out(place)
    assert await store.take_lease("a", LONG, 0) == 3
    await run_out(place)
    assert await store.take_lease("a", LONG, 0) == 3, "nobody wanted it meanwhile"


@on_postgres
async def test_of_many_that_want_it_at_once_one_gets_it(store: Store, other: Store) -> None:
    asked = [each.take_lease(f"{n}", LONG, 0) for n in range(5) for each in (store, other)]
    terms = await asyncio.gather(*asked)
    holders = {n // 2 for n, term in enumerate(terms) if term is not None}
    assert len(holders) == 1
    assert {term for term in terms if term is not None} == {1}


@on_postgres
async def test_whoever_lost_it_writes_nothing(store: Store, other: Store, place: Place) -> None:
    tenant, check = await tenant_with_check(store)
    change = CheckChange(tenant.tenant_key, check.check_key, T0, Status.UNHEALTHY, T0)
    term = await store.take_lease("paused", LONG, 0)
    assert term is not None
    store.judge_under(term)
    await store.write_judgement(Judgement(1))
    await run_out(place)
    assert await other.take_lease("next", LONG, 0) == term + 1
    with pytest.raises(LeaseLost, match="another collector"):
        await store.write_judgement(Judgement(7, changes=[change]))
    with pytest.raises(LeaseLost):
        await store.write_rollups(RolledUp(7, 7))
    assert (await store.judged_state()).cursor == 1
    assert await store.changes(tenant.tenant_key, 0, 2**62) == []
    assert (await store.rollup_state()).cursor == 0
    other.judge_under(term + 1)
    await other.write_judgement(Judgement(2))
    assert (await store.judged_state()).cursor == 2


@on_postgres
async def test_nobody_takes_over_amid_a_judgement_but_its_holder_renews(store: Store, place: Place) -> None:
    await store.take_lease("a", LONG, 0)
    async with await psycopg.AsyncConnection.connect(place.url) as judging:
        await judging.execute("SELECT term FROM lease FOR KEY SHARE")  # as a judgement does
        assert await store.take_lease("a", LONG, 0) == 1
        await store.take_lease("a", -LONG, 0)
        taking = asyncio.create_task(store.take_lease("b", LONG, 0))
        async with await psycopg.AsyncConnection.connect(place.url, autocommit=True) as looking:
            async with asyncio.timeout(30):
                while not await waiting(looking):  # noqa: ASYNC110 - the server tells of it in no other way
                    await asyncio.sleep(0.01)
        assert not taking.done()
    assert await taking == 2


async def waiting(connection: psycopg.AsyncConnection[tuple[int]]) -> bool:
    found = await connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    return (await found.fetchall())[0][0] > 0


async def pause_amid_a_transaction(store: Store, place: Place) -> None:
    async with store.together() as paused:
        await paused.keep_raw_since(5)
        async with asyncio.timeout(30):
            # Waits for the row that the paused one has written, until the server ends that one.
            await place.change(
                "INSERT INTO retention VALUES ('raw', 9) ON CONFLICT (name) DO UPDATE"
                " SET before_us = excluded.before_us"
            )
        await paused.tenants()


@on_postgres
async def test_a_collector_that_was_paused_amid_a_transaction_holds_up_nobody_for_long(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await place.open()).close()  # now, when making the store may take its time
    monkeypatch.setattr(connecting, "_IDLE_SECONDS", 1)
    store = await place.open()
    try:
        with pytest.raises(StoreUnavailable):
            await pause_amid_a_transaction(store, place)
        assert await place.rows("SELECT before_us FROM retention") == [(9,)]
    finally:
        await store.close()


async def test_what_others_do_is_seen_in_the_pulse(store: Store, place: Place) -> None:
    before = await store.pulse()
    await store.note_definitions()
    await store.keep_raw_since(T0)
    tenant, check = await tenant_with_check(store)
    change = CheckChange(tenant.tenant_key, check.check_key, T0, Status.UNHEALTHY, T0 + 1)
    await store.write_judgement(Judgement(0, changes=[change]))
    await store.report_alert(tenant.tenant_key, "somebody", "", "{}")
    after = await store.pulse()
    assert after.definitions == before.definitions + 1
    assert (after.newest_change_us, after.raw_since_us, after.commands) == (T0 + 1, T0, 1)


async def test_a_file_serves_one_collector_until_that_ends(tmp_path: Path) -> None:
    place = Place(tmp_path / "store.sqlite3")
    first, second = await place.open(), await place.open()
    assert await first.take_lease("a", LONG, 0) == 1
    assert await first.take_lease("a", LONG, 0) == 1
    with pytest.raises(ConfigurationError, match=r"another collector runs on .*store\.sqlite3.*PostgreSQL"):
        await second.take_lease("b", LONG, 0)
    await first.close()
    assert await second.take_lease("b", LONG, 0) == 1
    await second.close()
