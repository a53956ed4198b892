"""A check that exists nowhere but at the collector: given, changed, taken back, and kept over a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.http_target import HttpTarget
from tests.system.ground import TENANT, ground
from tests.system.harness import Caller

pytestmark = pytest.mark.system
ALLOWED = '[assignment]\nenabled = true\nhosts = ["localhost"]'
PATH = f"/checks/{TENANT}/far"


def far(url: str, **more: object) -> dict[str, Any]:
    return {
        "check": {"kind": "http_endpoint", "url": url, "interval_seconds": 0.1, "timeout_seconds": 5, **more}
    }


async def agent_is(caller: Caller, agent_id: str, **wanted: Any) -> Any:
    """What the API says of the agent, once it says that."""
    async with asyncio.timeout(90):
        while True:
            for told in (await caller.get(f"/agents/{TENANT}"))["agents"]:
                if told["agent_id"] == agent_id and wanted.items() <= told.items():
                    return told


async def test_checks_come_from_the_collector_and_outlive_it(tmp_path: Path) -> None:
    async with (
        HttpTarget() as web,
        ground(tmp_path) as here,
        here.caller(here.admin_token) as admin,
        here.agent([], extra=ALLOWED) as agent,
    ):
        await agent.start()
        put = await admin.send("PUT", PATH, far(f"{web.url}/one"), 200, new=True)
        await web.wait_each(["/one"], 200)
        await admin.wait_checks(TENANT, {"far": "healthy"})
        await agent_is(admin, "web-1", applied_version=put["version"], connected=True)
        # Changed into what the agent does not take, then into something else.
        wrong = await admin.send("PUT", PATH, far(f"{web.url}/one", ca_file="/etc/ca.pem"), 200)
        told = await agent_is(admin, "web-1", refused_version=wrong["version"])
        assert told["applied_version"] == put["version"]
        assert [one["check_id"] for one in told["refusals"]] == ["far"]
        assert "ca_file names something of this machine" in told["refusals"][0]["reason"]
        await admin.send("PUT", PATH, far(f"{web.url}/two"), 200)
        await web.wait_each(["/two"], 200)
        # The collector is gone; a new start of the agent goes on with what it was given last.
        await here.collector.kill()
        await agent.kill()
        web.answered.clear()
        await agent.start()
        await web.wait_each(["/two"], 200)
        await here.collector.start()
        left = await admin.send("DELETE", PATH, None, 200)
        await agent_is(admin, "web-1", applied_version=left["version"])
        assert (await agent.status())["configuration"]["checks"] == 0
        await agent.terminate()


async def test_an_agent_that_allows_nothing_says_so(tmp_path: Path) -> None:
    async with ground(tmp_path) as here, here.caller(here.admin_token) as admin, here.agent([]) as agent:
        await admin.send("PUT", PATH, far("http://127.0.0.1:1/"), 200, new=True)
        await agent.start()
        told = await agent_is(admin, "web-1", refused_version=1)
        assert told["applied_version"] is None
        assert "[assignment] enabled = true allows it" in told["refusals"][0]["reason"]
        await agent.terminate()
