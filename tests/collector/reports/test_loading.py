"""Facts out of the store give the numbers that all raw results give, by rollups or not, now and then."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tenantwatch_collector.engines.rollups import RollupEngine
from tenantwatch_collector.health import Change, CheckResult, differences, measurements, timeline
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.loading import Loaded, cuts_of, load, pieces_of
from tenantwatch_collector.reports.opened import Touches, open_facts
from tenantwatch_collector.sla import Evaluation, Period, known_facts, report
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.terms import TIERS
from tenantwatch_collector.store.base import (
    AgentPosition,
    CheckChange,
    Delivery,
    Judgement,
    ResultColumns,
    RolledUp,
    RollupSpan,
    Store,
    StoredCheck,
    Tenant,
    WindowRecord,
)
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire.records import CheckDefinition, Lane, Status

DAY_US = 86_400 * UNITS
TODAY_US = time.time_ns() // 1000 // DAY_US * DAY_US
START_US = TODAY_US - 4 * DAY_US
HTTP = CheckDefinition("http", "http_endpoint", 300_000, 70_000)
STALE_US = HTTP.stale_after_ms * 1000


@dataclass
class Life:
    """A tenant with one check whose results are stored as they arrive, and believed as an engine would."""

    store: Store
    tenant: Tenant
    check: StoredCheck
    sent: list[CheckResult] = field(default_factory=list)
    believed: list[Change] = field(default_factory=list)

    async def arrive(self, results: Sequence[tuple[int, Status, int]]) -> int:
        """Commit them; returns when they were received."""
        count = len(results)
        columns = ResultColumns(
            np.full(count, self.tenant.tenant_key, np.int64),
            np.full(count, self.check.check_key, np.int64),
            np.array([at for at, _, _ in results], np.int64),
            np.array([status for _, status, _ in results], np.uint8),
            np.array([latency for _, _, latency in results], np.int64),
        )
        first = len(self.sent) + 1
        last = AgentPosition(self.tenant.tenant_key, "a", "g", Lane.LIVE, first + count - 1)
        commit = await self.store.commit([Delivery(first, last, results=columns)])
        received = commit.received_at_us
        self.sent += [CheckResult(at, status, latency, received) for at, status, latency in results]
        now = timeline(measurements(self.sent, received, 30 * UNITS), 3, 2, STALE_US, received)
        changes = [
            CheckChange(self.tenant.tenant_key, self.check.check_key, c.time, c.level, received)
            for c in differences(self.believed, now)
        ]
        self.believed = now
        await self.store.write_judgement(Judgement(cursor=0, changes=changes))
        return received

    async def judged(
        self, as_of_us: int, period: Period | None = None
    ) -> tuple[Evaluation, Evaluation, Loaded]:
        """By what the store holds, and by all raw results on the same terms."""
        period = period or Period(START_US, TODAY_US)
        pieces = [(period.start, min(period.end, as_of_us))]
        opened = await open_facts(self.store, Touches(self.store), [self.tenant.tenant_key], pieces, as_of_us)
        loaded = await load(opened, self.tenant, period, as_of_us)
        found = judge(loaded.versions, loaded.facts, period, as_of_us)
        terms = loaded.versions[-1].terms
        raw = known_facts(terms, {"a/http": self.sent}, as_of_us, loaded.facts.maintenance)
        return found.whole, judge(loaded.versions, raw, period, as_of_us).whole, loaded


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    store = await open_store(tmp_path / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "enterprise")
    await store.agent_arrived(tenant.tenant_key, "a", "g", "1", "h", "d")
    (check,) = await store.register_checks(tenant.tenant_key, "a", [(HTTP, True)], complete=True)
    yield Life(store, tenant, check)
    await store.close()


def days(skip: range = range(0)) -> list[tuple[int, Status, int]]:
    """Four days, every five minutes, with two outages; those whose number is in ``skip`` are left out."""
    found = []
    for number, at in enumerate(range(START_US, TODAY_US, 300 * UNITS)):
        bad = 300 <= number < 306 or 700 <= number < 709
        if number not in skip:
            status = Status.UNHEALTHY if bad else Status.HEALTHY
            found.append((at + 17 * UNITS, status, 80_000 + 37 * number))
    return found


async def roll_up(store: Store) -> None:
    engine = RollupEngine(store, lambda: TODAY_US + 3_600 * UNITS)
    await engine._load()
    await engine.catch_up()


def same(found: Evaluation, expected: Evaluation) -> None:
    assert report(found) == report(expected)
    assert found == expected


async def test_without_rollups_every_result_is_counted(life: Life) -> None:
    received = await life.arrive(days())
    found, expected, _ = await life.judged(received)
    same(found, expected)
    assert (found.traffic.total, len(found.incidents)) == (1152, 2)


async def test_rollups_give_the_same_and_few_are_needed(life: Life) -> None:
    received = await life.arrive(days())
    await roll_up(life.store)
    found, expected, _ = await life.judged(received)
    same(found, expected)
    # The contract begins with the first result, 17 s into a bucket: three days, 23 hours, three quarters.
    assert (found.basis.buckets, found.basis.results) == (29, 3)


async def test_on_another_tier_each_part_keeps_its_policies(life: Life) -> None:
    """Degraded time is up until the new terms and down from then on, whatever tier is asked about."""
    degraded = [(at, Status.DEGRADED, latency) for at, _, latency in days()]
    received = await life.arrive(degraded)
    noon_us = START_US + 2 * DAY_US
    stricter = '{"tier": "basic", "policies": {"degraded": "down"}}'
    await life.store.add_contract(life.tenant.tenant_key, noon_us, "ann", "degraded is down", stricter)
    now, period = max(received, time.time_ns() // 1000), Period(START_US, TODAY_US)
    pieces = [(period.start, period.end)]
    opened = await open_facts(life.store, Touches(life.store), [life.tenant.tenant_key], pieces, now)
    loaded = await load(opened, life.tenant, period, now, "professional")
    first, second = judge(loaded.versions, loaded.facts, period, now).parts
    assert (first.counted.down, second.counted.available) == (0, 0)
    assert [part.terms.targets for part in (first, second)] == [TIERS["professional"]] * 2


async def test_a_window_cuts_only_some_of_them(life: Life) -> None:
    received = await life.arrive(days())
    await roll_up(life.store)
    low, high = START_US + DAY_US + 400 * UNITS, START_US + DAY_US + 5000 * UNITS
    window = WindowRecord(life.tenant.tenant_key, 0, low, high, "", None, "", "ann", 0)
    kept = await life.store.add_window(window)
    now = max(received, kept.announced_at_us)
    found, expected, loaded = await life.judged(now)
    same(found, expected)
    # It was announced after it was over, so it is none.
    assert found.basis.buckets == 29
    assert loaded.windows == []


async def test_an_odd_period_takes_wide_rollups_inside_and_results_at_its_ends(life: Life) -> None:
    received = await life.arrive(days())
    await roll_up(life.store)
    period = Period(START_US + 1000 * UNITS, TODAY_US - 10_000 * UNITS)
    found, expected, _ = await life.judged(received, period)
    same(found, expected)
    assert 0 < found.basis.results < 10
    assert found.basis.buckets < 60


async def test_late_results_touch_only_theirs_and_the_past_stays_what_it_was(life: Life) -> None:
    """An agent was cut off for some hours and sends them later, before the rollups are made anew."""
    missing = range(500, 560)
    first = await life.arrive(days(missing))
    await roll_up(life.store)
    before, expected_before, _ = await life.judged(first)
    same(before, expected_before)
    late = [each for each in days() if each not in set(days(missing))]
    second = await life.arrive(late)
    found, expected, _ = await life.judged(second)
    same(found, expected)
    assert found.traffic.total == 1152
    await roll_up(life.store)
    same(*(await life.judged(second))[:2])
    as_it_was, expected_then, _ = await life.judged(first)
    same(as_it_was, expected_then)
    assert report(as_it_was) == report(before)


async def test_what_is_gone_is_named(life: Life) -> None:
    received = await life.arrive(days())
    await roll_up(life.store)
    await life.store.keep_raw_since(START_US + 2 * DAY_US)
    period = Period(START_US + 1000 * UNITS, TODAY_US)
    found, _, _ = await life.judged(received, period)
    whole: Any = found.basis.left_out
    assert whole == [(START_US + 1000 * UNITS, START_US + 1800 * UNITS)]
    assert sum(found.seconds.values()) == period.end - period.start


async def test_days_of_another_zone_are_counted_in_full(life: Life) -> None:
    """A day's rollup is of UTC: where local days begin elsewhere, narrower ones are taken."""
    received = await life.arrive(days())
    await roll_up(life.store)
    period = Period(START_US + 3_600 * UNITS, TODAY_US - 23 * 3_600 * UNITS)
    steps = [Period(low, low + DAY_US) for low in range(period.start, period.end, DAY_US)]
    key, pieces = life.tenant.tenant_key, [(period.start, period.end)]
    opened = await open_facts(life.store, Touches(life.store), [key], pieces, received)
    loaded = await load(opened, life.tenant, period, received, cuts=cuts_of(steps))
    found = judge(loaded.versions, loaded.facts, period, received, steps)
    assert [point.traffic.total for point in found.trend] == [288, 288, 288]
    assert found.whole.traffic.total == 3 * 288
    assert found.whole.basis.results == 0


