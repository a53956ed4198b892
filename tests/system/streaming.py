"""What both kill trials share: many fast checks of one target, and the comparison at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tenantwatch_wire.records import Status

from tests.fakes.http_target import HttpTarget
from tests.system.ground import http_check
from tests.system.harness import Agent, Check
from tests.system.kept import Kept

KILLS = 20
PATHS = [f"/{number}" for number in range(8)]


def check_id(path: str) -> str:
    return f"web-{path.removeprefix('/')}"


def checks_of(web: HttpTarget) -> list[Check]:
    """One check a path, ten times a second each."""
    return [http_check(check_id(path), f"{web.url}{path}") for path in PATHS]


async def finish(agent: Agent, web: HttpTarget) -> None:
    """End the agent such that the target's count of 200s is exactly the agent's count of healthy results.

    A check does not overlap with itself: once it was answered 500, every 200 before has become a result.
    """
    web.switch(500)
    await web.wait_each(PATHS, 500)
    # An agent that has no collector just then would end at once and keep the rest for its next start.
    async with asyncio.timeout(90):
        while (await agent.status())["stream"]["connected_seconds"] is None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)
    await agent.terminate()


def assert_kept(database: Path | str, web: HttpTarget, lost_per_check: int = 0) -> Kept:
    """Compare the collector's table with what the target answered."""
    kept = Kept.by(database)
    kept.assert_exactly_once()
    for path in PATHS:
        healthy, answered = kept.count(check_id(path), Status.HEALTHY), web.answered[path, 200]
        assert answered - lost_per_check <= healthy <= answered, path
        # The last one may have been answered and given up because the agent was told to end. Where the agent
        # stood still for a second it looked at once anew: two answers were one result, which may be unknown.
        failed = sum(kept.count(check_id(path), one) for one in (Status.UNHEALTHY, Status.UNKNOWN))
        refused = web.answered[path, 500]
        assert (refused - 1) / 2 <= failed <= refused, path
    return kept
