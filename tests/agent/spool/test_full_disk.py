"""A full disk: results wait in memory, the oldest are given up, and none is lost in silence."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tenantwatch_agent.config import SpoolLimits
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.spool import memory, writer
from tenantwatch_agent.spool import spool as queue
from tenantwatch_agent.spool.connection import ask
from tenantwatch_wire.records import CheckDefinition, Lane

from tests.agent.spool.spools import (
    CHECKS,
    START_US,
    acknowledge,
    logged,
    numbers,
    opened,
    result,
    unwritable,
)


async def test_on_a_full_disk_results_wait_in_memory_and_one_error_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as spool:
        async with unwritable(spool):
            await spool.append([result(1)])
            await spool.append([result(2)])
            assert (await numbers(spool), spool.count()) == ([], 2)
        await spool.append([result(3)])
        assert await numbers(spool) == [1, 2, 3]
        assert await spool.gaps(Lane.LIVE) == []
    assert len([r for r in logged(caplog) if r.levelname == "ERROR"]) == 1


async def test_what_memory_cannot_hold_becomes_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MAX_IN_MEMORY", 5)
    async with opened(tmp_path) as spool:
        await spool.append([result(0)])
        async with unwritable(spool):
            for n in range(1, 10):
                await spool.append([result(n)])
        await spool.append([result(10)])
        read = await spool.read(Lane.LIVE, 0, 99)
        assert [(one.sequence, one.result.time_us - START_US) for one in read] == [
            (1, 0), *((n + 1, n) for n in range(5, 11)),
        ]  # fmt: skip
        (gap,) = await spool.gaps(Lane.LIVE)
        assert (gap.first_sequence, gap.last_sequence) == (2, 5)
        assert (gap.from_us, gap.to_us) == (START_US + 1, START_US + 4)


async def test_while_it_is_full_nothing_is_tried_with_each_result_and_results_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "TRY_AGAIN_SECONDS", (3_600.0, 3_600.0))
    tried: list[int] = []
    write_some = writer.Writer._write_some

    async def counted(self: writer.Writer) -> None:
        tried.append(len(self._waiting))
        await write_some(self)

    monkeypatch.setattr(writer.Writer, "_write_some", counted)
    monkeypatch.setattr(writer, "MAX_AT_ONCE", 30)
    async with opened(tmp_path) as spool:
        async with unwritable(spool):
            for n in range(100):
                await spool.append([result(n)])
            assert (tried, spool.count()) == ([1], 100)
            # One attempt is made with some of them, however many wait.
            assert not await spool._write_again()
            assert tried == [1, 100]
        assert tried == [1, 100, 100, 70, 40, 10]
        assert await numbers(spool) == list(range(100))
        await spool.append([result(100)])
        assert await numbers(spool) == list(range(101))


async def test_it_is_written_as_soon_as_there_is_space_though_no_result_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "TRY_AGAIN_SECONDS", (0.01, 0.02))
    async with opened(tmp_path) as spool:
        await spool._current.file.db.execute("PRAGMA query_only = 1")
        await spool.append([result(1), result(2)])
        await spool._current.file.db.execute("PRAGMA query_only = 0")
        async with asyncio.timeout(60):
            while spool._writer.is_full:
                spool.appended.clear()
                await spool.appended.wait()
        assert await numbers(spool) == [1, 2]


async def test_what_is_written_of_many_stays_written_where_the_disk_is_full_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_AT_ONCE", 2)
    async with opened(tmp_path) as spool:
        # Room for four pages more, and each of these takes two.
        (pages,) = await ask(spool._current.file.db, lambda db: db.execute("PRAGMA page_count").fetchone())
        await spool._current.file.db.execute(f"PRAGMA max_page_count = {pages + 4}")
        many = [replace(result(n), text="x" * 3_000) for n in range(8)]
        await spool.append(many)
        written = await numbers(spool)
        assert 0 < len(written) < 8
        assert (spool._writer.is_full, spool.count()) == (True, 8)
        await spool._current.file.db.execute("PRAGMA max_page_count = 1000000")
        assert await spool._write_again()
        assert await numbers(spool) == list(range(8))
        assert await spool.gaps(Lane.LIVE) == []


async def test_an_acknowledgement_on_a_full_disk_is_made_good_by_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1), result(2)])
        async with unwritable(spool):
            assert await acknowledge(spool, 1) == 0
        assert await acknowledge(spool, 2) == 2


async def test_a_restart_on_a_full_disk_writes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1)])
        async with unwritable(spool):
            await spool.register(CHECKS, [], SpoolLimits())
            with pytest.raises(AgentError, match="cannot be opened"):
                await spool.register(
                    [*CHECKS, CheckDefinition("c", "http_endpoint", 1, 1)], [], SpoolLimits()
                )
        assert await numbers(spool) == [1]


async def test_what_is_in_memory_when_the_agent_stops_is_a_gap_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1), result(2)])
        await spool._current.file.db.execute("PRAGMA query_only = 1")
        await spool.append([result(n) for n in range(3, 8)])
    assert "5 results in memory are lost, they become a gap at the next start" in caplog.text
    assert (spool.count(), spool.dropped) == (2, 5)
    async with opened(tmp_path) as spool:
        assert await numbers(spool) == [1, 2]
        (gap,) = await spool.gaps(Lane.LIVE)
        assert (gap.first_sequence, gap.last_sequence) == (3, 7)
        assert "the disk under the spool was full when the agent ended" in gap.reason
        assert START_US + 2 <= gap.from_us <= gap.to_us
        await spool.append([result(8)], urgent=True)
        assert [one.sequence for one in await spool.read(Lane.LIVE, 2, 9)] == [8]


async def test_what_is_in_memory_when_the_agent_is_killed_is_a_gap_at_the_next_start(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    async with opened(before) as spool:
        await spool.append([result(1), result(2), result(3)])
        async with unwritable(spool):
            await spool.append([result(4)])
            # As the disk has it when a process is killed: nobody closes the file.
            shutil.copytree(before, after)
        await spool.append([result(5)])
        assert await numbers(spool) == [1, 2, 3, 4, 5]
    async with opened(after) as spool:
        assert [(gap.first_sequence, gap.last_sequence) for gap in await spool.gaps(Lane.LIVE)] == [(4, 4)]
    async with opened(before) as spool:
        assert await spool.gaps(Lane.LIVE) == []


async def test_where_even_that_cannot_be_noted_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # The witness cannot be opened for writing: its name is taken.
    (tmp_path / "spool.witness").mkdir()
    async with opened(tmp_path) as spool:
        await spool.append([result(1)])
        await spool._current.file.db.execute("PRAGMA query_only = 1")
        await spool.append([result(2)])
    assert "1 results in memory are lost, and that can be noted nowhere" in caplog.text
    assert spool.count() == 1