async def test_a_trend_of_local_days_adds_up_to_its_period(life: Life) -> None:
    """Sums of UTC days do not fit into days of another zone; hours do."""
    received = await life.arrive(days())
    await roll_up(life.store)
    period = Period(START_US + 5 * 3600 * UNITS, TODAY_US)
    steps = [
        Period(start, min(start + DAY_US, period.end)) for start in range(period.start, period.end, DAY_US)
    ]
    pieces = pieces_of([[(period.start, period.end)]], cuts_of(steps))
    key = life.tenant.tenant_key
    opened = await open_facts(life.store, Touches(life.store), [key], pieces, received)
    loaded = await load(opened, life.tenant, period, received, cuts=cuts_of(steps))
    found = judge(loaded.versions, loaded.facts, period, received, steps, loaded.laid_out)
    assert found.whole.basis.results == 0
    raw = known_facts(loaded.versions[-1].terms, {"a/http": life.sent}, received)
    assert found.trend == judge(loaded.versions, raw, period, received, steps).trend
    assert sum(point.traffic.total for point in found.trend) == found.whole.traffic.total == 1092


async def test_rollups_without_sums_are_as_good(life: Life) -> None:
    """As a store has them from before there were sums, or where a check's place has changed since."""
    received = await life.arrive(days())
    await roll_up(life.store)
    with_sums, _, _ = await life.judged(received)
    for width_s in (900, 3600, 86_400):
        for each in await life.store.rollup_sums([life.tenant.tenant_key], width_s, 0, 2**60):
            span = RollupSpan(each.tenant_key, width_s, each.start_us)
            start = each.start_us
            kept = list(await life.store.rollups(each.tenant_key, width_s, start, start + 1))
            changed = each._replace(members=each.members.replace("t", "n"), total=7)
            await life.store.write_rollups(RolledUp(0, 0, spans=[span], rollups=kept, sums=[changed]))
    found, expected, _ = await life.judged(received)
    same(found, expected)
    assert report(found) == report(with_sums)


