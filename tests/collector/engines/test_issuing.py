"""Reports are issued once they are final, whether anybody asks or not, and revised when facts change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.engines.issuing import IssuingEngine
from tenantwatch_collector.engines.rollups import RollupEngine
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.issuing import Asked
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.reports.signing import load_signer
from tenantwatch_collector.sla.periods import FINAL_AFTER_SECONDS, calendar_period
from tenantwatch_collector.store.base import (
    PLATFORM_KEY,
    AgentPosition,
    CorrectionRecord,
    Delivery,
    Gap,
    IssuedReport,
)
from tenantwatch_collector.store.opening import open_store
from tenantwatch_collector.store.sql.store import SqlStore
from tenantwatch_collector.vitals import Vitals
from tenantwatch_wire.records import Lane, Status

from tests.collector.reports.test_loading import HTTP, Life

HOUR_US = 3600 * UNITS
NOW_US = time.time_ns() // 1000
IN_MONTH = datetime.fromtimestamp(NOW_US / UNITS, UTC).date() - timedelta(days=40)
"""So its month has been over for more than a week, whatever day it is."""
MONTH = calendar_period("monthly", IN_MONTH, UTC).in_units(UNITS)
LABEL = f"{IN_MONTH.year}-{IN_MONTH.month:02}"
EVENING_US = MONTH.end - 12 * HOUR_US
"""Of the month's last day: all that happens in it."""
FINAL_US = MONTH.end + FINAL_AFTER_SECONDS * UNITS
Row = tuple[int, Status, int]


def looks(from_us: int, count: int, status: Status = Status.HEALTHY) -> list[Row]:
    return [(from_us + n * 300 * UNITS, status, 80_000) for n in range(count)]


@dataclass
class Desk:
    """A tenant's life, and an engine that issues, by a clock of ours."""

    life: Life
    folder: Path
    now_us: int = 0
    judged: int = 0

    def engine(self) -> IssuingEngine:
        desk = self

        class Counted(Reports):
            async def subject(self, *args: Any, **more: Any) -> Any:
                desk.judged += 1
                return await super().subject(*args, **more)

        async def settled(instant_us: int) -> None:
            """All that these tests send is judged when it has arrived."""

        self.vitals = Vitals()
        reports = Counted(self.life.store, load_signer(self.folder / "key.pem"))
        clock = lambda: self.now_us or time.time_ns() // 1000  # noqa: E731
        return IssuingEngine(self.life.store, reports, settled, self.vitals, 25, clock)

    async def issued(self, tenant_key: int | None = None, kind: str = "monthly") -> list[IssuedReport]:
        key = self.life.tenant.tenant_key if tenant_key is None else tenant_key
        return [each for each in await self.life.store.issued_to(key) if each.period_type == kind]

    async def said(self, tenant_key: int | None = None) -> list[tuple[str, str, int]]:
        found = await self.issued(tenant_key)
        return sorted((each.label, each.stage, each.revision) for each in found)

    async def created_at(self, time_us: int) -> None:
        assert isinstance(self.life.store, SqlStore)
        async with self.life.store._db.transaction() as tx:
            await tx.execute("UPDATE tenant SET created_at_us = ?", (time_us,))
        self.life.tenant = replace(self.life.tenant, created_at_us=time_us)

    async def roll_up(self) -> None:
        """As a while after the month's end."""
        engine = RollupEngine(self.life.store, lambda: MONTH.end + 2 * HOUR_US)
        await engine._load()
        await engine.catch_up()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = await open_store(tmp_path / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "enterprise")
    await store.agent_arrived(tenant.tenant_key, "a", "g", "1", "h", "d")
    (check,) = await store.register_checks(tenant.tenant_key, "a", [(HTTP, True)], complete=True)
    made = Desk(Life(store, tenant, check), tmp_path)
    await made.created_at(MONTH.start)
    yield made
    await store.close()


async def test_a_month_waits_for_an_agents_backlog_though_what_is_live_came_first(desk: Desk) -> None:
    key = desk.life.tenant.tenant_key
    await desk.life.store.agent_arrived(key, "a", "g", "1", "h", "d", backlog_until=5)
    engine = desk.engine()
    await desk.life.arrive([*looks(MONTH.start, 12), *looks(MONTH.end, 1)])
    desk.now_us = time.time_ns() // 1000 + HOUR_US
    await engine.catch_up()
    assert await desk.said() == []
    for sequence in (4, 5):
        lost = Gap(MONTH.start, MONTH.start + 1, "the spool was full")
        place = AgentPosition(key, "a", "g", Lane.BACKLOG, sequence)
        await desk.life.store.commit([Delivery(sequence, place, gap=lost)])
        desk.now_us += HOUR_US
        await engine.catch_up()
        assert await desk.said() == ([] if sequence == 4 else [(LABEL, "final", 0)])


