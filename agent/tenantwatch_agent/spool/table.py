"""Rows of an open spool file; transactions are the caller's, except where one is named."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import aiosqlite
from tenantwatch_wire import limits
from tenantwatch_wire.records import Lane, Result, Status

from tenantwatch_agent.spool.bounds import add_gap
from tenantwatch_agent.spool.records import Spooled, SpoolGap

_LAST = {Lane.LIVE: "last_sequence", Lane.BACKLOG: "last_backlog"}
_SENT = {Lane.LIVE: "sent_live", Lane.BACKLOG: "sent_backlog"}
# A result's size is about what it takes on the wire.
_READ = """
SELECT sequence, r.idx, time_us, status, latency_us, text, metrics, check_id, size
FROM (
    SELECT *, sum(size) OVER (ORDER BY sequence) AS upto, row_number() OVER (ORDER BY sequence) AS place
    FROM (
        SELECT *, 24 + 2 * length(coalesce(text, '')) + length(coalesce(metrics, '')) AS size
        FROM result WHERE lane = ? AND sequence > ? ORDER BY sequence LIMIT ?
    )
) r JOIN check_entry USING (idx) WHERE upto <= ? OR place = 1 ORDER BY sequence
"""


def row(index: int, result: Result) -> tuple[Any, ...]:
    """A result as it is inserted behind lane and sequence."""
    metrics = json.dumps(result.metrics, separators=(",", ":")) if result.metrics else None
    return index, result.time_us, int(result.status), result.latency_us, result.text or None, metrics


async def insert(db: aiosqlite.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    await db.executemany("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


async def note_last(db: aiosqlite.Connection, last: Mapping[Lane, int], sent: Mapping[Lane, int]) -> None:
    """The last sequences given, and those behind which nothing was ever sent."""
    values = [(last[lane], _LAST[lane]) for lane in Lane] + [(sent[lane], _SENT[lane]) for lane in Lane]
    await db.executemany("UPDATE meta SET value = ?1 WHERE name = ?2 AND value <> ?1", values)


async def read(db: aiosqlite.Connection, lane: Lane, after: int, limit: int, max_bytes: int) -> list[Spooled]:
    """In order, behind that sequence; at least one if there is any."""
    rows = await db.execute_fetchall(_READ, (int(lane), after, limit, max_bytes))
    return [_spooled(each) for each in rows]


async def gaps(db: aiosqlite.Connection, lane: Lane) -> list[SpoolGap]:
    rows = await db.execute_fetchall(
        "SELECT first_sequence, last_sequence, from_us, to_us, reason FROM gap"
        " WHERE lane = ? ORDER BY first_sequence",
        (int(lane),),
    )
    return [SpoolGap(lane, *each) for each in rows]


async def forget(db: aiosqlite.Connection, lane: Lane, sequence: int) -> int:
    """One transaction: results and gaps up to there go."""
    place = (int(lane), sequence)
    await db.execute("BEGIN IMMEDIATE")
    deleted = await db.execute("DELETE FROM result WHERE lane = ? AND sequence <= ?", place)
    await db.execute("DELETE FROM gap WHERE lane = ? AND last_sequence <= ?", place)
    await db.commit()
    return deleted.rowcount


async def renumber(db: aiosqlite.Connection, generation: str, last: Mapping[Lane, int]) -> dict[Lane, int]:
    """One transaction: all of another generation, from 1 in each lane; returns what is given last then."""
    await db.execute("BEGIN IMMEDIATE")
    renumbered = {}
    for lane in Lane:
        rows = await db.execute_fetchall(
            "SELECT min(first) FROM (SELECT min(sequence) AS first FROM result WHERE lane = ?1"
            " UNION ALL SELECT min(first_sequence) FROM gap WHERE lane = ?1)",
            (int(lane),),
        )
        first = next(iter(rows))[0]
        before = last[lane] if first is None else first - 1
        # By way of negative numbers: no two rows may have one number on the way.
        place = (int(lane), before)
        await db.execute("UPDATE result SET sequence = ?2 - sequence WHERE lane = ?1", place)
        await db.execute("UPDATE result SET sequence = -sequence WHERE lane = ?", place[:1])
        await db.execute(
            "UPDATE gap SET first_sequence = ?2 - first_sequence, last_sequence = last_sequence - ?2"
            " WHERE lane = ?1",
            place,
        )
        await db.execute("UPDATE gap SET first_sequence = -first_sequence WHERE lane = ?", place[:1])
        renumbered[lane] = last[lane] - before
    await db.execute("UPDATE meta SET value = ? WHERE name = 'generation'", (generation,))
    await note_last(db, renumbered, dict.fromkeys(Lane, 0))
    await db.commit()
    return renumbered


async def note_gaps(
    db: aiosqlite.Connection,
    gaps: Sequence[SpoolGap],
    last: Mapping[Lane, int],
    sent: Mapping[Lane, int],
) -> None:
    """One transaction."""
    try:
        await db.execute("BEGIN IMMEDIATE")
        for gap in gaps:
            await add_gap(db, gap)
        await note_last(db, last, sent)
        await db.commit()
    except BaseException:
        await db.rollback()
        raise


def _spooled(given: Any) -> Spooled:
    """Raises ValueError where a row holds what was never written: no batch could take it."""
    sequence, index, time_us, status, latency_us, text, metrics, check_id, size = given
    values = json.loads(metrics) if metrics else {}
    fits = limits.MIN_TIME_US <= time_us <= limits.MAX_TIME_US
    if not fits or not 0 <= (latency_us or 0) <= limits.MAX_LATENCY_US or not _are_finite(values):
        raise ValueError(f"result {sequence} is not as it was written")
    result = Result(check_id, time_us, Status(status), latency_us, text or "", values)
    return Spooled(sequence, index, result, size)


def _are_finite(values: Any) -> bool:
    return isinstance(values, dict) and all(
        isinstance(value, int | float) and math.isfinite(value) for value in values.values()
    )