async def test_only_http_endpoints_have_response_times(life: Life) -> None:
    """How long a query of a database took is no response time of the service; its failures are errors."""
    database = CheckDefinition("db", "database_connectivity", 300_000, 70_000)
    _, check = await life.store.register_checks(
        life.tenant.tenant_key, "a", [(HTTP, True), (database, True)], complete=True
    )
    await life.arrive(days())
    count = len(life.sent)
    slow = [(at, status, 9_000_000) for at, status, _ in days()]
    columns = ResultColumns(
        np.full(count, life.tenant.tenant_key, np.int64),
        np.full(count, check.check_key, np.int64),
        np.array([at for at, _, _ in slow], np.int64),
        np.array([status for _, status, _ in slow], np.uint8),
        np.array([latency for _, _, latency in slow], np.int64),
    )
    last = AgentPosition(life.tenant.tenant_key, "a", "g", Lane.LIVE, 2 * count)
    received = (await life.store.commit([Delivery(count + 1, last, results=columns)])).received_at_us
    raw, _, _ = await life.judged(received)
    await roll_up(life.store)
    rolled, _, _ = await life.judged(received)
    assert report(raw) == report(rolled)
    assert rolled.traffic.latency.count == count - 15
    assert rolled.traffic.total == 2 * count
    assert (rolled.traffic.latency.max_us or 0) < 9_000_000