async def test_a_month_is_issued_once_it_is_final_and_looked_at_no_more(desk: Desk) -> None:
    engine = desk.engine()
    await desk.life.arrive(looks(MONTH.start, 12))
    desk.now_us = FINAL_US - 1
    await engine.catch_up()
    assert await desk.said() == []
    assert desk.vitals.registry.get_sample_value("tenantwatch_reports_waiting") == 0
    # The agent has not sent what it saw up to the end: it is waited for, and named.
    desk.now_us = FINAL_US
    await engine.catch_up()
    assert await desk.said() == []
    assert desk.vitals.registry.get_sample_value("tenantwatch_reports_waiting") == 1
    await desk.life.arrive(looks(MONTH.end, 1))
    desk.now_us = time.time_ns() // 1000 + HOUR_US
    await engine.catch_up()
    final = [(LABEL, "final", 0)]
    assert (await desk.said(), await desk.said(PLATFORM_KEY)) == (final, final)
    assert desk.vitals.registry.get_sample_value("tenantwatch_reports_waiting") == 0
    # Once more, for what was received since it waited, and then never again.
    desk.now_us += HOUR_US
    await engine.catch_up()
    judged = desk.judged
    for _ in range(3):
        desk.now_us += HOUR_US
        await engine.catch_up()
    assert (await desk.said(), await desk.said(PLATFORM_KEY)) == (final, final)
    assert desk.judged == judged


async def test_what_became_due_while_nobody_was_there_is_made_up_for(desk: Desk) -> None:
    """Two months before, too; not the one that runs, and none from before the tenant."""
    first = MONTH.start - 40 * 24 * HOUR_US
    await desk.created_at(first)
    await desk.life.arrive([*looks(first, 3), *looks(MONTH.start, 3), *looks(NOW_US - HOUR_US, 3)])
    before = months(first)
    await desk.engine().catch_up()
    labels = [label for label, stage, _ in await desk.said() if stage == "final"]
    assert labels == [label for label, *_ in await desk.said()]
    assert labels in (before, months(first))
    assert [label for label, *_ in await desk.said(PLATFORM_KEY)] == labels
    for kind in ("quarterly", "yearly"):
        for each in await desk.issued(kind=kind):
            assert each.stage == "final"


def months(since_us: int) -> list[str]:
    """Those that are over for 72 hours, by their labels."""
    day, found = datetime.fromtimestamp(since_us / UNITS, UTC).date(), list[str]()
    while (end := calendar_period("monthly", day, UTC).end) + FINAL_AFTER_SECONDS <= time.time():
        found.append(f"{day.year}-{day.month:02}")
        day = datetime.fromtimestamp(end, UTC).date()
    return found


async def test_two_that_issue_at_the_same_time_issue_once(desk: Desk) -> None:
    """As when a lease runs out under a collector that goes on."""
    await desk.life.arrive([*looks(MONTH.start, 12), *looks(MONTH.end, 1)])
    await asyncio.gather(*(desk.engine().catch_up() for _ in range(3)))
    assert (LABEL, "final", 0) in await desk.said()
    for key in (desk.life.tenant.tenant_key, PLATFORM_KEY):
        issues = [(each.label, each.sequence) for each in await desk.issued(key)]
        assert len(set(issues)) == len(issues)
        assert {sequence for _, sequence in issues} == {1}


async def approve(desk: Desk, low_us: int, high_us: int) -> None:
    store, key = desk.life.store, desk.life.tenant.tenant_key
    kept = await store.add_correction(CorrectionRecord(key, 0, low_us, high_us, "up", "probe", "ann", 0))
    assert await store.approve_correction(key, kept.number, "bob") is not None


async def full(desk: Desk) -> None:
    """A few hours of the month, rolled up, with half an hour of it down; and something of the next."""
    down = looks(EVENING_US + 2 * HOUR_US, 6, Status.UNHEALTHY)
    up = [*looks(EVENING_US, 24), *looks(EVENING_US + 2 * HOUR_US + 1800 * UNITS, 12)]
    await desk.life.arrive([*up, *down, *looks(MONTH.end, 3)])
    await desk.roll_up()


async def revised(desk: Desk) -> Sequence[str]:
    """The reasons of the month's revisions, after the next pass of an engine that knows the report."""
    issues = [each for each in await desk.issued() if each.label == LABEL]
    of_all = [each for each in await desk.issued(PLATFORM_KEY) if each.label == LABEL]
    assert [each.reason for each in of_all] == [each.reason for each in issues]
    return [each.reason for each in issues if each.stage == "revised"]


