"""What an instant knows can be read, or the caller is told that it cannot be yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from tenantwatch_collector.engines.judge import Judge
from tenantwatch_collector.engines.settled import Settled
from tenantwatch_collector.errors import NotYet
from tenantwatch_collector.store.base import Store
from tenantwatch_collector.store.sqlite import SqliteStore
from tenantwatch_wire.records import Status

from tests.collector.engines.faults import FailingStore
from tests.collector.engines.judging import judge_of, let_it_be_impatient
from tests.collector.store.given import batch, tenant_with_check


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    let_it_be_impatient(monkeypatch)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(tmp_path / "store.sqlite3")
    yield store
    await store.close()


@pytest.fixture
async def faulty(store: SqliteStore) -> FailingStore:
    return FailingStore(store)


@pytest.fixture
async def judge(faulty: FailingStore) -> AsyncIterator[Judge]:
    judge = judge_of(cast(Store, faulty))
    await judge.start()
    yield judge
    faulty.fail(0, 0)
    await judge.stop()


async def test_what_was_committed_is_judged_before_anything_is_told_of_it(
    store: SqliteStore, judge: Judge
) -> None:
    tenant, check = await tenant_with_check(store)
    settled = Settled(store, judge.caught_up, 30)
    for number in range(1, 6):
        # Nobody wakes the judge: as where another process has committed.
        commit = await store.commit([batch(check, number, 1, f"spool {number}")])
        await settled.until(time.time_ns() // 1000)
        assert judge._through == commit.commit_id
    levels = {change.level for change in await store.changes(tenant.tenant_key, 0, 2**62)}
    assert levels == {Status.HEALTHY, Status.UNKNOWN}, "healthy, and long unknown again"


async def test_a_commit_that_is_under_way_is_waited_for(store: SqliteStore, judge: Judge) -> None:
    settled = Settled(store, judge.caught_up, 30)
    async with store._db.transaction():
        waiting = asyncio.create_task(settled.until(time.time_ns() // 1000))
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done
    await waiting


async def test_what_is_not_settled_in_time_is_refused_for_now(
    store: SqliteStore, faulty: FailingStore, judge: Judge
) -> None:
    earlier_us = time.time_ns() // 1000
    await Settled(store, judge.caught_up, 30).until(earlier_us)
    hasty = Settled(store, judge.caught_up, 0.2)
    faulty.fail(1, 1_000_000)
    with pytest.raises(NotYet, match="ask again, or for an earlier as_of"):
        await hasty.until(earlier_us)
    faulty.fail(0, 0)
    patient = Settled(store, judge.caught_up, 30)
    await patient.until(earlier_us)
    faulty.fail(1, 1_000_000)
    await patient.until(earlier_us)
