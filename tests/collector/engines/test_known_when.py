"""What was known when: of each instant what had been received by then, whoever was away meanwhile."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tenantwatch_collector.engines import checks as books
from tenantwatch_collector.engines.judge import Judge
from tenantwatch_collector.health import Change, CheckResult, measurements, timeline
from tenantwatch_collector.reports.follows import changes_again
from tenantwatch_collector.reports.loading import Loaded, export_of, load
from tenantwatch_collector.reports.opened import Touches, open_facts
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.store.base import (
    AgentPosition,
    Commit,
    Delivery,
    ResultColumns,
    Store,
    StoredCheck,
    Tenant,
)
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tests.collector.engines.judging import judge_of

SECOND = 1_000_000
DAY_US = 86_400 * SECOND
HTTP = CheckDefinition("http", "http_endpoint", 60_000, 10_000, "", 2, 2)
STALE_US = HTTP.stale_after_ms * 1000
"""150 s."""


@dataclass
class Clock:
    """The wall clock of this process: it stands still between steps."""

    now_us: int

    def time_ns(self) -> int:
        return self.now_us * 1000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(time.time_ns() // 1000 - 3 * DAY_US)
    monkeypatch.setattr(time, "time_ns", clock.time_ns)
    monkeypatch.setattr(books, "REST", 0)
    return clock


@dataclass
class Life:
    """A collector with one check. While it is away results wait, as they do at an agent."""

    clock: Clock
    store: Store
    tenant: Tenant
    check: StoredCheck
    begun_us: int
    judge: Judge | None = None
    sent: list[CheckResult] = field(default_factory=list)
    instants: set[int] = field(default_factory=set)
    """Those at which what is known changes."""

    async def start(self) -> None:
        self.judge = judge_of(self.store)
        await self.judge.start()
        await self._catch_up()

    async def die(self) -> None:
        """Nothing is written any more, as after a SIGKILL."""
        assert self.judge is not None
        assert self.judge._task is not None
        task, self.judge = self.judge._task, None
        task.cancel()
        await asyncio.wait([task])

    async def later(self, seconds: int) -> None:
        self.clock.now_us += seconds * SECOND
        await self._catch_up()

    async def commit(self, results: Sequence[tuple[int, Status]]) -> Commit:
        """Take results, judged or, when nobody is there who judges, only stored."""
        times = np.array([at for at, _ in results], np.int64)
        columns = ResultColumns(
            np.full(len(results), self.check.tenant_key), np.full(len(results), self.check.check_key),
            times, np.array([status for _, status in results], np.uint8), np.full(len(results), 7),
        )  # fmt: skip
        # Judging by the clock and receiving are not of the same instant.
        self.clock.now_us += SECOND
        first = len(self.sent) + 1
        last = AgentPosition(self.check.tenant_key, "a", "g", Lane.LIVE, first + len(results) - 1)
        commit = await self.store.commit([Delivery(first, last, results=columns)])
        received_us = commit.received_at_us
        self.sent += [CheckResult(at, status, 7, received_us) for at, status in results]
        self.instants |= {received_us, *(at + STALE_US for at, _ in results)}
        if self.judge is not None:
            self.judge.committed(commit)
            await self._catch_up()
        return commit

    async def _catch_up(self) -> None:
        if self.judge is not None:
            await asyncio.wait_for(self.judge.caught_up(), 60)

    async def known(self, as_of_us: int) -> Loaded:
        period = Period(self.begun_us - DAY_US, self.clock.now_us + DAY_US)
        pieces = [(period.start, min(period.end, as_of_us))]
        opened = await open_facts(self.store, Touches(self.store), [self.tenant.tenant_key], pieces, as_of_us)
        return await load(opened, self.tenant, period, as_of_us)

    def expected(self, as_of_us: int) -> list[Change]:
        """What all that was received by then gives."""
        known = measurements(self.sent, as_of_us, 30 * SECOND)
        return timeline(known, HTTP.confirm_failures, HTTP.confirm_successes, STALE_US, as_of_us)

    async def holds(self, every: int = 1) -> None:
        """At each instant at which something changes, just before and after, and between them; or at every
        so many of those."""
        edges = sorted(self.instants)
        between = [(one + other) // 2 for one, other in pairwise(edges)]
        around = {edge + step for edge in edges for step in (-1, 0, 1)}
        past = sorted(at for at in around | set(between) if self.begun_us < at <= self.clock.now_us)
        for as_of_us in past[::every]:
            loaded = await self.known(as_of_us)
            found, expected = loaded.facts.changes["a/http"], self.expected(as_of_us)
            # What only begins then is of no time yet.
            assert [c for c in found if c.time < as_of_us] == [c for c in expected if c.time < as_of_us]
            export = export_of(self.tenant, loaded, as_of_us)
            export.results["a/http"] = self.sent
            terms = loaded.versions[-1].terms
            since_us = self.begun_us - DAY_US
            assert list(changes_again(export, terms, since_us, (self.begun_us, as_of_us), as_of_us)) == []


async def life_in(folder: Path, clock: Clock) -> Life:
    store = await open_store(folder / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "basic")
    await store.agent_arrived(tenant.tenant_key, "a", "g", "1", "h", "d")
    (check,) = await store.register_checks(tenant.tenant_key, "a", [(HTTP, True)], complete=True)
    clock.now_us += SECOND
    return Life(clock, store, tenant, check, clock.now_us)


async def end(life: Life) -> None:
    if life.judge is not None:
        await life.judge.stop()
    await life.store.close()


async def test_an_outage_of_the_collector_is_unknown_at_every_instant_in_it(
    tmp_path: Path, clock: Clock
) -> None:
    """Agent and collector were killed together, and the collector is there again hours later."""
    life = await life_in(tmp_path, clock)
    await life.start()
    for _ in range(6):
        await life.later(60)
        await life.commit([(clock.now_us - SECOND, Status.HEALTHY)])
    last_us = life.sent[-1].time
    await life.die()
    await life.later(6 * 3600)
    await life.start()
    for as_of_us in (last_us + STALE_US + SECOND, last_us + 3600 * SECOND, clock.now_us - 1):
        loaded = await life.known(as_of_us)
        assert loaded.facts.changes["a/http"][-1] == Change(last_us + STALE_US, Status.UNKNOWN)
    await life.holds()
    await end(life)


async def test_what_was_kept_by_the_agent_meanwhile_closes_the_gap_only_for_whoever_asks_since(
    tmp_path: Path, clock: Clock
) -> None:
    life = await life_in(tmp_path, clock)
    await life.start()
    await life.commit([(clock.now_us, Status.HEALTHY)])
    await life.die()
    seen_us = clock.now_us
    await life.later(1000)
    kept = [(seen_us + number * 60 * SECOND, Status.HEALTHY) for number in range(1, 17)]
    await life.commit(kept[:8])
    await life.start()
    await life.later(1)
    await life.commit(kept[8:])
    assert [c.level for c in life.expected(clock.now_us)] == [Status.HEALTHY]
    await life.holds()
    await end(life)


async def test_an_import_of_what_is_long_over_is_known_from_then_on(tmp_path: Path, clock: Clock) -> None:
    life = await life_in(tmp_path, clock)
    begun_us = clock.now_us - 20_000 * SECOND
    await life.start()
    for number in range(4):
        await life.later(2)
        hour_us = begun_us + number * 3600 * SECOND
        await life.commit([(hour_us + i * 60 * SECOND, Status.HEALTHY) for i in range(10)])
    await life.die()
    await life.later(12 * 3600)
    await life.start()
    await life.holds()
    await end(life)


@pytest.mark.parametrize("seed", range(16))
async def test_every_instant_tells_what_all_that_was_received_by_then_gives(
    tmp_path: Path, clock: Clock, seed: int
) -> None:
    """Live results, kept ones, imports and outages of the collector in any order."""
    choose = random.Random(seed)
    life = await life_in(tmp_path, clock)
    await life.start()
    measured_us, waiting = clock.now_us, list[tuple[int, Status]]()
    for _ in range(choose.randint(6, 14)):
        for _ in range(choose.randint(0, 6)):
            measured_us = min(measured_us + choose.choice([30, 60, 60, 151, 400]) * SECOND, clock.now_us)
            waiting.append((measured_us, choose.choice([Status.HEALTHY, *Status])))
        await life.later(choose.choice([1, 20, 60, 149, 150, 151, 300, 2000]))
        act = choose.choice(["deliver", "deliver", "part", "import", "die", "start", "wait"])
        if act in ("deliver", "part") and waiting:
            count = len(waiting) if act == "deliver" else choose.randint(1, len(waiting))
            await life.commit(waiting[:count])
            del waiting[:count]
        elif act == "import":
            first_us = clock.now_us - choose.randint(700, 4000) * SECOND
            count = choose.randint(1, 9)
            await life.commit([(first_us + i * 70 * SECOND, choose.choice([*Status])) for i in range(count)])
        elif act == "die" and life.judge is not None:
            await life.die()
        elif act == "start" and life.judge is None:
            await life.start()
    await life.later(3)
    if life.judge is None:
        await life.start()
    await life.later(1)
    await life.holds(every=3)
    await end(life)
