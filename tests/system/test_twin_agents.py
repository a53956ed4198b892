"""Two agents that call themselves the same: each is told, and so is whoever reads the collector's log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.system.ground import TENANT, ground
from tests.system.harness import Agent, Caller

pytestmark = pytest.mark.system
HOST = {"id": "host", "kind": "host_resources", "interval_seconds": 1}


async def connected(caller: Caller) -> None:
    async with asyncio.timeout(90):
        while not (await caller.get(f"/agents/{TENANT}"))["agents"]:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)


async def warned(agent: Agent) -> str:
    """What ``status`` warns of, once it does."""
    async with asyncio.timeout(90):
        while not (warning := (await agent.status())["stream"]["warning"]):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)
    return str(warning)


async def test_the_one_that_was_there_first_is_told_of_the_other(tmp_path: Path) -> None:
    async with ground(tmp_path) as here:
        address, token = here.collector.grpc_address, here.agent_token
        twins = [Agent(tmp_path / name, "web-1", address, token, [HOST]) for name in ("one", "two")]
        async with twins[0] as one, twins[1] as two:
            await one.start()
            async with here.caller(here.admin_token) as admin:
                await connected(admin)
            await two.start()
            warning = await warned(one)
            assert "another agent that calls itself 'web-1'" in warning
            assert "agent_id of its own" in warning
        assert warning in one.log_text()
        assert f"agent web-1 of tenant {TENANT} is here a second time" in here.collector.log_text()
