"""Groups as terms make them: a quorum of locations gives its worked case's report, by rollups or results."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tenantwatch_collector.engines.rollups import RollupEngine
from tenantwatch_collector.health import CheckResult, measurements, timeline
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.loading import load
from tenantwatch_collector.reports.opened import Touches, open_facts
from tenantwatch_collector.sla import Evaluation, Period, report
from tenantwatch_collector.sla.explain_judged import explain_judged
from tenantwatch_collector.sla.judged import Judged, judge
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
from tenantwatch_wire.records import CheckDefinition, Lane, Status

CASES = json.loads((Path(__file__).parents[1] / "sla" / "cases.json").read_text())["cases"]
CASE = next(case for case in CASES if case["id"] == "A09c")
DAY_US = 86_400 * UNITS
START_US = (time.time_ns() // 1000 // DAY_US - 3) * DAY_US
PERIOD = Period(START_US, START_US + DAY_US)
MOVED_S = START_US // UNITS - CASE["expected"]["period"]["start"]
STALE_US = 700 * UNITS


@dataclass
class Life:
    """A tenant whose three locations sent the case's results."""

    store: Store
    tenant: Tenant
    received_us: int = 0

    async def agree(self, in_force_from_us: int, groups: Mapping[str, Any]) -> None:
        contract = json.dumps({"tier": "enterprise", "groups": groups})
        await self.store.add_contract(self.tenant.tenant_key, in_force_from_us, "ann", "agreed", contract)

    async def arrive(self, checks: list[StoredCheck]) -> None:
        """Commit what the locations saw, and believe of it what an engine would."""
        by_check = {check.definition.check_id: (check.check_key, _results(check)) for check in checks}
        rows = [
            (key, at, status, latency) for key, found in by_check.values() for at, status, latency in found
        ]
        columns = ResultColumns(
            np.full(len(rows), self.tenant.tenant_key, np.int64),
            np.array([key for key, _, _, _ in rows], np.int64),
            np.array([at for _, at, _, _ in rows], np.int64),
            np.array([status for _, _, status, _ in rows], np.uint8),
            np.array([-1 if latency is None else latency for _, _, _, latency in rows], np.int64),
        )
        last = AgentPosition(self.tenant.tenant_key, "a", "g", Lane.LIVE, len(rows))
        received_us = (await self.store.commit([Delivery(1, last, results=columns)])).received_at_us
        changes = []
        for key, found in by_check.values():
            seen = measurements([CheckResult(*each, received_us) for each in found], received_us, 30 * UNITS)
            changes += [
                CheckChange(self.tenant.tenant_key, key, change.time, change.level, received_us)
                for change in timeline(seen, 1, 1, STALE_US, received_us)
            ]
        await self.store.write_judgement(Judgement(cursor=0, changes=changes))
        self.received_us = received_us

    async def judged(self) -> Judged:
        now_us = max(self.received_us, time.time_ns() // 1000)
        key, pieces = self.tenant.tenant_key, [(PERIOD.start, PERIOD.end)]
        opened = await open_facts(self.store, Touches(self.store), [key], pieces, now_us)
        loaded = await load(opened, self.tenant, PERIOD, now_us)
        return judge(loaded.versions, loaded.facts, PERIOD, now_us)

    async def roll_up(self) -> None:
        engine = RollupEngine(self.store, lambda: PERIOD.end + 2 * DAY_US)
        await engine._load()
        await engine.catch_up()


def _results(check: StoredCheck) -> list[tuple[int, Status, int | None]]:
    return [
        ((at + MOVED_S) * UNITS, Status[run["status"].upper()], run.get("latency_us"))
        for run in CASE["input"]["runs"]
        if run["check"] == check.definition.check_id
        for at in range(run["from"], run["to"], run["every"])
    ]


def told(evaluation: Evaluation) -> dict[str, Any]:
    """The report but for burn rates, which are of the instant that is asked about."""
    return {**report(evaluation), "burn": None}


def _expected() -> dict[str, Any]:
    """The case's report at the test's day."""
    expected = CASE["expected"]
    period = {name: at + MOVED_S for name, at in expected["period"].items()}
    incidents = [
        {**each, "start": each["start"] + MOVED_S, "end": each["end"] + MOVED_S}
        for each in expected["incidents"]
    ]
    return {**expected, "period": period, "incidents": incidents, "burn": None}


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    store = await open_store(tmp_path / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "enterprise")
    await store.agent_arrived(tenant.tenant_key, "a", "g", "1", "h", "d")
    definitions = [
        CheckDefinition(
            name, "http_endpoint", 300_000, 70_000, group="edge", confirm_failures=1, confirm_successes=1
        )
        for name in ("eu", "us", "ap")
    ]
    checks = await store.register_checks(
        tenant.tenant_key, "a", [(each, True) for each in definitions], complete=True
    )
    life = Life(store, tenant)
    await life.arrive(list(checks))
    yield life
    await store.close()


async def test_a_quorum_of_locations_gives_the_report_of_the_worked_case(life: Life) -> None:
    # One of them or another is down from one o'clock to four.
    assert report((await life.judged()).whole)["seconds"]["down"] == 3 * 3600
    await life.agree(0, {"edge": {"rule": "quorum"}})
    found = await life.judged()
    assert told(found.whole) == _expected()
    await life.roll_up()
    rolled = await life.judged()
    assert told(rolled.whole) == _expected()
    assert (rolled.whole.basis.buckets, rolled.whole.basis.results) == (1, 0)
    words = "group edge: critical, unhealthy if more than half of its checks are"
    assert words in "\n".join(explain_judged(rolled))


async def test_a_role_that_is_agreed_later_counts_from_then_on(life: Life) -> None:
    """From noon on the locations inform only: nothing of theirs counts any more, and what is over stays."""
    noon_us = START_US + DAY_US // 2
    await life.agree(0, {"edge": {"rule": "quorum"}})
    await life.agree(noon_us, {"edge": {"role": "informational"}})
    by_results = await life.judged()
    morning, afternoon = by_results.parts
    assert (morning.traffic.total, afternoon.traffic.total) == (3 * 144, 0)
    assert report(morning)["seconds"]["down"] == 3600
    assert report(afternoon)["seconds"]["unknown"] == 12 * 3600
    await life.roll_up()
    by_rollups = await life.judged()
    assert [told(part) for part in by_rollups.parts] == [told(part) for part in by_results.parts]
    assert by_rollups.whole.basis.results == 0
    sums = await life.store.rollup_sums([life.tenant.tenant_key], 3600, START_US, PERIOD.end)
    counted = {each.start_us: each.total for each in sums}
    assert (counted[noon_us - 3600 * UNITS], counted[noon_us]) == (36, 0)
    (first, second) = (part.terms.groups for part in by_rollups.parts)
    assert [(group.role, group.rule) for group in (*first, *second)] == [
        ("critical", "quorum"),
        ("informational", "any"),
    ]
