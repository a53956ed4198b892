"""Counted requests out of the store give the numbers of all readings: by sums, by looks, late or not."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.loading import load
from tenantwatch_collector.reports.opened import Touches, open_facts
from tenantwatch_collector.sla import Evaluation, Period, report
from tenantwatch_collector.sla.facts import Facts
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.requests import Reading, requests_between
from tenantwatch_collector.store.base import (
    AgentPosition,
    CheckChange,
    Delivery,
    Judgement,
    ResultColumns,
    Store,
    StoredCheck,
    Tenant,
)
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire.columns import MetricColumns
from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tests.collector.reports.test_loading import START_US, TODAY_US, roll_up

PERIOD = Period(START_US, TODAY_US)
GAP_US = 900 * UNITS
SLICES = '{"tier": "enterprise", "slices": {"slice_s": 300, "bad_above_pct": "2", "min_requests": 5}}'


@dataclass
class Shop:
    """A tenant with a check that counts its requests; one that is informational counts as well, in vain."""

    store: Store
    tenant: Tenant
    checks: Sequence[StoredCheck]
    sent: list[Reading] = field(default_factory=list)
    sequence: int = 0

    async def arrive(self, looks: Sequence[tuple[int, int, int]]) -> int:
        """Both checks bring these looks (time, requests_total, errors_total)."""
        count = len(looks)
        deliveries = []
        for check in self.checks:
            columns = ResultColumns(
                np.full(count, check.tenant_key, np.int64),
                np.full(count, check.check_key, np.int64),
                np.array([at for at, _, _ in looks], np.int64),
                np.zeros(count, np.uint8),
                np.full(count, 20_000, np.int64),
                {},
                MetricColumns(
                    np.repeat(np.arange(count, dtype=np.uint32), 2),
                    np.tile(np.array([0, 1], np.uint32), count),
                    np.array([float(value) for _, *both in looks for value in both]),
                    ("requests_total", "errors_total"),
                ),
            )
            first, self.sequence = self.sequence + 1, self.sequence + count
            last = AgentPosition(check.tenant_key, "a", "g", Lane.LIVE, self.sequence)
            deliveries.append(Delivery(first, last, results=columns))
        commit = await self.store.commit(deliveries)
        received = commit.received_at_us
        self.sent += [Reading(at, total, errors, received) for at, total, errors in looks]
        key = self.tenant.tenant_key
        changes = [
            CheckChange(key, check.check_key, START_US, Status.HEALTHY, received) for check in self.checks
        ]
        await self.store.write_judgement(Judgement(cursor=0, changes=changes))
        return received

    async def judged(self, as_of_us: int, period: Period = PERIOD) -> tuple[Evaluation, Evaluation]:
        """By what the store holds, and by all readings."""
        pieces = [(period.start, period.end)]
        key = self.tenant.tenant_key
        opened = await open_facts(self.store, Touches(self.store), [key], pieces, as_of_us)
        loaded = await load(opened, self.tenant, period, as_of_us)
        found = judge(loaded.versions, loaded.facts, period, as_of_us, (), loaded.laid_out)
        known = [each for each in self.sent if each.received_at <= as_of_us]
        facts = Facts(
            loaded.facts.changes,
            loaded.facts.measured,
            loaded.facts.maintenance,
            requests_between(known, GAP_US),
            loaded.facts.rollups,
        )
        return found.whole, judge(loaded.versions, facts, period, as_of_us).whole


@pytest.fixture(params=["whole", "by_look"])
async def shop(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    store = await open_store(tmp_path / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "enterprise")
    if request.param == "by_look":
        await store.add_contract(tenant.tenant_key, 0, "ann", "slices", SLICES)
    definitions = [
        (CheckDefinition("api", "http_endpoint", 120_000, 10_000), True),
        (CheckDefinition("host", "host_resources", 120_000, 10_000), True),
    ]
    checks = await store.register_checks(tenant.tenant_key, "a", definitions, complete=True)
    yield Shop(store, tenant, checks)
    await store.close()


def looks(seed: int) -> list[tuple[int, int, int]]:
    """Four days, every two minutes; the service begins again now and then, and looks fail."""
    chance, total, errors, found = random.Random(seed), 0, 0, []
    for at in range(START_US + 17 * UNITS, TODAY_US, 120 * UNITS):
        if chance.random() < 0.01:
            total = errors = 0
        total += chance.randrange(20)
        errors += chance.random() < 0.1
        if chance.random() < 0.9:
            found.append((at, total, errors))
    return found


def same(both: tuple[Evaluation, Evaluation]) -> Evaluation:
    found, expected = both
    assert report(found) == report(expected)
    assert found == expected
    return found


async def test_the_error_rate_is_that_of_the_requests(shop: Shop) -> None:
    received = await shop.arrive(looks(1))
    found = same(await shop.judged(received))
    assert found.traffic.total > 20_000
    assert 0 < found.traffic.errors < found.traffic.total
    await roll_up(shop.store)
    again = same(await shop.judged(received))
    assert report(again) == report(found)
    odd = Period(START_US + 1001 * UNITS, TODAY_US - 5003 * UNITS)
    same(await shop.judged(received, odd))
    if again.slices is not None:
        assert 0 < again.slices.bad < again.slices.total


async def test_late_looks_count_from_then_on_alone(shop: Shop) -> None:
    """Looks around the borders of quarters come late: the difference of the next quarter changes too."""
    every, chance = looks(2), random.Random(2)
    late = [each for each in every if each[0] // UNITS % 900 > 780 and chance.random() < 0.3]
    first = await shop.arrive([each for each in every if each not in set(late)])
    await roll_up(shop.store)
    before = same(await shop.judged(first))
    second = await shop.arrive(late)
    dirty = same(await shop.judged(second))
    await roll_up(shop.store)
    assert report(same(await shop.judged(second))) == report(dirty)
    assert report(same(await shop.judged(first))) == report(before)


async def test_requests_outlive_raw_results(shop: Shop) -> None:
    received = await shop.arrive(looks(3))
    await roll_up(shop.store)
    before = same(await shop.judged(received))
    await shop.store.keep_raw_since(TODAY_US)
    found, _ = await shop.judged(received)
    assert (found.traffic.errors, found.slices) == (before.traffic.errors, before.slices)
