"""The table ``gap``: which results were dropped, until the collector has heard of it."""

from __future__ import annotations

import sqlite3

from tenantwatch_wire.records import Lane

from tenantwatch_agent.spool.checksum import checksum
from tenantwatch_agent.spool.records import SpoolGap

_COLUMNS = "first_sequence, last_sequence, from_us, to_us, reason, checksum"


def add_gap(db: sqlite3.Connection, gap: SpoolGap) -> None:
    """Neighbours become one: a long outage must not leave a row for each result it cost."""
    before = db.execute(
        f"SELECT {_COLUMNS} FROM gap WHERE lane = ? AND last_sequence = ? AND reason = ?",
        (int(gap.lane), gap.first_sequence - 1, gap.reason),
    ).fetchone()
    if before is not None:
        joined = _gap(gap.lane, before)
        gap = SpoolGap(
            gap.lane,
            joined.first_sequence,
            gap.last_sequence,
            min(joined.from_us, gap.from_us),
            max(joined.to_us, gap.to_us),
            gap.reason,
        )
    db.execute("INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?, ?, ?, ?)", _row(gap))


def gaps(db: sqlite3.Connection, lane: Lane) -> list[SpoolGap]:
    """In order. Raises ValueError where one is not as it was written."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM gap WHERE lane = ? ORDER BY first_sequence", (int(lane),)
    ).fetchall()
    return [_gap(lane, row) for row in rows]


def forget_gaps(db: sqlite3.Connection, lane: Lane, last: int, first: int = 0) -> None:
    """Those that lie between these sequences."""
    db.execute(
        "DELETE FROM gap WHERE lane = ? AND last_sequence <= ? AND first_sequence >= ?",
        (int(lane), last, first),
    )


def renumber_gaps(db: sqlite3.Connection, lane: Lane, before: int) -> None:
    """Each so much lower."""
    moved = [
        SpoolGap(lane, g.first_sequence - before, g.last_sequence - before, g.from_us, g.to_us, g.reason)
        for g in gaps(db, lane)
    ]
    db.execute("DELETE FROM gap WHERE lane = ?", (int(lane),))
    db.executemany("INSERT INTO gap VALUES (?, ?, ?, ?, ?, ?, ?)", [_row(gap) for gap in moved])


def _row(gap: SpoolGap) -> tuple[object, ...]:
    row = (int(gap.lane), gap.first_sequence, gap.last_sequence, gap.from_us, gap.to_us, gap.reason)
    return *row, checksum(*row)


def _gap(lane: Lane, row: tuple[int, int, int, int, str, int | None]) -> SpoolGap:
    gap = SpoolGap(lane, *row[:5])
    # A file from before checksums has none.
    if row[5] is not None and _row(gap)[-1] != row[5]:
        raise ValueError(f"the gap from {gap.first_sequence} on is not as it was written")
    return gap
