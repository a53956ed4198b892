"""Spools for tests, and what is put into them."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tenantwatch_agent.clock import boottime
from tenantwatch_agent.config import SpoolLimits
from tenantwatch_agent.spool import Spool
from tenantwatch_wire.records import CheckDefinition, Lane, Result, Status

CHECKS = [CheckDefinition(name, "http_endpoint", 1000, 1000) for name in ("a", "b")]
START_US = time.time_ns() // 86_400_000_000_000 * 86_400_000_000 - 3_600_000_000
"""Recent, as old results are dropped. A process that a test starts is told it: the day may have changed."""


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
    """As on a full disk: the file can be read and not written. Behind it the spool has tried once more."""
    await spool._current.file.db.execute("PRAGMA query_only = 1")
    yield
    await spool._current.file.db.execute("PRAGMA query_only = 0")
    assert await spool._write_again()


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """By the agent; others may log at any moment what an earlier test left to the collector of garbage."""
    return [record for record in caplog.records if record.name.startswith("tenantwatch_agent")]


def aside(folder: Path) -> list[Path]:
    """Damaged files, without the parts that SQLite keeps beside each."""
    return [p for p in folder.glob("spool.damaged-*") if not p.name.endswith(("-wal", "-shm"))]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
