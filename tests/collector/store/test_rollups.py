"""Rollups against a count of everything one by one: late, doubled, unknown, in any order, over any crash."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from tenantwatch_collector.engines import rollups as engine_module
from tenantwatch_collector.engines.rollups import BUCKET_S, GRACE_US, RollupEngine
from tenantwatch_collector.sla.histogram import bucket_of
from tenantwatch_collector.sla.sparse import decode_counts
from tenantwatch_collector.store.base import (
    AgentPosition,
    CheckChange,
    Delivery,
    Judgement,
    ResultColumns,
    Retention,
    Rollup,
    Store,
    StoreUnavailable,
)
from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tests.collector.engines.faults import FailingStore
from tests.collector.store.given import SECOND, T0

DAY_US = 86_400 * SECOND
BEGIN_US = T0 - T0 % DAY_US
WIDTHS = (BUCKET_S, 3_600, 86_400)
SPAN_US = 30 * 3_600 * SECOND
"""Somewhat more than a day, so that a day is over and another has begun."""
STEPS = 6
Measured = tuple[int, int, int, int]
"""(time_us, status, latency_us or -1, received_at_us)"""


@dataclass(slots=True)
class World:
    """Two tenants with three checks each, and all that was ever said of them."""

    store: Store
    chance: random.Random
    checks: list[tuple[int, int]] = field(default_factory=list)
    results: dict[int, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[int, list[CheckChange]] = field(default_factory=lambda: defaultdict(list))
    sequence: int = 0
    known_at_us: int = 0

    async def begin(self) -> None:
        for name in ("acme", "other"):
            tenant = await self.store.create_tenant(name, name, "basic")
            definitions = [
                (CheckDefinition(f"c{n}", "http_endpoint", 60_000, 10_000), True) for n in range(3)
            ]
            stored = await self.store.register_checks(tenant.tenant_key, "a", definitions, complete=True)
            self.checks += [(check.tenant_key, check.check_key) for check in stored]

    async def commit(self, until_us: int) -> None:
        """Some results up to then, late and doubled ones among them."""
        count = self.chance.randrange(1, 120)
        rows = [self.chance.choice(self.checks) for _ in range(count)]
        keys = np.array([tenant for tenant, _ in rows]), np.array([check for _, check in rows])
        grid = [BEGIN_US + self.chance.randrange((until_us - BEGIN_US) // (97 * SECOND) + 1) * 97 * SECOND
                for _ in rows]  # fmt: skip
        columns = ResultColumns(
            *keys, np.array(grid), np.array([self.chance.randrange(4) for _ in rows], np.uint8),
            np.array([self.chance.choice([-1, 0, self.chance.randrange(1, 2**31)]) for _ in rows]),
        )  # fmt: skip
        for tenant_key in set(keys[0].tolist()):
            mine = columns.take(np.flatnonzero(columns.tenant_key == tenant_key))
            first, self.sequence = self.sequence + 1, self.sequence + len(mine)
            place = AgentPosition(tenant_key, "a", "g", Lane.LIVE, self.sequence)
            commit = await self.store.commit([Delivery(first, place, results=mine)])
            for row, check_key in enumerate(mine.check_key.tolist()):
                self.results[check_key].append(
                    (
                        int(mine.time_us[row]),
                        int(mine.status[row]),
                        int(mine.latency_us[row]),
                        commit.received_at_us,
                    )
                )

    async def judge(self, until_us: int) -> None:
        """A few changes that become known together; from the earliest on they replace what was known."""
        tenant_key, check_key = self.chance.choice(self.checks)
        self.known_at_us += 1
        instants = sorted(
            self.chance.sample(range(BEGIN_US // 1000, until_us // 1000), self.chance.randrange(1, 4))
        )
        changes = [
            CheckChange(tenant_key, check_key, at * 1000, Status(self.chance.randrange(4)), self.known_at_us)
            for at in instants
        ]
        self.changes[check_key] += changes
        await self.store.write_judgement(Judgement(0, changes=changes))

    def believed(self, check_key: int) -> list[tuple[int, Status]]:
        """What holds in the end, by replaying all that became known."""
        held: list[CheckChange] = []
        for known_at_us in sorted({change.known_at_us for change in self.changes[check_key]}):
            together = [c for c in self.changes[check_key] if c.known_at_us == known_at_us]
            held = [c for c in held if c.time_us < min(new.time_us for new in together)] + together
        return sorted((c.time_us, c.level) for c in held)

    def expected(self, check_key: int, width_s: int, start_us: int) -> dict[str, object]:
        end_us = start_us + width_s * SECOND
        found = [row for row in self.results[check_key] if start_us <= row[0] < end_us]
        instants: dict[int, tuple[int, int]] = {}
        for time_us, status, latency_us, _ in found:
            measured = (-1 if status == Status.UNKNOWN else status, latency_us)
            instants[time_us] = max(instants.get(time_us, measured), measured)
        statuses = [status for status, _ in instants.values()]
        latencies = [us for status, us in instants.values() if status in (0, 1) and us >= 0]
        spent = dict.fromkeys(Status, 0)
        edges = [(start_us, Status.UNKNOWN), *self.believed(check_key), (end_us, Status.UNKNOWN)]
        for (since_us, level), (until_us, _) in pairwise(edges):
            spent[level] += max(0, min(until_us, end_us) // 1000 - max(since_us, start_us) // 1000)
        counts: dict[int, int] = defaultdict(int)
        for us in latencies:
            counts[bucket_of(us)] += 1
        return {
            "healthy": statuses.count(0), "degraded": statuses.count(1), "unhealthy": statuses.count(2),
            "unknown": statuses.count(-1), "latency_count": len(latencies), "latency_sum_us": sum(latencies),
            "latency_max_us": max(latencies, default=None), "histogram": dict(counts),
            "milliseconds": [spent[status] for status in Status],
            "known_at_us": max((row[3] for row in found), default=0),
        }  # fmt: skip


def as_said(rollup: Rollup) -> dict[str, object]:
    milliseconds = [rollup.healthy_ms, rollup.degraded_ms, rollup.unhealthy_ms, rollup.unknown_ms]
    assert sum(milliseconds) == rollup.width_s * 1_000
    names = (
        "healthy",
        "degraded",
        "unhealthy",
        "unknown",
        "latency_count",
        "latency_sum_us",
        "latency_max_us",
    )
    return {
        **{name: getattr(rollup, name) for name in names},
        "histogram": decode_counts(rollup.histogram),
        "milliseconds": milliseconds,
        "known_at_us": rollup.known_at_us,
    }


async def engine_over_crashes(store: Store, now_us: int, chance: random.Random, crashes: int) -> None:
    """Catch up, falling over at one call after the other; each time a new engine takes up what is stored."""
    for left in range(crashes, -1, -1):
        faulty = FailingStore(store, afterwards=chance.random() < 0.5)
        engine = RollupEngine(cast(Store, faulty), lambda: now_us)
        await engine._load()
        if left:
            call = chance.randrange(1, 40)
            faulty.fail(call, call)
        try:
            await engine.catch_up()
        except StoreUnavailable:
            continue


def touched(world: World, tenant_checks: Iterable[int], start_us: int, width_s: int) -> bool:
    end_us = start_us + width_s * SECOND
    return any(start_us <= row[0] < end_us for check in tenant_checks for row in world.results[check])


@pytest.mark.parametrize("seed", range(2))
async def test_rollups_equal_a_count_of_everything(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_SPANS_AT_ONCE", 7)
    world = World(store, random.Random(seed))
    await world.begin()
    for step in range(1, STEPS + 1):
        now_us = BEGIN_US + SPAN_US * step // STEPS
        await world.commit(now_us)
        await world.judge(now_us)
        await engine_over_crashes(store, now_us, world.chance, crashes=3)
    compared = 0
    for width_s in WIDTHS:
        for tenant_key, check_key in world.checks:
            siblings = [check for tenant, check in world.checks if tenant == tenant_key]
            kept = {
                (rollup.check_key, rollup.start_us): rollup
                for rollup in await store.rollups(tenant_key, width_s, 0, 2**62)
            }
            for start_us in range(BEGIN_US, now_us - width_s * SECOND - GRACE_US, width_s * SECOND):
                if not touched(world, siblings, start_us, width_s):
                    continue
                wanted = world.expected(check_key, width_s, start_us)
                found = kept.get((check_key, start_us))
                if found is None:
                    spent = cast(list[int], wanted["milliseconds"])
                    assert (wanted["known_at_us"], spent[Status.UNKNOWN]) == (0, width_s * 1_000)
                else:
                    assert as_said(found) == wanted
                    compared += 1
    assert compared > 50


async def one_check(store: Store) -> tuple[int, int]:
    tenant = await store.create_tenant("acme", "Acme", "basic")
    definition = CheckDefinition("web", "http_endpoint", 60_000, 10_000)
    (check,) = await store.register_checks(tenant.tenant_key, "a", [(definition, True)], complete=True)
    return tenant.tenant_key, check.check_key


async def known(store: Store, place: tuple[int, int], time_us: int, level: Status, known_at_us: int) -> None:
    await store.write_judgement(Judgement(0, changes=[CheckChange(*place, time_us, level, known_at_us)]))


async def test_what_became_known_late_reaches_the_rollups_after_a_restart(store: Store) -> None:
    """By the cursor of changes alone: no result came, and whoever had read of it died before it wrote."""
    place = await one_check(store)
    now_us = BEGIN_US + 30 * 3_600 * SECOND
    await known(store, place, BEGIN_US, Status.HEALTHY, 1)
    first = RollupEngine(store, lambda: now_us)
    await first._load()
    await first.catch_up()
    changed_us = BEGIN_US + 5_400 * SECOND
    await known(store, place, changed_us, Status.UNHEALTHY, 2)
    await known(store, place, changed_us + 60 * SECOND, Status.HEALTHY, 3)
    assert await first.unfinished_since_us() == changed_us, "read, and not made: here it dies"

    second = RollupEngine(store, lambda: now_us)
    await second._load()
    await second.catch_up()
    for width_s in WIDTHS:
        rollups = await store.rollups(place[0], width_s, BEGIN_US, BEGIN_US + DAY_US)
        assert [each.unhealthy_ms for each in rollups if each.unhealthy_ms] == [60_000], width_s
        assert {sum((r.healthy_ms, r.unhealthy_ms)) for r in rollups} == {width_s * 1000}
    now_us += 2 * BUCKET_S * SECOND  # what was open then is over
    await second.catch_up()
    assert (await store.rollup_state()).changes_until_us == 3
    third = RollupEngine(store, lambda: now_us)
    assert {span.width_s for span in await third.unfinished()} == {3_600, 86_400}, "the hour and day it is in"


async def test_after_a_restart_what_was_made_of_deleted_results_stays(store: Store) -> None:
    """And what came before the line from which on nothing is taken, and is not deleted yet, is still made."""
    place = await one_check(store)
    noon_us, now_us = BEGIN_US + 12 * 3_600 * SECOND, BEGIN_US + 2 * DAY_US
    columns = ResultColumns(
        np.full(2, place[0]), np.full(2, place[1]), np.array([noon_us, noon_us + DAY_US]),
        np.zeros(2, np.uint8), np.array([5, 5]),
    )  # fmt: skip
    await store.commit([Delivery(1, AgentPosition(place[0], "a", "g", Lane.LIVE, 2), results=columns)])
    await known(store, place, BEGIN_US, Status.HEALTHY, 1)
    first = RollupEngine(store, lambda: now_us)
    await first._load()
    await first.catch_up()
    before = await store.rollups(place[0], BUCKET_S, noon_us, noon_us + 1)
    await store.retain(Retention(BEGIN_US + DAY_US, 0))
    await store.keep_raw_since(BEGIN_US + 2 * DAY_US)

    await known(store, place, noon_us, Status.UNHEALTHY, 2)
    second = RollupEngine(store, lambda: now_us)
    await second._load()
    await second.catch_up()
    assert await store.rollups(place[0], BUCKET_S, noon_us, noon_us + 1) == before
    (made,) = await store.rollups(place[0], BUCKET_S, noon_us + DAY_US, noon_us + DAY_US + 1)
    assert (before[0].healthy, made.healthy, made.unhealthy_ms) == (1, 1, BUCKET_S * 1000)
