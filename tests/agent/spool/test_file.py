"""The spool's file: one process at a time, no damage where there is none, and older ones are taken over."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from tenantwatch_agent.config import SpoolLimits
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.spool import Spool
from tenantwatch_wire.records import Lane

from tests.agent.spool.spools import (
    CHECKS,
    START_US,
    acknowledge,
    numbers,
    opened,
    result,
)


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


async def test_a_file_of_before_checksums_is_taken_over(tmp_path: Path) -> None:
    async with opened(tmp_path, max_results=3) as spool:
        generation = spool.generation
        for n in range(1, 6):
            await spool.append([result(n)])
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite3")) as old:
        for name in ("result", "gap", "check_entry"):
            old.execute(f"ALTER TABLE {name} DROP COLUMN checksum")
        old.execute("DELETE FROM meta WHERE name = 'checksum'")
        old.commit()
    (tmp_path / "spool.witness").unlink()
    async with opened(tmp_path) as spool:
        assert (spool.generation, await numbers(spool)) == (generation, [3, 4, 5])
        assert [gap.count for gap in await spool.gaps(Lane.LIVE)] == [2]
        await spool.append([result(6)], urgent=True)
        # The collector has what this file never sent: all of it is numbered anew, with checksums.
        assert await acknowledge(spool, 99) == 0
        assert await numbers(spool) == [3, 4, 5, 6]
        assert [definition for _, definition in await spool.entries()] == CHECKS
    async with opened(tmp_path) as spool:
        assert await numbers(spool) == [3, 4, 5, 6]
