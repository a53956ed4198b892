"""Makes a spool's file ready for work, and sees whether all is in it that should be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tenantwatch_wire.records import Lane

from tenantwatch_agent.spool import meta, table
from tenantwatch_agent.spool.checksum import checksum
from tenantwatch_agent.spool.damage import Damaged
from tenantwatch_agent.spool.gaps import gaps
from tenantwatch_agent.spool.records import Given, SpoolGap

CACHE_KIBIBYTES = 512
_SCHEMA = Path(__file__).with_name("schema.sql")
_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    # FULL: a result that is in the spool survives the loss of power.
    "PRAGMA synchronous = FULL",
    f"PRAGMA cache_size = -{CACHE_KIBIBYTES}",
    "PRAGMA journal_size_limit = 4194304",
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds when it is opened."""

    given: Given
    count: dict[Lane, int]
    oldest_us: int
    has_gaps: dict[Lane, bool]


def prepare(db: sqlite3.Connection) -> Content:
    """Raises Damaged, or what reading a damaged file raises."""
    for statement in _SETTINGS:
        db.execute(statement).fetchall()
    db.create_function("checksum", -1, checksum, deterministic=True)
    _upgrade(db)
    db.executescript(_SCHEMA.read_text("utf-8"))
    for (found,) in db.execute("PRAGMA quick_check(1)"):
        if found != "ok":
            raise Damaged(found)
    given = meta.begin_or_read(db)
    if not any(given.last.values()):
        # From here on the file itself knows its generation, whatever becomes of the log beside it.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    count, has_gaps = dict.fromkeys(Lane, 0), dict.fromkeys(Lane, False)
    for lane in Lane:
        found_gaps = gaps(db, lane)
        count[lane] = _whole(db, lane, found_gaps, given.last[lane])
        has_gaps[lane] = bool(found_gaps)
    return Content(given, count, table.oldest_us(db), has_gaps)


def _whole(db: sqlite3.Connection, lane: Lane, found: Iterable[SpoolGap], last: int) -> int:
    """How many results it holds; from the first on each sequence is theirs or a gap's. Raises Damaged."""
    count, first = db.execute(
        "SELECT count(*), min(sequence) FROM result WHERE lane = ?", (int(lane),)
    ).fetchone()
    firsts = [gap.first_sequence for gap in found] + ([first] if count else [])
    there, end = int(count), 0
    for gap in found:
        there += max(0, gap.last_sequence - max(gap.first_sequence - 1, end))
        end = max(end, gap.last_sequence)
    if firsts and there != last - min(firsts) + 1:
        raise Damaged(f"of the sequences {min(firsts)} to {last} of a lane {there} are there")
    return int(count)


def _upgrade(db: sqlite3.Connection) -> None:
    """A file from before checksums; one from before there were two lanes: all it holds is of the first."""
    columns = [row[1] for row in db.execute("PRAGMA table_info(result)")]
    if not columns or "checksum" in columns:
        return
    added = "".join(
        f"ALTER TABLE {name} ADD COLUMN checksum INTEGER;" for name in ("result", "gap", "check_entry")
    )
    if "lane" not in columns:
        added += (
            "ALTER TABLE result RENAME TO old_result; ALTER TABLE gap RENAME TO old_gap;"
            + _SCHEMA.read_text("utf-8")
            + "INSERT INTO result SELECT 1, * FROM old_result; INSERT INTO gap SELECT 1, * FROM old_gap;"
            "DROP TABLE old_result; DROP TABLE old_gap; INSERT INTO meta VALUES ('last_backlog', 0);"
        )
    db.executescript(f"BEGIN IMMEDIATE; {added} COMMIT;")
