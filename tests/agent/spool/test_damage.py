"""A damaged file is set aside, what it held becomes a gap, and the agent goes on."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
from pathlib import Path

import pytest
from tenantwatch_agent.config import SpoolLimits
from tenantwatch_agent.spool import Spool, prepare
from tenantwatch_wire.records import CheckDefinition, Lane

from tests.agent.spool.spools import (
    CHECKS,
    START_US,
    acknowledge,
    aside,
    numbers,
    opened,
    result,
)


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
        (b"text 3", b"text 7"),
        (b"latency_us INTEGER", b"latency_ut INTEGER"),
        (b"latency_us INTEGER", b"latency_u\xff INTEGER"),
        (b"TABLE result", b"TABLE resulu"),
        (b"PRIMARY KEY (lane, seq", b"PRIMARY KEX (lane, seq"),
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


ENTRY_FLIPS = [
    (b'"http_endpoint"', b'"http_endpoint\xff'),
    (b'"http_endpoint"', b'"http_endpoint '),
    (b'"http_endpoint"', b'"http_endpoinu"'),
    (b'"interval_ms"', b'"interval_mt"'),
    (b'"interval_ms": 1000', b'"interval_ms": -000'),
]


@pytest.mark.parametrize(("written", "flipped"), ENTRY_FLIPS)
async def test_a_flipped_byte_in_what_the_configuration_says_anyway_costs_nothing(
    tmp_path: Path, written: bytes, flipped: bytes
) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(n) for n in range(1, 6)])
    path = tmp_path / "spool.sqlite3"
    path.write_bytes(path.read_bytes().replace(written, flipped))
    async with opened(tmp_path) as spool:
        assert await numbers(spool) == [1, 2, 3, 4, 5]
        assert [definition for _, definition in await spool.entries()] == CHECKS
    assert aside(tmp_path) == []


@pytest.mark.parametrize(("written", "flipped"), ENTRY_FLIPS)
async def test_a_flipped_byte_in_a_check_that_is_gone_does_not_block_the_stream(
    tmp_path: Path, written: bytes, flipped: bytes
) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(n) for n in range(1, 6)])
    path = tmp_path / "spool.sqlite3"
    path.write_bytes(path.read_bytes().replace(written, flipped))
    other = [CheckDefinition("c", "tcp_connection", 1000, 1000)]
    spool = await Spool.open(tmp_path, other, SpoolLimits())
    try:
        assert [definition for _, definition in await spool.entries()] == other
        (gap,) = await spool.gaps(Lane.LIVE)
        assert gap.count == 5
    finally:
        await spool.close()
    assert len(aside(tmp_path)) == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE meta SET value = value - 1 WHERE name = 'last_sequence'",
        "UPDATE meta SET value = value + 4096 WHERE name = 'sent_live'",
        "UPDATE meta SET value = substr(value, 2) || 'x' WHERE name = 'generation'",
        "DELETE FROM meta WHERE name = 'last_backlog'",
        "UPDATE gap SET last_sequence = last_sequence + 1",
        "UPDATE gap SET from_us = from_us + 4096",
        "DELETE FROM result WHERE sequence = 8",
        "UPDATE result SET idx = idx + 64 WHERE sequence = 8",
        "UPDATE result SET sequence = 40 WHERE sequence = 8",
        "UPDATE result SET status = status + 1 WHERE sequence = 8",
    ],
)
async def test_what_was_changed_behind_our_back_is_never_taken_for_true(tmp_path: Path, change: str) -> None:
    async with opened(tmp_path, max_results=5) as spool:
        for n in range(1, 11):
            await spool.append([result(n)])
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite3")) as file, file:
        assert file.execute(change).rowcount == 1
    async with opened(tmp_path) as spool:
        assert await spool.read(Lane.LIVE, 0, 10) == []
        (gap,) = await spool.gaps(Lane.LIVE)
        # Those that were dropped before go with the file, as what is left of it cannot be believed.
        assert gap.count == 5
    assert len(aside(tmp_path)) == 1


@pytest.mark.parametrize("harm", ["half of it", "emptied", "gone"])
async def test_of_a_file_that_cannot_be_read_the_witness_tells_how_much_is_lost(
    tmp_path: Path, harm: str
) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(n) for n in range(1, 501)])
        await acknowledge(spool, 100)
    path = tmp_path / "spool.sqlite3"
    if harm == "half of it":
        os.truncate(path, path.stat().st_size // 2)
    elif harm == "emptied":
        os.truncate(path, 0)
    else:
        path.unlink()
    async with opened(tmp_path) as spool:
        (gap,) = await spool.gaps(Lane.LIVE)
        assert (gap.count, spool.dropped) == (400, 400)
        assert gap.from_us == START_US + 101
        assert gap.to_us > gap.from_us
        assert await numbers(spool) == []
    # Said once.
    async with opened(tmp_path) as spool:
        assert len(await spool.gaps(Lane.LIVE)) == 1


@pytest.mark.parametrize("seed", range(30))
async def test_flipped_bits_lose_nothing_in_silence(tmp_path: Path, seed: int) -> None:
    async with opened(tmp_path) as spool:
        for first in range(1, 101, 20):
            await spool.append([result(n, "ab"[n % 2]) for n in range(first, first + 20)])
    chance, path = random.Random(seed), tmp_path / "spool.sqlite3"
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 4))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    async with opened(tmp_path) as spool:
        read = await spool.read(Lane.LIVE, 0, 1000)
        lost = sum(gap.count for gap in await spool.gaps(Lane.LIVE))
        true = [result(n, "ab"[n % 2]) for n in range(1, 101)]
        assert ([one.result for one in read], lost) in ((true, 0), ([], 100))


async def test_a_new_file_that_cannot_be_begun_yet_is_tried_again_and_nothing_is_counted_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1), result(2), result(3)])
        await noise(spool)
        with monkeypatch.context() as patched:
            patched.setattr(prepare, "_SETTINGS", ("PRAGMA query_only = 1",))
            for n in (4, 5):
                await spool.append([result(n)])
            assert (spool.damages, spool.count(), len(aside(tmp_path))) == (1, 2, 1)
        await spool.append([result(6)])
        assert await spool._write_again()
        assert await numbers(spool) == [4, 5, 6]
        (gap,) = await spool.gaps(Lane.LIVE)
        assert (gap.first_sequence, gap.last_sequence, spool.dropped) == (1, 3, 3)
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


async def noise(spool: Spool) -> None:
    """As a failing disk does: the file turns into noise under the open connection."""
    await spool._current.file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = spool._current._path
    path.write_bytes(os.urandom(path.stat().st_size))
    await spool._current.file.db.execute("PRAGMA shrink_memory")


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
            # As if they had been written before a restart: the newest are in memory too.
            spool._current.recent.clear()
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
