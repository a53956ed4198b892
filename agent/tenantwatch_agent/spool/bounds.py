"""Keeps the spool within its bounds, in a transaction: the oldest go first, and what goes becomes a gap."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from tenantwatch_wire.records import Lane

from tenantwatch_agent.config.sections import SpoolLimits
from tenantwatch_agent.spool.gaps import add_gap, forget_gaps
from tenantwatch_agent.spool.records import SpoolGap

MIN_DROPPED_FOR_BYTES = 100
"""Space comes free by pages, so dropping results one by one would free nothing for long."""


def drop_beyond(
    db: sqlite3.Connection, limits: SpoolLimits, now_us: int, count: dict[Lane, int]
) -> dict[Lane, int]:
    """Returns how many results went of each lane."""
    dropped = dict.fromkeys(count, 0)
    for gap in _beyond(db, limits, now_us, dict(count)):
        deleted = db.execute(
            "DELETE FROM result WHERE lane = ? AND sequence <= ?", (int(gap.lane), gap.last_sequence)
        )
        dropped[gap.lane] += deleted.rowcount
        forget_gaps(db, gap.lane, gap.last_sequence, gap.first_sequence)
        add_gap(db, gap)
    return dropped


def _beyond(
    db: sqlite3.Connection, limits: SpoolLimits, now_us: int, left: dict[Lane, int]
) -> Iterator[SpoolGap]:
    """What must go, one stretch after the other; each is gone when the next is asked for."""
    oldest_us = now_us - round(limits.max_age_hours * 3_600_000_000)
    for lane in left:
        if gap := _older_than(db, lane, oldest_us):
            left[lane] -= gap[1]
            yield gap[0]
    while (excess := sum(left.values()) - limits.max_results) > 0:
        gap = _head(db, _oldest_lane(db), excess, "the spool was full: max_results")
        left[gap[0].lane] -= gap[1]
        yield gap[0]
    while sum(left.values()) and used_bytes(db) > limits.max_megabytes * 1_000_000:
        some = max(MIN_DROPPED_FOR_BYTES, sum(left.values()) // 50)
        gap = _head(db, _oldest_lane(db), some, "the spool was full: max_megabytes")
        left[gap[0].lane] -= gap[1]
        yield gap[0]


def used_bytes(db: sqlite3.Connection) -> int:
    """Of the file, without what is free for new results."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _older_than(db: sqlite3.Connection, lane: Lane, oldest_us: int) -> tuple[SpoolGap, int] | None:
    kept = db.execute(
        "SELECT sequence FROM result WHERE lane = ? AND time_us >= ? ORDER BY sequence LIMIT 1",
        (int(lane), oldest_us),
    ).fetchone()
    until = kept[0] - 1 if kept else 2**62
    return _stretch(db, lane, until, "results older than max_age_hours were dropped")


def _oldest_lane(db: sqlite3.Connection) -> Lane:
    (lane, _) = db.execute(
        "SELECT * FROM (SELECT lane, time_us FROM result WHERE lane = 1 ORDER BY sequence LIMIT 1)"
        " UNION ALL SELECT * FROM (SELECT lane, time_us FROM result WHERE lane = 2 ORDER BY sequence LIMIT 1)"
        " ORDER BY 2 LIMIT 1"
    ).fetchone()
    return Lane(lane)


def _head(db: sqlite3.Connection, lane: Lane, count: int, reason: str) -> tuple[SpoolGap, int]:
    (until,) = db.execute(
        "SELECT max(sequence) FROM (SELECT sequence FROM result WHERE lane = ? ORDER BY sequence LIMIT ?)",
        (int(lane), count),
    ).fetchone()
    found = _stretch(db, lane, until, reason)
    assert found is not None  # the lane was chosen for what is in it
    return found


def _stretch(db: sqlite3.Connection, lane: Lane, until: int, reason: str) -> tuple[SpoolGap, int] | None:
    first, last, from_us, to_us, count = db.execute(
        "SELECT min(sequence), max(sequence), min(time_us), max(time_us), count(*)"
        " FROM result WHERE lane = ? AND sequence <= ?",
        (int(lane), until),
    ).fetchone()
    return (SpoolGap(lane, first, last, from_us, to_us, reason), count) if count else None