async def test_an_approved_correction_revises_by_itself(desk: Desk) -> None:
    await full(desk)
    engine = desk.engine()
    await engine.catch_up()
    assert await revised(desk) == []
    await approve(desk, EVENING_US + 2 * HOUR_US, EVENING_US + 3 * HOUR_US)
    # Facts are heeded a second after they became known: whoever is still writing them is done then.
    desk.now_us = time.time_ns() // 1000 + HOUR_US
    await engine.catch_up()
    assert await revised(desk) == ["corrections were approved"]
    await engine.catch_up()
    assert await revised(desk) == ["corrections were approved"]


async def ask_for_the_evening(desk: Desk) -> None:
    """The report of the month's last day, of the tenant and of the platform, as somebody asks for it."""
    reports = Reports(desk.life.store, load_signer(desk.folder / "key.pem"))
    day = datetime.fromtimestamp(EVENING_US / UNITS, UTC).date()
    asked = Asked("daily", day, 1, time.time_ns() // 1000, True)
    assert (await reports.tenant_report(desk.life.tenant, asked))["stage"] == "final"
    assert (await reports.platform_report([desk.life.tenant], asked))["stage"] == "final"


async def test_a_day_that_somebody_asked_for_is_revised_by_itself_too(desk: Desk) -> None:
    await full(desk)
    await ask_for_the_evening(desk)
    engine = desk.engine()
    await engine.catch_up()
    await approve(desk, EVENING_US + 2 * HOUR_US, EVENING_US + 3 * HOUR_US)
    desk.now_us = time.time_ns() // 1000 + HOUR_US
    await engine.catch_up()
    for key in (None, PLATFORM_KEY):
        issues = sorted(await desk.issued(key, "daily"), key=lambda each: each.sequence)
        assert [(each.stage, each.reason) for each in issues] == [
            ("final", ""),
            ("revised", "corrections were approved"),
        ]


async def test_late_results_revise_by_themselves_even_after_a_restart(desk: Desk) -> None:
    await full(desk)
    await desk.engine().catch_up()
    await desk.life.arrive(looks(EVENING_US + 5 * HOUR_US, 6))
    await desk.roll_up()
    engine = desk.engine()
    await engine.start()
    await engine.stop()
    desk.now_us = time.time_ns() // 1000 + HOUR_US
    await engine.catch_up()
    assert await revised(desk) == ["results arrived late"]
    judged = desk.judged
    desk.now_us += HOUR_US
    await engine.catch_up()
    assert desk.judged == judged


async def test_several_reasons_are_all_told(desk: Desk) -> None:
    await full(desk)
    engine = desk.engine()
    await engine.catch_up()
    await approve(desk, EVENING_US + 2 * HOUR_US, EVENING_US + 3 * HOUR_US)
    await desk.life.arrive(looks(EVENING_US + 5 * HOUR_US, 6))
    await desk.roll_up()
    desk.now_us = time.time_ns() // 1000 + HOUR_US
    await engine.catch_up()
    assert await revised(desk) == ["corrections were approved and results arrived late"]


async def test_what_was_filled_in_from_before_a_tenant_is_issued_as_well(desk: Desk) -> None:
    """It was created now, and brought the results of a month ago."""
    await desk.created_at(NOW_US)
    await desk.life.arrive([*looks(EVENING_US, 12)])
    await desk.roll_up()
    engine = desk.engine()
    desk.now_us = time.time_ns() // 1000 + HOUR_US
    await engine.catch_up()
    assert await desk.said() == []
    await desk.life.arrive(looks(MONTH.end, 1))
    desk.now_us += HOUR_US
    await engine.catch_up()
    assert await desk.said() == [(LABEL, "final", 0)]


async def test_there_is_no_report_of_time_before_the_contract(desk: Desk) -> None:
    begins = datetime.fromtimestamp(MONTH.end / UNITS, UTC).isoformat()
    store, key = desk.life.store, desk.life.tenant.tenant_key
    await store.add_contract(key, 0, "ann", "x", f'{{"tier": "basic", "effective_from": "{begins}"}}')
    await desk.life.arrive([*looks(EVENING_US, 3), *looks(MONTH.end, 3)])
    await desk.engine().catch_up()
    assert LABEL not in [label for label, *_ in await desk.said()]


async def test_one_tenants_broken_facts_keep_no_other_from_its_report(desk: Desk) -> None:
    broken = await desk.life.store.create_tenant("aaa", "Broken", "basic")
    await desk.created_at(MONTH.start)
    await desk.life.store.add_contract(broken.tenant_key, 1, "ann", "by hand", '{"tier": "gold"}')
    await desk.life.arrive([*looks(MONTH.start, 12), *looks(MONTH.end, 1)])
    await desk.engine().catch_up()
    assert await desk.said() == [(LABEL, "final", 0)]
    assert await desk.said(broken.tenant_key) == []


def test_the_month_is_over() -> None:
    assert FINAL_US + 24 * HOUR_US < NOW_US
    assert date.fromisoformat(f"{LABEL}-01") <= IN_MONTH
