"""The spool keeps within its bounds: the oldest go first, and become a gap."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from tenantwatch_agent.config import SpoolLimits
from tenantwatch_agent.spool import Spool
from tenantwatch_wire.records import Lane

from tests.agent.spool.spools import (
    CHECKS,
    START_US,
    Clock,
    acknowledge,
    numbers,
    opened,
    result,
)


async def test_the_oldest_goes_and_neighbouring_gaps_become_one(tmp_path: Path) -> None:
    async with opened(tmp_path, max_results=10) as spool:
        for n in range(1, 101):
            await spool.append([result(n)])
        assert await numbers(spool) == list(range(91, 101))
        (gap,) = await spool.gaps(Lane.LIVE)
        assert (gap.first_sequence, gap.last_sequence) == (1, 90)
        assert (gap.from_us, gap.to_us) == (START_US + 1, START_US + 90)
        assert spool.dropped == 90
        await acknowledge(spool, 90)
        assert await spool.gaps(Lane.LIVE) == []


async def test_bounds_of_bytes_drop_the_oldest_of_either_lane(tmp_path: Path) -> None:
    clock = Clock()
    async with opened(tmp_path, 10**6, clock, max_megabytes=1) as spool:
        for first in range(0, 4000, 100):
            clock.now += 31
            texts = [replace(result(n), text="x" * 500) for n in range(first, first + 100)]
            await spool.append(texts)
        left = sorted(await numbers(spool) + await numbers(spool, Lane.BACKLOG))
        assert left == list(range(4000 - len(left), 4000))
        assert 500 < len(left) < 2500
        assert spool.bytes <= 1_000_000
        assert spool.dropped == 4000 - len(left)
        gaps = [gap for lane in Lane for gap in await spool.gaps(lane)]
        assert {gap.lane for gap in gaps} == set(Lane)
        assert sum(gap.last_sequence - gap.first_sequence + 1 for gap in gaps) == spool.dropped
        assert {gap.reason for gap in gaps} == {"the spool was full: max_megabytes"}


async def test_bounds_of_age_drop_what_nobody_wants_any_more(tmp_path: Path) -> None:
    now_us = time.time_ns() // 1000
    async with opened(tmp_path, max_age_hours=1.0) as spool:
        old = [replace(result(1), time_us=now_us - n * 60_000_000) for n in (180, 120, 61, 30, 0)]
        await spool.append(old)
        assert [one.sequence for one in await spool.read(Lane.LIVE, 0, 9)] == [4, 5]
        (gap,) = await spool.gaps(Lane.LIVE)
        assert (gap.first_sequence, gap.last_sequence) == (1, 3)
        assert "max_age_hours" in gap.reason


async def test_a_clock_that_jumps_ahead_makes_nothing_older(tmp_path: Path) -> None:
    clock, wall = Clock(), Clock()
    wall.now = START_US / 1_000_000
    bounds = SpoolLimits(max_age_hours=1.0)
    spool = await Spool.open(tmp_path, CHECKS, bounds, clock, wall)
    try:
        await spool.append([result(1)])
        wall.now += 60 * 86_400
        clock.now += 61
        late = replace(result(2), time_us=START_US + 60 * 86_400_000_000)
        await spool.append([late])
        assert spool.dropped == 0
        # An hour that has passed counts, though the clock was set back by then.
        wall.now = START_US / 1_000_000 + 3_601
        clock.now += 3_601
        await spool.append([replace(result(3), time_us=START_US + 3_601_000_000)])
        assert spool.dropped == 1
    finally:
        await spool.close()
    # How long the agent was away only the wall clock knows.
    wall.now += 120 * 86_400
    spool = await Spool.open(tmp_path, CHECKS, bounds, clock, wall)
    try:
        await spool.append([replace(result(4), time_us=round(wall.now * 1_000_000))])
        assert (spool.count(), spool.dropped) == (1, 2)
    finally:
        await spool.close()
