"""The spool's file: opened by one process at a time, checked, and set aside when it is damaged."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import aiosqlite
from tenantwatch_wire.records import Lane

from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.spool import table
from tenantwatch_agent.spool.records import SpoolGap
from tenantwatch_agent.spool.witness import Witness

NAME = "spool.sqlite3"
_SCHEMA = Path(__file__).with_name("schema.sql")
KEPT_ASIDE = 2
"""Damaged files that are left for somebody to look at; older ones go."""
CACHE_KIBIBYTES = 512

FAILURES = (sqlite3.DatabaseError, ValueError)
"""ValueError: the connection is closed, since a new file could not be begun after the last damage."""
READ_FAILURES = (*FAILURES, KeyError, TypeError)
"""Also what a value raises that nobody can have written so: a lane 3, half a JSON, a name too few."""

TORN = "the end of the spool was torn off: up to so many results are lost"

log = logging.getLogger(__name__)


class Damaged(Exception):
    """The file is no usable database any more."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What a damaged file still tells of the results it held."""

    count: int
    from_us: int
    to_us: int
    reason: str


@dataclass(slots=True)
class OpenFile:
    """A spool's file, ready to use."""

    db: aiosqlite.Connection
    generation: str
    last: dict[Lane, int]
    sent: dict[Lane, int]
    """Nothing behind these was ever sent: whoever has it has it from another file."""
    count: dict[Lane, int]
    witness: Witness
    may_have_gaps: dict[Lane, bool] = field(default_factory=lambda: dict.fromkeys(Lane, True))
    """So that nobody asks in vain."""

    def given(self, last: dict[Lane, int], sent: dict[Lane, int]) -> None:
        """That was committed."""
        self.last, self.sent = last, sent
        self.witness.note(self.generation, last)

    async def close(self) -> None:
        self.witness.close()
        await self.db.close()


async def open_or_begin(path: Path) -> tuple[OpenFile, Loss | None]:
    """Open it; a damaged one makes way for a new one, and what it held is the loss. Raises AgentError."""
    try:
        return await _open(path), None
    except Damaged as error:
        loss = set_aside(path, error)
        return await _open(path), loss


async def _open(path: Path) -> OpenFile:
    """Open or begin it. Raises Damaged, or AgentError where it cannot be used for another reason."""
    try:
        db = await aiosqlite.connect(path, isolation_level=None)
    except sqlite3.DatabaseError as error:
        raise cannot_be_opened(path, error) from None
    try:
        return await _prepared(db, path)
    except sqlite3.DatabaseError as error:
        await db.close()
        if is_damage(error):
            raise Damaged(str(error)) from None
        # A full disk or a locked file is no damage: what waits in it must not be thrown away.
        raise cannot_be_opened(path, error) from None
    except READ_FAILURES as error:
        await db.close()
        raise Damaged(repr(error)) from None
    except BaseException:
        await db.close()
        raise


async def _prepared(db: aiosqlite.Connection, path: Path) -> OpenFile:
    await db.execute("PRAGMA journal_mode = WAL")
    # FULL: a result that is in the spool survives the loss of power.
    await db.execute("PRAGMA synchronous = FULL")
    await db.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
    await db.execute("PRAGMA journal_size_limit = 4194304")
    await _upgrade(db)
    await db.executescript(_SCHEMA.read_text("utf-8"))
    for row in await db.execute_fetchall("PRAGMA quick_check(1)"):
        if row[0] != "ok":
            raise Damaged(row[0])
    new = await db.execute(
        "INSERT OR IGNORE INTO meta VALUES ('generation', ?), ('last_sequence', 0), ('last_backlog', 0)",
        (new_generation(),),
    )
    # A file from before these were kept: all of it may have been sent.
    await db.execute(
        "INSERT OR IGNORE INTO meta SELECT CASE name WHEN 'last_backlog' THEN 'sent_backlog' ELSE 'sent_live'"
        " END, value FROM meta WHERE name IN ('last_sequence', 'last_backlog')"
    )
    if new.rowcount > 0:
        # From here on the file itself knows its generation, whatever becomes of the log beside it.
        await db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    meta = {row[0]: row[1] for row in await db.execute_fetchall("SELECT name, value FROM meta")}
    last = {Lane.LIVE: meta["last_sequence"], Lane.BACKLOG: meta["last_backlog"]}
    counted = await db.execute_fetchall("SELECT lane, count(*), max(sequence) FROM result GROUP BY lane")
    for lane, _, newest in counted:
        if newest > last[Lane(lane)]:
            raise Damaged(f"it holds sequence {newest} and says that {last[Lane(lane)]} was the last")
    path.chmod(0o600)
    file = OpenFile(
        db,
        meta["generation"],
        last,
        {Lane.LIVE: meta["sent_live"], Lane.BACKLOG: meta["sent_backlog"]},
        {Lane.LIVE: 0, Lane.BACKLOG: 0} | {Lane(row[0]): row[1] for row in counted},
        Witness(path.parent),
    )
    try:
        await _note_torn(file)
    except BaseException:
        file.witness.close()
        raise
    return file


