"""The spool's promises: kept until acknowledged, in order, bounded, and nothing dropped in silence."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tenantwatch_agent.clock import boottime
from tenantwatch_agent.config import SpoolLimits
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.spool import Spool, memory
from tenantwatch_agent.spool.outside import Outside
from tenantwatch_wire.records import CheckDefinition, Lane, Result, Status

CHECKS = [CheckDefinition(name, "http_endpoint", 1000, 1000) for name in ("a", "b")]
START_US = time.time_ns() // 86_400_000_000_000 * 86_400_000_000 - 3_600_000_000
"""Recent, as old results are dropped, and the same in the processes that a test starts."""


def result(number: int, check_id: str = "a") -> Result:
    return Result(check_id, START_US + number, Status.HEALTHY, number, f"text {number}", {"x_ms": 0.5})


@contextlib.asynccontextmanager
async def opened(
    folder: Path, max_results: int = 1000, clock: Callable[[], float] = boottime, **limits: float
) -> AsyncIterator[Spool]:
    bounds = SpoolLimits(max_results, **limits)  # type: ignore[arg-type]
    spool = await Spool.open(folder, CHECKS, bounds, clock)
    await spool.begin_sending()
    try:
        yield spool
    finally:
        await spool.close()


async def numbers(spool: Spool, lane: Lane = Lane.LIVE) -> list[int]:
    return [one.result.time_us - START_US for one in await spool.read(lane, 0, 100_000, 10**9)]


async def acknowledge(spool: Spool, sequence: int, lane: Lane = Lane.LIVE) -> int:
    return await spool.acknowledge(spool.generation, lane, sequence)


@contextlib.asynccontextmanager
async def unwritable(spool: Spool) -> AsyncIterator[None]:
    """As on a full disk: the file can be read and not written."""
    await spool._file.db.execute("PRAGMA query_only = 1")
    yield
    await spool._file.db.execute("PRAGMA query_only = 0")


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
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1


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


async def test_an_acknowledgement_on_a_full_disk_is_made_good_by_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1), result(2)])
        async with unwritable(spool):
            assert await acknowledge(spool, 1) == 0
        assert await acknowledge(spool, 2) == 2


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
        # What the old one held, as far as anybody can tell, is a gap before what follows.
        (gap,) = await spool.gaps(Lane.LIVE)
        assert gap.first_sequence == 1
        assert "the spool was damaged" in gap.reason
        await spool.append([result(1)])
        assert spool.last[Lane.LIVE] == gap.last_sequence + 1
    assert [p.read_bytes() == content for p in aside(tmp_path)] == [True]


@pytest.mark.parametrize(
    ("written", "flipped"),
    [
        (b"text 3", b"text \xff"),
        (b'"http_endpoint"', b'"http_endpoint\xff'),
        (b'"http_endpoint"', b'"http_endpoint '),
        (b'"interval_ms"', b'"interval_mt"'),
        (b"last_sequence", b"last_sequencf"),
        (b'{"x_ms"', b'["x_ms"'),
    ],
)
async def test_one_flipped_byte_costs_the_file_and_not_the_agent(
    tmp_path: Path, written: bytes, flipped: bytes
) -> None:
    async with opened(tmp_path) as spool:
        generation = spool.generation
        await spool.append([result(n) for n in range(1, 6)])
    path = tmp_path / "spool.sqlite3"
    content = path.read_bytes()
    assert written in content
    path.write_bytes(content.replace(written, flipped))
    async with opened(tmp_path) as spool:
        assert await spool.read(Lane.LIVE, 0, 10) == []
        assert spool.generation != generation
        (gap,) = await spool.gaps(Lane.LIVE)
        assert gap.last_sequence - gap.first_sequence + 1 == 5
        await spool.append([result(6)])
        assert await numbers(spool) == [6]
    assert len(aside(tmp_path)) == 1


@pytest.mark.parametrize("change", ["latency_us = -5", "time_us = 7", "metrics = '{\"x_ms\": 1e999}'"])
async def test_a_row_that_was_never_written_so_costs_the_file_and_not_the_stream(
    tmp_path: Path, change: str
) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(n) for n in range(1, 6)])
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite3")) as file, file:
        file.execute(f"UPDATE result SET {change} WHERE sequence = 3")
    async with opened(tmp_path) as spool:
        assert await spool.read(Lane.LIVE, 0, 10) == []
        (gap,) = await spool.gaps(Lane.LIVE)
        assert gap.last_sequence - gap.first_sequence + 1 == 5
    assert len(aside(tmp_path)) == 1


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


async def test_an_export_reads_on_behind_a_flipped_byte(tmp_path: Path) -> None:
    async with opened(tmp_path, 10_000) as spool:
        await spool.append([result(n) for n in range(1, 1200)])
    path = tmp_path / "spool.sqlite3"
    path.write_bytes(path.read_bytes().replace(b"text 333", b"text 33\xff"))
    with Outside(path) as outside:
        rows = list(outside.results())
        assert [row["sequence"] for row in rows] == list(range(1, 1200))
        assert (rows[332]["text"], outside.damage) == ("text 33\ufffd", "")


async def test_a_slow_export_does_not_keep_the_log_of_writes_from_being_emptied(tmp_path: Path) -> None:
    async with opened(tmp_path, 10_000) as spool:
        await spool.append([result(n) for n in range(1, 1200)])
        with Outside(tmp_path / "spool.sqlite3") as outside:
            rows = outside.results()
            assert next(rows)["sequence"] == 1
            await spool.append([result(1200)])
            (state,) = await spool._file.db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            assert tuple(state) == (0, 0, 0)
            # What came since is not waited for.
            assert [row["sequence"] for row in rows] == list(range(2, 1200))


async def test_a_locked_file_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1)])
    path = tmp_path / "spool.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(AgentError, match="cannot be opened: database is locked"):
            await Spool.open(tmp_path, CHECKS, SpoolLimits())
    async with opened(tmp_path) as spool:
        assert await numbers(spool) == [1]


async def test_a_second_agent_is_told_who_has_the_folder(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(AgentError, match="another agent uses"):
            await Spool.open(tmp_path, CHECKS, SpoolLimits())


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AgentError, match=r"data_folder .*file/spool cannot be used"):
        await Spool.open(tmp_path / "file" / "spool", CHECKS, SpoolLimits())


def aside(folder: Path) -> list[Path]:
    """Damaged files, without the parts that SQLite keeps beside each."""
    return [p for p in folder.glob("spool.damaged-*") if not p.name.endswith(("-wal", "-shm"))]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


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


async def test_a_read_ends_at_its_bytes_and_never_before_the_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([replace(result(n), text="x" * 1000) for n in range(10)])
        assert len(await spool.read(Lane.LIVE, 0, 100, max_bytes=5000)) == 2
        assert len(await spool.read(Lane.LIVE, 0, 100, max_bytes=1)) == 1
        assert len(await spool.read(Lane.LIVE, 0, 3, max_bytes=10**6)) == 3


async def noise(spool: Spool) -> None:
    """As a failing disk does: the file turns into noise under the open connection."""
    await spool._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = spool._path
    path.write_bytes(os.urandom(path.stat().st_size))
    await spool._file.db.execute("PRAGMA shrink_memory")


@pytest.mark.parametrize("first", ["append", "read", "acknowledge"])
async def test_damage_in_the_middle_of_work_costs_what_waited_and_nothing_else(
    tmp_path: Path, first: str
) -> None:
    async with opened(tmp_path) as spool:
        generation = spool.generation
        await spool.append([result(n) for n in range(1, 8)])
        await noise(spool)
        if first == "append":
            await spool.append([result(8)])
        elif first == "read":
            assert await spool.read(Lane.LIVE, 0, 10) == []
        else:
            assert await acknowledge(spool, 3) == 0
        assert spool.generation != generation
        assert await spool.acknowledge(generation, Lane.LIVE, 10**6) == 0
        (gap,) = await spool.gaps(Lane.LIVE)
        assert (gap.first_sequence, gap.last_sequence) == (1, 7)
        await spool.append([result(9)])
        assert await numbers(spool) == ([8, 9] if first == "append" else [9])
        assert (spool.dropped, spool.damages) == (7, 1)
        for _ in range(3):
            await noise(spool)
            await spool.append([result(10)])
        assert len(aside(tmp_path)) == 2
    async with opened(tmp_path) as spool:
        assert await numbers(spool) == [10]


async def test_a_file_of_one_lane_is_taken_over(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite3")) as old:
        old.executescript(
            "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
            "CREATE TABLE check_entry (idx INTEGER PRIMARY KEY, check_id TEXT UNIQUE, definition TEXT);"
            "CREATE TABLE result (sequence INTEGER PRIMARY KEY, idx INTEGER, time_us INTEGER, status INTEGER,"
            " latency_us INTEGER, text TEXT, metrics TEXT);"
            "CREATE TABLE gap (first_sequence INTEGER PRIMARY KEY, last_sequence INTEGER, from_us INTEGER,"
            " to_us INTEGER, reason TEXT);"
            "INSERT INTO meta VALUES ('generation', 'g'), ('last_sequence', 5);"
            'INSERT INTO check_entry VALUES (0, \'a\', \'{"check_id": "a", "kind": "http_endpoint",'
            ' "interval_ms": 1000, "timeout_ms": 1000}\');'
            f"INSERT INTO result VALUES (5, 0, {START_US}, 0, NULL, NULL, NULL);"
            "INSERT INTO gap VALUES (1, 4, 0, 0, 'full');"
        )
    async with opened(tmp_path) as spool:
        assert (spool.generation, spool.last) == ("g", {Lane.LIVE: 5, Lane.BACKLOG: 0})
        assert await numbers(spool) == [0]
        assert [gap.last_sequence for gap in await spool.gaps(Lane.LIVE)] == [4]


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
        assert len(caplog.records) == 1


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
from tests.agent.test_spool import CHECKS, result
from tenantwatch_agent.config import SpoolLimits
from tenantwatch_agent.spool import Spool
async def main():
    spool = await Spool.open(Path(sys.argv[1]), CHECKS, SpoolLimits())
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
