"""What counts as damage of the spool's file, where such a file goes, and what it held."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from pathlib import Path

from tenantwatch_agent.spool.records import Loss
from tenantwatch_agent.spool.witness import Testimony

KEPT_ASIDE = 2
"""Damaged files that are left for somebody to look at; older ones go."""
REASON = "the spool was damaged: up to so many results are lost"
_UNKNOWN = "the spool was damaged; how many results it held is not known"
_PARTS = ("", "-wal", "-shm")

FAILURES = (sqlite3.DatabaseError, ValueError)
"""ValueError: the connection is closed, since a new file could not be begun after the last damage."""
READ_FAILURES = (*FAILURES, KeyError, TypeError)
"""Also what a value raises that nobody can have written so: a lane 3, half a JSON, a name too few."""

# Nobody but the agent writes the file: what breaks a rule of its tables was never written.
_CODES = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
)
# SQLite has one code for all that is wrong with a statement. Ours are right where the tables are ours.
_WORDS = ("no such ", "table ", "malformed ", "near ", "unrecognized token", "Could not decode")

log = logging.getLogger(__name__)


class Damaged(Exception):
    """The file is no usable database any more."""


def is_damage(error: Exception) -> bool:
    """A full disk or a locked file is none: what waits in it must not be thrown away."""
    if not isinstance(error, sqlite3.Error):
        return True
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in _CODES or (code == sqlite3.SQLITE_ERROR and str(error).startswith(_WORDS))


def set_aside(path: Path, error: Exception) -> Path:
    """Rename the damaged file and its parts; returns its new name."""
    aside = path.with_suffix(f".damaged-{time.time_ns()}")
    log.error("the spool is damaged (%s): set aside as %s, a new one begins", error, aside)
    for suffix in _PARTS:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    _forget_older(path)
    return aside


def _forget_older(path: Path) -> None:
    found = sorted(path.parent.glob(f"{path.stem}.damaged-*"))
    for one in [one for one in found if not one.name.endswith(("-wal", "-shm"))][:-KEPT_ASIDE]:
        for suffix in _PARTS:
            with contextlib.suppress(OSError):
                one.with_name(one.name + suffix).unlink(missing_ok=True)


def loss_of(aside: Path, testimony: Testimony | None) -> Loss | None:
    """What is lost with a file that was set aside: as its witness has it, or as it still tells itself."""
    now_us = time.time_ns() // 1000
    told = _count(aside)
    if testimony is not None and testimony.count >= (told[0] if told else 0):
        return testimony.loss(REASON)
    if told is None:
        return Loss(1, now_us, now_us, _UNKNOWN)
    return Loss(*told, REASON) if told[0] else None


def _count(aside: Path) -> tuple[int, int, int] | None:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{aside}?mode=ro", uri=True)) as db:
            count, from_us, to_us = db.execute(
                "SELECT count(*), min(time_us), max(time_us) FROM result"
            ).fetchone()
        return int(count), int(from_us or 0), int(to_us or 0)
    except (sqlite3.Error, ValueError, TypeError):
        return None
