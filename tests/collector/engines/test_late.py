"""Late results that come for long, as an import brings them: read again now and then, judged alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tenantwatch_collector.engines import checks as books
from tenantwatch_collector.engines.judge import Judge
from tenantwatch_collector.engines.rebuild import WatchedCheck, rebuild
from tenantwatch_collector.health import Change
from tenantwatch_collector.store.base import (
    AgentPosition,
    Commit,
    Delivery,
    ResultColumns,
    Store,
    StoredCheck,
)
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tests.collector.engines.judging import judge_of

SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND
LIVE_S = 36_000
COMMITS, EACH = 12, 30
FOR_EVER = 10**9


def some(check: StoredCheck, generation: str, sequence: int, begin_us: int, status: Status) -> Delivery:
    columns = ResultColumns(
        np.full(EACH, check.tenant_key), np.full(EACH, check.check_key),
        begin_us + SECOND * np.arange(EACH), np.full(EACH, status, np.uint8), np.full(EACH, 7),
    )  # fmt: skip
    last = AgentPosition(check.tenant_key, "a1", generation, Lane.LIVE, sequence + EACH - 1)
    return Delivery(sequence, last, results=columns)


async def live_check(store: Store, judge: Judge) -> StoredCheck:
    """One that is looked at now, hours after what comes late."""
    tenant = await store.create_tenant("acme", "Acme", "basic")
    definition = CheckDefinition("web", "http_endpoint", 1_000, 1_000, confirm_failures=2)
    (check,) = await store.register_checks(tenant.tenant_key, "a1", [(definition, True)], complete=True)
    await judge.start()
    judge.committed(await store.commit([some(check, "live", 1, T0 + LIVE_S * SECOND, Status.HEALTHY)]))
    await judge.caught_up()
    return check


async def bring_late(store: Store, judge: Judge, check: StoredCheck) -> None:
    """Every other commit is an outage; each is judged as far as it is before the next one comes."""
    for number in range(COMMITS):
        status = Status.UNHEALTHY if number % 2 else Status.HEALTHY
        late = some(check, "import", 1 + number * EACH, T0 + number * EACH * SECOND, status)
        await judged(judge, await store.commit([late]))


async def judged(judge: Judge, commit: Commit) -> None:
    """Return when a pass is done that began after this."""
    judge.committed(commit)
    through = judge.passes.count + 2
    async with asyncio.timeout(60):
        while judge.passes.count < through:
            judge._feed.arrived.fire()
            await judge.passes.wait_beyond(judge.passes.count)


async def levels(store: Store, check: StoredCheck) -> list[tuple[int, Status]]:
    return [((c.time_us - T0) // SECOND, c.level) for c in await store.changes(check.tenant_key, T0, 2**62)]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often all of a check's results were read again."""
    seen: list[int] = []

    async def counted(store: Store, watched: WatchedCheck, late_us: int, *until_us: int) -> list[Change]:
        seen.append(late_us)
        return await rebuild(store, watched, late_us, *until_us)

    monkeypatch.setattr(books, "rebuild", counted)
    return seen


async def expected(folder: Path) -> list[tuple[int, Status]]:
    """What comes of it where every late result is judged at once."""
    store = await open_store(folder / "expected.sqlite3")
    judge = judge_of(store)
    check = await live_check(store, judge)
    await bring_late(store, judge, check)
    await judge.caught_up()
    found = await levels(store, check)
    await judge.stop()
    await store.close()
    return found


@pytest.fixture
def rest(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    return lambda share: monkeypatch.setattr(books, "REST", share)


async def test_a_long_import_is_read_again_now_and_then_and_judged_alike(
    tmp_path: Path, reads: list[int], rest: Callable[[float], None]
) -> None:
    rest(0)
    wanted = await expected(tmp_path)
    assert len([level for _, level in wanted if level is Status.UNHEALTHY]) == COMMITS // 2
    assert len(reads) >= COMMITS
    reads.clear()
    rest(FOR_EVER)
    store = await open_store(tmp_path / "store.sqlite3")
    judge = judge_of(store)
    check = await live_check(store, judge)
    await bring_late(store, judge, check)
    assert len(reads) == 1, "the first at once, all others later"
    await judge.caught_up()
    assert await levels(store, check) == wanted
    assert reads[1:] == [T0 + EACH * SECOND], "from the earliest that was put off"
    await judge.stop()
    await store.close()


async def test_what_was_put_off_is_judged_after_a_crash(
    tmp_path: Path, reads: list[int], rest: Callable[[float], None]
) -> None:
    rest(0)
    wanted = await expected(tmp_path)
    rest(FOR_EVER)
    store = await open_store(tmp_path / "store.sqlite3")
    dying = judge_of(store)
    check = await live_check(store, dying)
    await bring_late(store, dying, check)
    # A live result, whose state is written amid what was put off, and the flush that the end brings.
    live = some(check, "live", 31, T0 + (LIVE_S + 40) * SECOND, Status.UNHEALTHY)
    await judged(dying, await store.commit([live]))
    await dying.stop()
    following = judge_of(store)
    await following.start()
    await following.caught_up()
    found = await levels(store, check)
    before = [change for change in wanted if change[0] < LIVE_S]
    assert [change for change in found if change[0] < LIVE_S] == before
    assert (LIVE_S + 40, Status.UNHEALTHY) in found
    await following.stop()
    await store.close()


async def test_late_results_are_confirmed_as_the_check_was_defined_then(
    tmp_path: Path, rest: Callable[[float], None]
) -> None:
    """What was an outage stays one, though it would be none of the check that is defined since."""
    rest(0)
    store = await open_store(tmp_path / "store.sqlite3")
    judge = judge_of(store)
    check = await live_check(store, judge)
    await bring_late(store, judge, check)
    await judge.caught_up()
    before = await levels(store, check)
    stricter = replace(check.definition, confirm_failures=100, interval_ms=500)
    await store.register_checks(check.tenant_key, "a1", [(stricter, True)], complete=True)
    judge.definitions_changed()
    earlier = some(check, "later", 1, T0 - 2 * EACH * SECOND, Status.UNHEALTHY)
    judge.committed(await store.commit([earlier]))
    await judge.caught_up()
    found = await store.changes(check.tenant_key, T0 - 3 * EACH * SECOND, 2**62)
    told = [((c.time_us - T0) // SECOND, c.level) for c in found]
    assert told == [(-2 * EACH, Status.UNHEALTHY), *before]
    await judge.stop()
    await store.close()
