"""An agent whose check moves, becomes another, stops and comes back: what was reported of the past stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.http_target import HttpTarget
from tests.system.ground import TENANT, Ground, ground, http_check
from tests.system.kept import read_rows
from tests.system.worked_cases import CASES, DAY, YESTERDAY, deliver

pytestmark = pytest.mark.system
PAST = YESTERDAY - 4 * DAY
"""A day that is over for good."""
ASKED = f"period=daily&date={datetime.fromtimestamp(PAST, UTC):%Y-%m-%d}"
VERSIONS = (
    "SELECT v.member, v.group_id, v.confirm_failures FROM check_version v"
    " JOIN check_definition USING (check_key) WHERE check_id = 'http' ORDER BY v.known_at_us"
)


async def versions(here: Ground, count: int) -> list[tuple[int | str, ...]]:
    """What the collector knows the check to have been, once there are so many."""
    async with asyncio.timeout(90):
        while True:
            found = read_rows(here.collector.database, VERSIONS)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


async def test_what_was_reported_of_a_check_stays_whatever_it_becomes(tmp_path: Path) -> None:
    async with HttpTarget() as web, ground(tmp_path) as here, here.caller(here.admin_token) as admin:
        case = CASES["A02"]
        await deliver(here, here.agent_token, case["input"], PAST - case["expected"]["period"]["start"])
        report = await admin.get(f"/reports/sla?tenant_id={TENANT}&{ASKED}")
        assert (report["stage"], report["tenants"][0]["report"]["downtime_s"]) == ("final", 900)
        async with here.agent([http_check("other", f"{web.url}/other", 1)], agent_id="a") as agent:
            await agent.start()
            stopped = await versions(here, 2)
            agent.reload([http_check("http", f"{web.url}/one", 1, group="else", confirm_failures=9)])
            await versions(here, 3)
            agent.reload(
                [{"id": "http", "kind": "host_resources", "interval_seconds": 5, "group": "machines"}]
            )
            found = await versions(here, 4)
            await agent.terminate()
        assert stopped == [(1, "http_endpoint", 3), (0, "http_endpoint", 3)]
        assert found[2:] == [(1, "else", 9), (1, "machines", 3)]
        assert await admin.get(f"/reports/sla?tenant_id={TENANT}&{ASKED}") == report
        told = await admin.get(f"/sla/{TENANT}?{ASKED}")
        figures = told["detail"]["report"] | {"burn": None}
        assert figures == report["tenants"][0]["report"] | {"burn": None}
        export = await admin.text(f"/sla/{TENANT}/export?{ASKED}")
        said = await here.collector.verify(tmp_path, report, export)
    assert f"{TENANT}: the exported facts give every number of the report" in said
    assert "give other changes" not in said
