"""The table ``meta``: the file's generation, and how far sequences were given and sent."""

from __future__ import annotations

import os
import sqlite3

from tenantwatch_wire.records import Lane

from tenantwatch_agent.spool.checksum import checksum
from tenantwatch_agent.spool.records import Given

_LAST = {Lane.LIVE: "last_sequence", Lane.BACKLOG: "last_backlog"}
_SENT = {Lane.LIVE: "sent_live", Lane.BACKLOG: "sent_backlog"}


def new_generation() -> str:
    return os.urandom(16).hex()


def begin_or_read(db: sqlite3.Connection) -> Given:
    """Raises KeyError, TypeError or ValueError where it was never written so."""
    rows = dict(db.execute("SELECT name, value FROM meta").fetchall())
    if not rows:
        given = Given(new_generation(), dict.fromkeys(Lane, 0), dict.fromkeys(Lane, 0))
        db.executemany("INSERT INTO meta VALUES (?, ?)", _rows(given).items())
        return given
    # A file from before these were kept: all of it may have been sent.
    last = {lane: int(rows[_LAST[lane]]) for lane in Lane}
    sent = {lane: int(rows.get(_SENT[lane], last[lane])) for lane in Lane}
    given = Given(str(rows["generation"]), last, sent)
    whole = _rows(given)
    if rows.get("checksum", whole["checksum"]) != whole["checksum"]:
        raise ValueError("what it says of its sequences is not as it was written")
    db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", whole.items())
    return given


def note(db: sqlite3.Connection, given: Given) -> None:
    """In the caller's transaction; writes only what differs."""
    db.executemany(
        "UPDATE meta SET value = ?2 WHERE name = ?1 AND value <> ?2",
        _rows(given).items(),
    )


def _rows(given: Given) -> dict[str, object]:
    rows: dict[str, object] = {"generation": given.generation}
    rows |= {_LAST[lane]: given.last[lane] for lane in Lane}
    rows |= {_SENT[lane]: given.sent[lane] for lane in Lane}
    return rows | {"checksum": checksum(*rows.values())}
