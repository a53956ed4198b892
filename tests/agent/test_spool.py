"""The spool's promises: kept until acknowledged, in order, bounded, and nothing dropped in silence."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tenantwatch_agent import spool as spool_module
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.spool import Spool
from tenantwatch_wire.records import CheckDefinition, Result, Status

CHECKS = [CheckDefinition(name, "http_endpoint", 1000, 1000) for name in ("a", "b")]
START_US = 1_700_000_000_000_000


def result(number: int, check_id: str = "a") -> Result:
    return Result(check_id, START_US + number, Status.HEALTHY, number, f"text {number}", {"x_ms": 0.5})


@contextlib.asynccontextmanager
async def opened(folder: Path, max_results: int = 1000) -> AsyncIterator[Spool]:
    spool = await Spool.open(folder, CHECKS, max_results)
    try:
        yield spool
    finally:
        await spool.close()


async def numbers(spool: Spool) -> list[int]:
    return [one.result.time_us - START_US for one in await spool.read(0, 100_000)]


@contextlib.asynccontextmanager
async def unwritable(spool: Spool) -> AsyncIterator[None]:
    """As on a full disk: the file can be read and not written."""
    await spool._db.execute("PRAGMA query_only = 1")
    yield
    await spool._db.execute("PRAGMA query_only = 0")


async def test_results_come_back_as_they_went_in_and_in_order(tmp_path: Path) -> None:
    given = [result(1), result(2, "b"), Result("b", START_US, Status.UNKNOWN)]
    async with opened(tmp_path) as spool:
        assert await spool.append(given) == 3
        read = await spool.read(0, 10)
        assert [one.result for one in read] == given
        assert [(one.sequence, one.index) for one in read] == [(1, 0), (2, 1), (3, 1)]
        assert [one.sequence for one in await spool.read(1, 1)] == [2]


async def test_generation_sequence_and_dictionary_outlive_the_process(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        generation = spool.generation
        await spool.append([result(1), result(2)])
        await spool.acknowledge(2)
    spool = await Spool.open(tmp_path, [CheckDefinition("c", "http_endpoint", 1, 1), CHECKS[1]], 10)
    try:
        assert (spool.generation, spool.last_sequence) == (generation, 2)
        assert await spool.append([result(3, "c")]) == 3
        assert [(index, d.check_id) for index, d in await spool.entries()] == [(0, "a"), (1, "b"), (2, "c")]
    finally:
        await spool.close()


async def test_only_what_was_acknowledged_is_deleted(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(n) for n in range(1, 6)])
        assert await spool.acknowledge(3) == 3
        assert await spool.acknowledge(2) == 0
        assert await numbers(spool) == [4, 5]


async def test_the_oldest_goes_and_neighbouring_gaps_become_one(tmp_path: Path) -> None:
    async with opened(tmp_path, max_results=10) as spool:
        for n in range(1, 101):
            await spool.append([result(n)])
        assert await numbers(spool) == list(range(91, 101))
        (gap,) = await spool.gaps()
        assert (gap.first_sequence, gap.last_sequence) == (1, 90)
        assert (gap.from_us, gap.to_us) == (START_US + 1, START_US + 90)
        assert spool.dropped == 90
        await spool.acknowledge(90)
        assert await spool.gaps() == []


async def test_on_a_full_disk_results_wait_in_memory_and_one_error_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as spool:
        async with unwritable(spool):
            await spool.append([result(1)])
            await spool.append([result(2)])
            assert (await numbers(spool), await spool.count()) == ([], 2)
        await spool.append([result(3)])
        assert await numbers(spool) == [1, 2, 3]
        assert await spool.gaps() == []
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1


async def test_what_memory_cannot_hold_becomes_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "MAX_IN_MEMORY", 5)
    async with opened(tmp_path) as spool:
        await spool.append([result(0)])
        async with unwritable(spool):
            for n in range(1, 10):
                await spool.append([result(n)])
        await spool.append([result(10)])
        assert [(one.sequence, one.result.time_us - START_US) for one in await spool.read(0, 99)] == [
            (1, 0), *((n + 1, n) for n in range(5, 11)),
        ]  # fmt: skip
        (gap,) = await spool.gaps()
        assert (gap.first_sequence, gap.last_sequence) == (2, 5)
        assert (gap.from_us, gap.to_us) == (START_US + 1, START_US + 4)


async def test_an_acknowledgement_on_a_full_disk_is_made_good_by_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1), result(2)])
        async with unwritable(spool):
            assert await spool.acknowledge(1) == 0
        assert await spool.acknowledge(2) == 2


@pytest.mark.parametrize("step", range(40))
async def test_a_caller_cancelled_at_any_moment_breaks_nothing(tmp_path: Path, step: int) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1)])
        works = [asyncio.create_task(spool.append([result(2)])), asyncio.create_task(spool.acknowledge(1))]
        for _ in range(step):
            # Each turn of the loop is one more place where the cancellation may fall.
            await asyncio.sleep(0)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        await spool.append([result(3)])
        await spool.acknowledge(1)
        # A call that was cancelled before it began kept nothing; one that began is carried to its end.
        assert await numbers(spool) == ([2, 3] if step else [3])


async def test_concurrent_callers_lose_and_double_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await asyncio.gather(*(spool.append([result(n)]) for n in range(200)))
        read = await spool.read(0, 1000)
        assert [one.sequence for one in read] == list(range(1, 201))
        assert sorted(one.result.time_us - START_US for one in read) == list(range(200))


@pytest.mark.parametrize("damage", ["garbage", "middle", "empty_tables"])
async def test_a_damaged_file_is_set_aside_and_a_new_generation_begins(tmp_path: Path, damage: str) -> None:
    async with opened(tmp_path, 100_000) as spool:
        generation = spool.generation
        await spool.append([result(n) for n in range(5000)])
    path = tmp_path / "spool.sqlite3"
    content = bytearray(path.read_bytes())
    if damage == "garbage":
        content[:] = b"no database" * 1000
    elif damage == "middle":
        content[len(content) // 2 : len(content) // 2 + 8192] = b"\xff" * 8192
    else:
        content[100:4096] = bytes(3996)
    path.write_bytes(content)
    async with opened(tmp_path) as spool:
        assert spool.generation != generation
        assert await spool.append([result(1)]) == 1
    assert [p.read_bytes() == content for p in tmp_path.glob("spool.damaged-*")] == [True]


async def test_a_locked_file_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1)])
    path = tmp_path / "spool.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(AgentError, match="cannot be opened: database is locked"):
            await Spool.open(tmp_path, CHECKS, 10)
    async with opened(tmp_path) as spool:
        assert await numbers(spool) == [1]


async def test_a_second_agent_is_told_who_has_the_folder(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(AgentError, match="another agent uses"):
            await Spool.open(tmp_path, CHECKS, 10)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AgentError, match=r"data_folder .*file/spool cannot be used"):
        await Spool.open(tmp_path / "file" / "spool", CHECKS, 10)


_WRITER = """
import asyncio, sys
from pathlib import Path
from tests.agent.test_spool import CHECKS, result
from tenantwatch_agent.spool import Spool
async def main():
    spool = await Spool.open(Path(sys.argv[1]), CHECKS, 10**6)
    for n in range(1, 10**6):
        await spool.append([result(n)])
        print(n, flush=True)
asyncio.run(main())
"""


def test_what_was_kept_outlives_sigkill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITER, str(tmp_path)]
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
