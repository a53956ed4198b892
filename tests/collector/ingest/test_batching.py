"""Group commit over a store that fails in every way it may: acknowledged is committed, once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.ingest import batching
from tenantwatch_collector.ingest.batching import GroupCommit
from tenantwatch_collector.store.base import Commit, Delivery, Store, StoreUnavailable, UnfitDelivery
from tenantwatch_collector.store.intake import Key, intake, key_of
from tenantwatch_collector.vitals import Vitals

from tests.collector.ingest.arrivals import gap, refused, results

FAULTS = ("none", "away", "away after all", "unforeseen")


@dataclass(slots=True)
class FaultyStore:
    """Keeps commits in memory by the rules of every store; ``faults`` says what each call does."""

    faults: Iterator[str]
    unfit: frozenset[tuple[int, int]] = frozenset()
    writers: int = 1
    rows: list[tuple[int, int]] = field(default_factory=list)
    watermarks: dict[Key, int] = field(default_factory=dict)
    dead_letters: list[tuple[int, int]] = field(default_factory=list)
    commits: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def commit(self, deliveries: Sequence[Delivery]) -> Commit:
        await self.gate.wait()
        fault = next(self.faults, "none")
        if fault == "away":
            raise StoreUnavailable("away")
        if fault == "unforeseen":
            raise KeyError("nobody foresaw this")
        if any((d.last.tenant_key, d.first_sequence) in self.unfit and d.results for d in deliveries):
            raise UnfitDelivery("a value that no database takes")
        found = intake(deliveries, self.watermarks, 2**60, 0)
        self.watermarks |= {key: after for key, (_, after) in found.watermarks.items()}
        seconds = (found.columns.time_us - results(1, 0, 1).results.time_us[0]) // 1_000_000  # type: ignore[union-attr]
        self.rows += zip(found.columns.tenant_key.tolist(), seconds.tolist(), strict=True)
        self.dead_letters += [(dead.key[0], dead.first_sequence) for dead in found.dead_letters]
        self.commits += 1
        if fault == "away after all":
            raise StoreUnavailable("the line broke behind the commit")
        return Commit(self.commits, self.commits, found.columns)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "_RETRY_SECONDS", 0)


def group_commit(store: FaultyStore) -> GroupCommit:
    return GroupCommit(cast(Store, store), Vitals(), lambda commit: None)


_DELIVERIES = st.lists(
    st.tuples(st.sampled_from([results, gap, refused]), st.integers(1, 3), st.integers(1, 5)), max_size=12
)


@given(_DELIVERIES, st.lists(st.sampled_from(FAULTS), max_size=8), st.sets(st.integers(0, 11)))
async def test_whatever_fails_each_result_is_there_once_when_it_is_acknowledged(
    sent: list[tuple[type, int, int]], faults: list[str], bad: set[int]
) -> None:
    ends = dict.fromkeys(range(1, 4), 0)
    deliveries: list[Delivery] = []
    for make, tenant_key, count in sent:
        deliveries.append(make(tenant_key, ends[tenant_key] + 1, count))
        ends[tenant_key] += count
    unfit = [deliveries[n] for n in bad if n < len(deliveries) and deliveries[n].results is not None]
    store = FaultyStore(iter(faults), frozenset((d.last.tenant_key, d.first_sequence) for d in unfit))
    commits = group_commit(store)
    commits.start()
    waiting = [await commits.submit(delivery) for delivery in deliveries]
    store.gate.set()
    for delivery, done in zip(deliveries, waiting, strict=True):
        await asyncio.wait_for(done, 60)
        assert store.watermarks[key_of(delivery.last)] >= delivery.last.sequence
    await commits.stop()
    fit = [d for d in deliveries if d.results is not None and d not in unfit]
    wanted = [(d.last.tenant_key, d.first_sequence + n) for d in fit for n in range(len(d))]
    assert sorted(store.rows) == sorted(wanted)
    for tenant_key in ends:
        mine = [number for tenant, number in store.rows if tenant == tenant_key]
        assert mine == sorted(mine), "in the order in which they came"
    aside = unfit + [d for d in deliveries if d.refused is not None]
    assert sorted(store.dead_letters) == sorted((d.last.tenant_key, d.first_sequence) for d in aside)


async def test_nothing_is_acknowledged_while_the_store_is_away_and_all_once_it_is_back() -> None:
    store = FaultyStore(iter(["away"] * 5))
    commits = group_commit(store)
    commits.start()
    waiting = [await commits.submit(results(tenant, 1, 3)) for tenant in (1, 2)]
    assert not any(done.done() for done in waiting)
    store.gate.set()
    await asyncio.wait_for(asyncio.gather(*waiting), 60)
    assert (len(store.rows), store.commits, commits.available) == (6, 1, True)
    await commits.stop()


async def test_what_could_not_be_committed_in_time_is_never_acknowledged() -> None:
    store = FaultyStore(iter([]))
    commits = group_commit(store)
    commits.start()
    waiting = [await commits.submit(results(1, first, 1)) for first in (1, 2)]
    await commits.stop(timeout_seconds=0.01)
    assert [done.cancelled() for done in waiting] == [True, True]
    assert store.rows == []


async def test_a_sender_that_gives_up_takes_nothing_of_others_with_it() -> None:
    store = FaultyStore(iter([]))
    commits = group_commit(store)
    commits.start()
    kept = await commits.submit(results(1, 1, 1))
    given_up = await commits.submit(results(2, 1, 1))
    given_up.cancel()
    store.gate.set()
    await asyncio.wait_for(kept, 60)
    await commits.stop()
    assert sorted(store.rows) == [(1, 1), (2, 1)], "submitted is submitted: its agent hears of it later"


async def test_a_tenant_beyond_its_share_waits_and_another_comes_in_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "MAX_WAITING_BYTES", 100_000)
    store = FaultyStore(iter([]))
    commits = group_commit(store)
    commits.start()
    first = 0
    while commits.has_room(results(1, first + 1, 1, 10_000)):
        first += 1
        await commits.submit(results(1, first, 1, 10_000))
    late = asyncio.create_task(commits.submit(results(1, first + 1, 1, 10_000)))
    done = await asyncio.wait_for(commits.submit(results(2, 1, 1, 10_000)), 60)
    assert not late.done(), "the flood waits for room"
    store.gate.set()
    await asyncio.wait_for(asyncio.gather(done, await late), 60)
    # Whose turn comes first is the queue's; the one that waited comes after all that had room.
    assert sorted(tenant for tenant, _ in store.rows[:-1]) == [*[1] * first, 2]
    assert [number for tenant, number in store.rows if tenant == 1] == list(range(1, first + 2))
    await commits.stop()


async def test_thousands_that_wait_are_bounded_and_survive_being_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "MAX_WAITING_BYTES", 50_000)
    store = FaultyStore(iter(["away"] * 3))
    commits = group_commit(store)
    commits.start()
    tasks = [asyncio.create_task(commits.submit(replace(gap(1, n, 1)))) for n in range(1, 400)]
    await asyncio.sleep(0)
    for task in tasks[200:]:
        task.cancel()
    store.gate.set()
    for task in tasks[:200]:
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(await task, 60)
    await commits.stop()
    assert max(store.watermarks.values()) >= 200
