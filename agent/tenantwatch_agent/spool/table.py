"""The table ``result`` and what belongs into one transaction with it. Runs in SQLite's thread."""

from __future__ import annotations

import itertools
import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenantwatch_wire import limits
from tenantwatch_wire.records import Lane, Result, Status

from tenantwatch_agent.config.sections import SpoolLimits
from tenantwatch_agent.spool import meta
from tenantwatch_agent.spool.bounds import drop_beyond, used_bytes
from tenantwatch_agent.spool.checksum import checksum
from tenantwatch_agent.spool.gaps import add_gap, forget_gaps, gaps, renumber_gaps
from tenantwatch_agent.spool.records import Given, Spooled, SpoolGap

Row = tuple[Any, ...]
# A result's size is about what it takes on the wire.
_READ = """
SELECT lane, sequence, r.idx, time_us, status, latency_us, text, metrics, r.checksum, check_id, size
FROM (
    SELECT *, sum(size) OVER (ORDER BY sequence) AS upto, row_number() OVER (ORDER BY sequence) AS place
    FROM (
        SELECT *, 24 + 2 * length(coalesce(text, '')) + length(coalesce(metrics, '')) AS size
        FROM result WHERE lane = ? AND sequence > ? ORDER BY sequence LIMIT ?
    )
) r LEFT JOIN check_entry USING (idx) WHERE upto <= ? OR place = 1 ORDER BY sequence
"""
_OLDEST = "SELECT time_us FROM result WHERE lane = ? ORDER BY sequence LIMIT 1"


def row(lane: Lane, sequence: int, index: int, result: Result) -> Row:
    """A result as it is inserted."""
    metrics = json.dumps(result.metrics, separators=(",", ":")) if result.metrics else None
    told = (result.time_us, int(result.status), result.latency_us, result.text or None, metrics)
    values = (int(lane), sequence, index, *told)
    return *values, checksum(*values)


def spooled(written: Row, result: Result) -> Spooled:
    """The same as ``read`` hands out."""
    _, sequence, index, *_, text, metrics, _ = written
    return Spooled(sequence, index, result, 24 + 2 * len(text or "") + len(metrics or ""))


@dataclass(frozen=True, slots=True)
class Added:
    """``count`` is what each lane holds then; ``bytes`` is None where nobody looked."""

    count: dict[Lane, int]
    dropped: dict[Lane, int]
    bytes: int | None
    oldest_us: int


def add(
    db: sqlite3.Connection,
    rows: Sequence[Row],
    lost: Sequence[SpoolGap],
    given: Given,
    count: Mapping[Lane, int],
    bounds: SpoolLimits | None,
    now_us: int,
) -> Added:
    """The results with their sequences, what was lost before them, and what then is beyond the bounds."""
    db.executemany("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    for gap in lost:
        add_gap(db, gap)
    meta.note(db, given)
    count = {lane: held + sum(row[0] == lane for row in rows) for lane, held in count.items()}
    dropped, used = dict.fromkeys(Lane, 0), None
    if bounds is not None:
        dropped, used = drop_beyond(db, bounds, now_us, count), used_bytes(db)
    left = {lane: count[lane] - dropped[lane] for lane in Lane}
    return Added(left, dropped, used, oldest_us(db))


def read(db: sqlite3.Connection, lane: Lane, after: int, limit: int, max_bytes: int) -> list[Spooled]:
    """In order, behind that sequence; at least one if there is any. Raises ValueError on damage."""
    found = [_spooled(each) for each in db.execute(_READ, (int(lane), after, limit, max_bytes)).fetchall()]
    holes = [(a.sequence, b.sequence) for a, b in itertools.pairwise(found) if b.sequence != a.sequence + 1]
    if holes:
        reported = {gap.first_sequence - 1: gap.last_sequence for gap in gaps(db, lane)}
        for before, behind in holes:
            _demand_reported(reported, before, behind)
    return found


def _demand_reported(reported: Mapping[int, int], before: int, behind: int) -> None:
    end = before
    while end in reported:
        end = reported[end]
    if end < behind - 1:
        raise ValueError(f"the results {end + 1} to {behind - 1} are missing")


def oldest_us(db: sqlite3.Connection) -> int:
    """When the oldest that waits was seen; 0 where nothing does."""
    found = [row[0] for lane in Lane for row in db.execute(_OLDEST, (int(lane),))]
    return min(found, default=0)


def forget(db: sqlite3.Connection, lane: Lane, sequence: int) -> tuple[int, int]:
    """Results and gaps up to there go; returns how many results, and when the oldest left was seen."""
    deleted = db.execute("DELETE FROM result WHERE lane = ? AND sequence <= ?", (int(lane), sequence))
    forget_gaps(db, lane, sequence)
    return deleted.rowcount, oldest_us(db)


def renumber(db: sqlite3.Connection, last: Mapping[Lane, int]) -> Given:
    """All of another generation, from 1 in each lane; returns what is given then."""
    renumbered = {}
    for lane in Lane:
        (first,) = db.execute(
            "SELECT min(first) FROM (SELECT min(sequence) AS first FROM result WHERE lane = ?1"
            " UNION ALL SELECT min(first_sequence) FROM gap WHERE lane = ?1)",
            (int(lane),),
        ).fetchone()
        before = last[lane] if first is None else first - 1
        # By way of negative numbers: no two rows may have one number on the way.
        db.execute("UPDATE result SET sequence = ?2 - sequence WHERE lane = ?1", (int(lane), before))
        db.execute(
            "UPDATE result SET sequence = -sequence, checksum ="
            " checksum(lane, -sequence, idx, time_us, status, latency_us, text, metrics) WHERE lane = ?",
            (int(lane),),
        )
        renumber_gaps(db, lane, before)
        renumbered[lane] = last[lane] - before
    given = Given(meta.new_generation(), renumbered, dict.fromkeys(Lane, 0))
    meta.note(db, given)
    return given


def _spooled(given: Any) -> Spooled:
    """Raises ValueError where a row holds what was never written: no batch could take it."""
    *values, said, check_id, size = given
    sequence, index, time_us, status, latency_us, text, metrics = values[1:]
    measured = json.loads(metrics) if metrics else {}
    fits = limits.MIN_TIME_US <= time_us <= limits.MAX_TIME_US
    fits = fits and 0 <= (latency_us or 0) <= limits.MAX_LATENCY_US and _are_finite(measured)
    # A row from before checksums has none.
    if not fits or check_id is None or said not in (None, checksum(*values)):
        raise ValueError(f"result {sequence} is not as it was written")
    result = Result(check_id, time_us, Status(status), latency_us, text or "", measured)
    return Spooled(sequence, index, result, size)


def _are_finite(values: Any) -> bool:
    return isinstance(values, dict) and all(
        isinstance(value, int | float) and math.isfinite(value) for value in values.values()
    )
