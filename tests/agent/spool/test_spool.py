"""The spool's promises: kept until acknowledged, in order, bounded, and nothing dropped in silence."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tenantwatch_agent.config import SpoolLimits
from tenantwatch_agent.spool import Spool
from tenantwatch_wire.records import CheckDefinition, Lane, Result, Status

from tests.agent.spool.spools import (
    CHECKS,
    START_US,
    Clock,
    acknowledge,
    logged,
    numbers,
    opened,
    result,
)


async def test_results_come_back_as_they_went_in_and_in_order(tmp_path: Path) -> None:
    given = [result(1), result(2, "b"), Result("b", START_US, Status.UNKNOWN)]
    async with opened(tmp_path) as spool:
        await spool.append(given)
        assert spool.last == {Lane.LIVE: 3, Lane.BACKLOG: 0}
        read = await spool.read(Lane.LIVE, 0, 10)
        assert [one.result for one in read] == given
        assert [(one.sequence, one.index) for one in read] == [(1, 0), (2, 1), (3, 1)]
        assert [one.sequence for one in await spool.read(Lane.LIVE, 1, 1)] == [2]


async def test_generation_sequence_and_dictionary_outlive_the_process(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        generation = spool.generation
        await spool.append([result(1), result(2)])
        await acknowledge(spool, 2)
    spool = await Spool.open(
        tmp_path, [CheckDefinition("c", "http_endpoint", 1, 1), CHECKS[1]], SpoolLimits()
    )
    try:
        assert (spool.generation, spool.last[Lane.LIVE]) == (generation, 2)
        await spool.append([result(3, "c")])
        assert spool.last[Lane.LIVE] == 3
        # The one that is no longer configured and has no results is forgotten.
        assert [(index, d.check_id) for index, d in await spool.entries()] == [(1, "b"), (2, "c")]
    finally:
        await spool.close()


async def test_only_what_was_acknowledged_is_deleted(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(n) for n in range(1, 6)])
        assert await acknowledge(spool, 3) == 3
        assert await acknowledge(spool, 2) == 0
        assert await numbers(spool) == [4, 5]


@pytest.mark.parametrize("step", range(40))
async def test_a_caller_cancelled_at_any_moment_breaks_nothing(tmp_path: Path, step: int) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1)])
        works = [asyncio.create_task(spool.append([result(2)])), asyncio.create_task(acknowledge(spool, 1))]
        for _ in range(step):
            # Each turn of the loop is one more place where the cancellation may fall.
            await asyncio.sleep(0)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        await spool.append([result(3)])
        await acknowledge(spool, 1)
        # A call that was cancelled before it began kept nothing; one that began is carried to its end.
        assert await numbers(spool) == ([2, 3] if step else [3])


async def test_concurrent_callers_lose_and_double_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await asyncio.gather(*(spool.append([result(n)]) for n in range(200)))
        read = await spool.read(Lane.LIVE, 0, 1000)
        assert [one.sequence for one in read] == list(range(1, 201))
        assert sorted(one.result.time_us - START_US for one in read) == list(range(200))


async def test_what_waits_is_of_a_new_generation_if_the_collector_has_what_was_never_given(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, max_results=10) as spool:
        generation = spool.generation
        for n in range(1, 31):
            await spool.append([result(n)])
        await acknowledge(spool, 15)
        assert await acknowledge(spool, 99) == 0
        assert spool.generation != generation
        assert await spool.acknowledge(generation, Lane.LIVE, 99) == 0
        (gap,) = await spool.gaps(Lane.LIVE)
        read = await spool.read(Lane.LIVE, 0, 99)
        assert [one.result.time_us - START_US for one in read] == list(range(21, 31))
        assert [one.sequence - gap.last_sequence for one in read] == list(range(1, 11))
        assert (gap.first_sequence, spool.last[Lane.LIVE]) == (1, read[-1].sequence)
        generation = spool.generation
    async with opened(tmp_path) as spool:
        assert (spool.generation, spool.last[Lane.LIVE]) == (generation, read[-1].sequence)
        await spool.append([result(31)], urgent=True)
        assert await numbers(spool) == list(range(21, 32))


async def test_what_comes_while_the_live_lane_stands_still_is_backlog(tmp_path: Path) -> None:
    clock = Clock()
    async with opened(tmp_path, clock=clock) as spool:
        await spool.append([result(1)])
        clock.now += 20
        await spool.append([result(2)])
        clock.now += 20
        await spool.append([result(3)])
        await spool.append([result(4)], urgent=True)
        assert (await numbers(spool), await numbers(spool, Lane.BACKLOG)) == ([1, 2, 4], [3])
        assert spool.last == {Lane.LIVE: 3, Lane.BACKLOG: 1}
        # It moves again.
        assert await acknowledge(spool, 1) == 1
        await spool.append([result(5)])
        assert (await numbers(spool), await numbers(spool, Lane.BACKLOG)) == ([2, 4, 5], [3])
        assert await acknowledge(spool, 1, Lane.BACKLOG) == 1
        assert spool.count() == 3
    async with opened(tmp_path, clock=clock) as spool:
        assert spool.last == {Lane.LIVE: 4, Lane.BACKLOG: 1}
        # What is left from before a restart stands still until the collector says otherwise.
        await spool.append([result(6)])
        assert await numbers(spool, Lane.BACKLOG) == [6]
        await acknowledge(spool, 4)
        await spool.append([result(7)])
        assert await numbers(spool) == [7]


async def test_a_read_ends_at_its_bytes_and_never_before_the_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([replace(result(n), text="x" * 1000) for n in range(10)])
        assert len(await spool.read(Lane.LIVE, 0, 100, max_bytes=5000)) == 2
        assert len(await spool.read(Lane.LIVE, 0, 100, max_bytes=1)) == 1
        assert len(await spool.read(Lane.LIVE, 0, 3, max_bytes=10**6)) == 3


async def test_a_result_of_an_unknown_check_holds_up_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1), result(2, "nobody's"), result(3)])
        assert await numbers(spool) == [1, 3]
        assert (spool.dropped, spool.count()) == (1, 2)
        assert "check nobody's, which nobody configured, is dropped" in caplog.text


async def test_results_of_a_clock_that_is_wrong_hold_up_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as spool:
        wrong = [replace(result(1), time_us=time_us) for time_us in (0, 12_000_000, 2**62)]
        await spool.append([result(1), *wrong, result(2)])
        assert await numbers(spool) == [1, 2]
        assert spool.last[Lane.LIVE] == 2
        assert (spool.dropped, spool.count()) == (3, 2)
        assert caplog.text.count("the clock of this machine is wrong (0 s since 1970)") == 1
        assert len(logged(caplog)) == 1


async def test_entries_come_and_go_and_an_index_in_use_is_never_given_again(tmp_path: Path) -> None:
    c, d = (CheckDefinition(name, "http_endpoint", 1000, 1000) for name in "cd")
    async with opened(tmp_path) as spool:
        await spool.append([result(1, "b")])
        await spool.register([c], CHECKS, SpoolLimits())
        assert [(i, e.check_id) for i, e in await spool.entries()] == [(0, "a"), (1, "b"), (2, "c")]
        await spool.register([d], [], SpoolLimits())
        # b has a result here, the others none.
        assert [(i, e.check_id) for i, e in await spool.entries()] == [(1, "b"), (2, "d")]
        assert await numbers(spool) == [1]
        await spool.register([replace(d, interval_ms=5)], [], SpoolLimits())
        assert [(i, e.interval_ms) for i, e in await spool.entries()] == [(1, 1000), (2, 5)]


_WRITER = """
import asyncio, sys
from pathlib import Path
from tests.agent.spool import spools
from tenantwatch_agent.config import SpoolLimits
from tenantwatch_agent.spool import Spool
async def main():
    spools.START_US = int(sys.argv[2])
    spool = await Spool.open(Path(sys.argv[1]), spools.CHECKS, SpoolLimits())
    for n in range(1, 10**6):
        await spool.append([spools.result(n)])
        print(n, flush=True)
asyncio.run(main())
"""


def test_what_was_kept_outlives_sigkill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITER, str(tmp_path), str(START_US)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["", *sys.path])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        told = 0
        for line in process.stdout:
            told = int(line)
            if told == 50:
                process.send_signal(signal.SIGKILL)

    async def read() -> list[int]:
        async with opened(tmp_path) as spool:
            return await numbers(spool)

    kept = asyncio.run(read())
    # The last one may be in the file without anybody having been told.
    assert kept in (list(range(1, told + 1)), list(range(1, told + 2)))
