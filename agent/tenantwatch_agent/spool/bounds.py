"""Keeps the spool within its bounds, in a transaction: the oldest go first, and what goes becomes a gap."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import aiosqlite
from tenantwatch_wire.records import Lane

from tenantwatch_agent.config.sections import SpoolLimits
from tenantwatch_agent.spool.records import SpoolGap

MIN_DROPPED_FOR_BYTES = 100
"""Space comes free by pages, so dropping results one by one would free nothing for long."""


async def drop_beyond(
    db: aiosqlite.Connection, limits: SpoolLimits, count: dict[Lane, int]
) -> dict[Lane, int]:
    """Returns how many results went of each lane."""
    dropped = dict.fromkeys(count, 0)
    async for gap in _beyond(db, limits, dict(count)):
        deleted = await db.execute(
            "DELETE FROM result WHERE lane = ? AND sequence <= ?", (int(gap.lane), gap.last_sequence)
        )
        dropped[gap.lane] += deleted.rowcount
        await add_gap(db, gap)
    return dropped


async def _beyond(
    db: aiosqlite.Connection, limits: SpoolLimits, left: dict[Lane, int]
) -> AsyncIterator[SpoolGap]:
    """What must go, one stretch after the other; each is gone when the next is asked for."""
    oldest_us = time.time_ns() // 1000 - round(limits.max_age_hours * 3_600_000_000)
    for lane in left:
        if gap := await _older_than(db, lane, oldest_us):
            left[lane] -= gap[1]
            yield gap[0]
    while (excess := sum(left.values()) - limits.max_results) > 0:
        gap = await _head(db, await _oldest_lane(db), excess, "the spool was full: max_results")
        left[gap[0].lane] -= gap[1]
        yield gap[0]
    while sum(left.values()) and await used_bytes(db) > limits.max_megabytes * 1_000_000:
        some = max(MIN_DROPPED_FOR_BYTES, sum(left.values()) // 50)
        gap = await _head(db, await _oldest_lane(db), some, "the spool was full: max_megabytes")
        left[gap[0].lane] -= gap[1]
        yield gap[0]


async def used_bytes(db: aiosqlite.Connection) -> int:
    """Of the file, without what is free for new results."""
    figures = []
    for name in ("page_count", "freelist_count", "page_size"):
        rows = await db.execute_fetchall(f"PRAGMA {name}")
        figures.append(next(iter(rows))[0])
    pages, free, size = figures
    return int((pages - free) * size)


async def _older_than(db: aiosqlite.Connection, lane: Lane, oldest_us: int) -> tuple[SpoolGap, int] | None:
    rows = await db.execute_fetchall(
        "SELECT sequence FROM result WHERE lane = ? AND time_us >= ? ORDER BY sequence LIMIT 1",
        (int(lane), oldest_us),
    )
    until = next((row[0] for row in rows), 2**62)
    return await _stretch(db, lane, until - 1, "results older than max_age_hours were dropped")


async def _oldest_lane(db: aiosqlite.Connection) -> Lane:
    rows = await db.execute_fetchall(
        "SELECT * FROM (SELECT lane, time_us FROM result WHERE lane = 1 ORDER BY sequence LIMIT 1)"
        " UNION ALL SELECT * FROM (SELECT lane, time_us FROM result WHERE lane = 2 ORDER BY sequence LIMIT 1)"
        " ORDER BY 2 LIMIT 1"
    )
    return Lane(next(iter(rows))[0])


async def _head(db: aiosqlite.Connection, lane: Lane, count: int, reason: str) -> tuple[SpoolGap, int]:
    rows = await db.execute_fetchall(
        "SELECT max(sequence) FROM (SELECT sequence FROM result WHERE lane = ? ORDER BY sequence LIMIT ?)",
        (int(lane), count),
    )
    found = await _stretch(db, lane, next(iter(rows))[0], reason)
    assert found is not None  # the lane was chosen for what is in it
    return found


async def _stretch(
    db: aiosqlite.Connection, lane: Lane, until: int, reason: str
) -> tuple[SpoolGap, int] | None:
    rows = await db.execute_fetchall(
        "SELECT min(sequence), max(sequence), min(time_us), max(time_us), count(*)"
        " FROM result WHERE lane = ? AND sequence <= ?",
        (int(lane), until),
    )
    first, last, from_us, to_us, count = next(iter(rows))
    return (SpoolGap(lane, first, last, from_us, to_us, reason), count) if count else None


async def add_gap(db: aiosqlite.Connection, gap: SpoolGap) -> None:
    """Neighbours become one: a long outage must not leave a row for each result it cost."""
    joined = await db.execute(
        "UPDATE gap SET last_sequence = ?, from_us = min(from_us, ?), to_us = max(to_us, ?)"
        " WHERE lane = ? AND last_sequence = ? AND reason = ?",
        (gap.last_sequence, gap.from_us, gap.to_us, int(gap.lane), gap.first_sequence - 1, gap.reason),
    )
    if not joined.rowcount:
        await db.execute(
            "INSERT INTO gap VALUES (?, ?, ?, ?, ?, ?)",
            (int(gap.lane), gap.first_sequence, gap.last_sequence, gap.from_us, gap.to_us, gap.reason),
        )