async def _note_torn(file: OpenFile) -> None:
    """What the witness has seen and the database no longer knows of is lost, and its sequences with it."""
    seen = file.witness.read(file.generation)
    torn = [] if seen is None else [lane for lane in Lane if seen.last[lane] > file.last[lane]]
    if seen is None or not torn:
        return
    rows = await file.db.execute_fetchall("SELECT coalesce(max(time_us), ?1) FROM result", (seen.time_us,))
    from_us = min(seen.time_us, next(iter(rows))[0])
    gaps = [
        SpoolGap(lane, file.last[lane] + 1, seen.last[lane], from_us, seen.time_us, TORN) for lane in torn
    ]
    last = {lane: max(file.last[lane], seen.last[lane]) for lane in Lane}
    # They may have been sent before they were lost.
    sent = {lane: last[lane] if lane in torn else file.sent[lane] for lane in Lane}
    await table.note_gaps(file.db, gaps, last, sent)
    file.given(last, sent)
    log.error("the end of the spool is torn off: %d results are lost", sum(g.count for g in gaps))


def new_generation() -> str:
    return os.urandom(16).hex()


async def _upgrade(db: aiosqlite.Connection) -> None:
    """A file from before there were two lanes: all it holds is of the first."""
    columns = [row[1] for row in await db.execute_fetchall("PRAGMA table_info(result)")]
    if not columns or "lane" in columns:
        return
    await db.executescript(
        "BEGIN IMMEDIATE; ALTER TABLE result RENAME TO old_result; ALTER TABLE gap RENAME TO old_gap;"
        + _SCHEMA.read_text("utf-8")
        + "INSERT INTO result SELECT 1, * FROM old_result; INSERT INTO gap SELECT 1, * FROM old_gap;"
        "DROP TABLE old_result; DROP TABLE old_gap; COMMIT;"
    )


def set_aside(path: Path, error: Exception) -> Loss:
    """Rename the damaged file and its parts; returns what was in it, as far as it can be told."""
    aside = path.with_suffix(f".damaged-{time.time_ns()}")
    log.error("the spool is damaged (%s): set aside as %s, a new one begins", error, aside)
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    _forget_older(path)
    return _loss(aside)


def _forget_older(path: Path) -> None:
    found = sorted(path.parent.glob(f"{path.stem}.damaged-*"))
    for one in [one for one in found if not one.name.endswith(("-wal", "-shm"))][:-KEPT_ASIDE]:
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                one.with_name(one.name + suffix).unlink(missing_ok=True)


def _loss(aside: Path) -> Loss:
    now_us = time.time_ns() // 1000
    try:
        with contextlib.closing(sqlite3.connect(f"file:{aside}?mode=ro", uri=True)) as db:
            count, from_us, to_us = db.execute(
                "SELECT count(*), min(time_us), max(time_us) FROM result"
            ).fetchone()
    except sqlite3.Error:
        return Loss(1, now_us, now_us, "the spool was damaged; how many results it held is not known")
    if not count:
        return Loss(0, now_us, now_us, "")
    return Loss(count, from_us, to_us, "the spool was damaged: up to so many results are lost")


def is_damage(error: Exception) -> bool:
    if not isinstance(error, sqlite3.Error):
        return True
    if str(error).startswith("Could not decode"):
        # Python itself says so of a text that is not UTF-8: there is no code of SQLite's.
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def cannot_be_opened(path: Path, error: Exception) -> AgentError:
    return AgentError(f"the spool {path} cannot be opened: {error}; free space, or see who else uses it")


def lock(folder: Path) -> IO[str]:
    """Make the folder this process's own. Raises AgentError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (folder / "spool.lock").open("w")
    except OSError as error:
        raise AgentError(f"data_folder {folder} cannot be used: {error.strerror}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise AgentError(
            f"another agent uses {folder}: stop it, or give this one its own data_folder"
        ) from None
    return file
