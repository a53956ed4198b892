"""What the agent saw and the collector has not yet acknowledged, in one SQLite file.

Invariants:

* A result has a sequence from the moment it is in the file; sequences of a generation never repeat and
  follow one another without a hole, except where a row of ``gap`` says which were dropped and why.
* Only ``acknowledge`` and the bound on size delete results.
* A generation is the identity of the file. A new file has a new one, so its sequences, which begin at 1
  again, can never be taken for those of another file.
* A file that cannot be read is set aside under another name and a new generation begins.

Tables: ``meta(name, value)`` holds the generation and the last sequence ever given; ``check_entry`` gives
every check that ever had a result its index in the wire's dictionary; ``result`` is the queue, ordered by
sequence; ``gap`` is what was dropped and not yet reported.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import secrets
import sqlite3
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import IO, Any

import aiosqlite
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tenantwatch_agent.errors import AgentError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS check_entry (
    idx INTEGER PRIMARY KEY, check_id TEXT NOT NULL UNIQUE, definition TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS result (
    sequence INTEGER PRIMARY KEY, idx INTEGER NOT NULL, time_us INTEGER NOT NULL, status INTEGER NOT NULL,
    latency_us INTEGER, text TEXT, metrics TEXT);
CREATE TABLE IF NOT EXISTS gap (
    first_sequence INTEGER PRIMARY KEY, last_sequence INTEGER NOT NULL, from_us INTEGER NOT NULL,
    to_us INTEGER NOT NULL, reason TEXT NOT NULL);
"""
MAX_IN_MEMORY = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A result with its place."""

    sequence: int
    index: int
    result: Result


@dataclass(frozen=True, slots=True)
class SpoolGap:
    """Results first..last were dropped."""

    first_sequence: int
    last_sequence: int
    from_us: int
    to_us: int
    reason: str


class Spool:
    """Open with :meth:`open`. One process at a time; methods may be called concurrently."""

    def __init__(
        self, db: aiosqlite.Connection, lock: IO[str], generation: str, last: int, max_results: int
    ) -> None:
        self._db = db
        self._lock = lock
        self.generation = generation
        self.last_sequence = last
        """The newest sequence given."""
        self.dropped = 0
        self._max_results = max_results
        self._waiting: list[Result] = []
        self._lost: SpoolGap | None = None
        """What memory could not hold; its sequences count from 1 until it is written down."""
        self._works: set[asyncio.Task[int]] = set()
        self._indices: dict[str, int] = {}
        self._turn = asyncio.Lock()
        self._full = False
        self.appended = asyncio.Event()
        """Set after results were added; whoever waits for it clears it."""

    @classmethod
    async def open(cls, folder: Path, checks: Sequence[CheckDefinition], max_results: int) -> Spool:
        """Open or begin the spool in that folder. Raises AgentError if another process has it."""
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = _lock(folder / "spool.lock")
        except OSError as error:
            raise AgentError(f"data_folder {folder} cannot be used: {error.strerror}") from None
        path = folder / "spool.sqlite3"
        try:
            spool = await cls._open_file(path, lock, max_results)
        except _Damaged as error:
            _set_aside(path, error)
            spool = await cls._open_file(path, lock, max_results)
        try:
            await spool._register(checks)
        except sqlite3.DatabaseError as error:
            await spool._db.close()
            lock.close()
            raise _cannot_be_opened(path, error) from None
        return spool

    @classmethod
    async def _open_file(cls, path: Path, lock: IO[str], max_results: int) -> Spool:
        try:
            db = await aiosqlite.connect(path, isolation_level=None)
        except sqlite3.DatabaseError as error:
            lock.close()
            raise _cannot_be_opened(path, error) from None
        try:
            await db.execute("PRAGMA journal_mode = WAL")
            # FULL: a result that is in the spool survives the loss of power.
            await db.execute("PRAGMA synchronous = FULL")
            await db.executescript(_SCHEMA)
            for row in await db.execute_fetchall("PRAGMA quick_check(1)"):
                if row[0] != "ok":
                    raise _Damaged(row[0])
            await db.execute(
                "INSERT OR IGNORE INTO meta VALUES ('generation', ?), ('last_sequence', 0)",
                (secrets.token_hex(16),),
            )
            rows = await db.execute_fetchall("SELECT name, value FROM meta")
            meta = {row[0]: row[1] for row in rows}
        except sqlite3.DatabaseError as error:
            await db.close()
            if _is_damage(error):
                raise _Damaged(str(error)) from None
            # A full disk or a locked file is no damage: what waits in it must not be thrown away.
            lock.close()
            raise _cannot_be_opened(path, error) from None
        except BaseException:
            await db.close()
            raise
        path.chmod(0o600)
        return cls(db, lock, meta["generation"], meta["last_sequence"], max_results)

    async def close(self) -> None:
        """Write what still waits in memory, if the disk lets us, and let go of the file."""
        await self.append([])
        while self._works:
            await asyncio.wait(self._works)
        await self._db.close()
        self._lock.close()

    async def append(self, results: Sequence[Result]) -> int:
        """Keep the results; returns the newest sequence.

        While the disk is full they wait in memory, at most MAX_IN_MEMORY of them; what is beyond is
        dropped, the oldest first, and becomes a gap as soon as something can be written again.
        """
        self._waiting += results
        return await self._whole(self._append())

    async def _append(self) -> int:
        async with self._turn:
            if not self._waiting and self._lost is None:
                return self.last_sequence
            try:
                await self._write()
            except sqlite3.DatabaseError as error:
                self._hold(error)
        self.appended.set()
        return self.last_sequence

    async def _whole(self, work: Coroutine[Any, Any, int]) -> int:
        """To its end, even if the caller is cancelled: a transaction left half done would block the next."""
        task = asyncio.create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        return await asyncio.shield(task)

    async def entries(self) -> list[tuple[int, CheckDefinition]]:
        """The dictionary: every check that may have results here, by index."""
        rows = await self._db.execute_fetchall("SELECT idx, definition FROM check_entry ORDER BY idx")
        return [(row[0], CheckDefinition(**json.loads(row[1]))) for row in rows]

    async def read(self, after: int, limit: int) -> list[Spooled]:
        """Results in order, beginning behind that sequence."""
        rows = await self._db.execute_fetchall(
            "SELECT r.*, c.check_id FROM result r JOIN check_entry c USING (idx)"
            " WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (after, limit),
        )
        return [
            Spooled(
                sequence,
                index,
                Result(
                    check_id,
                    time_us,
                    Status(status),
                    latency_us,
                    text or "",
                    json.loads(metrics) if metrics else {},
                ),
            )
            for sequence, index, time_us, status, latency_us, text, metrics, check_id in rows
        ]

    async def acknowledge(self, sequence: int) -> int:
        """Everything up to that sequence is committed by the collector: forget it; returns how many.

        While the disk is full they stay; a later acknowledgement includes them.
        """
        return await self._whole(self._acknowledge(sequence))

    async def _acknowledge(self, sequence: int) -> int:
        async with self._turn:
            try:
                await self._db.execute("BEGIN IMMEDIATE")
                deleted = await self._db.execute("DELETE FROM result WHERE sequence <= ?", (sequence,))
                await self._db.execute("DELETE FROM gap WHERE last_sequence <= ?", (sequence,))
                if sequence > self.last_sequence:
                    # The collector knows more than this file: a copy of an old file was put back.
                    await self._note_last(sequence)
                await self._db.commit()
            except sqlite3.DatabaseError as error:
                await self._db.rollback()
                self._complain(error)
                return 0
            self.last_sequence = max(self.last_sequence, sequence)
            return deleted.rowcount

    async def gaps(self) -> list[SpoolGap]:
        rows = await self._db.execute_fetchall("SELECT * FROM gap ORDER BY first_sequence")
        return [SpoolGap(*row) for row in rows]

    async def count(self) -> int:
        """Results that wait, on disk and in memory."""
        rows = await self._db.execute_fetchall("SELECT count(*) FROM result")
        return int(next(iter(rows))[0]) + len(self._waiting)

    async def _register(self, checks: Sequence[CheckDefinition]) -> None:
        for definition in checks:
            kept = {name: getattr(definition, name) for name in CheckDefinition.__slots__}
            await self._db.execute(
                "INSERT INTO check_entry (idx, check_id, definition)"
                " VALUES ((SELECT coalesce(max(idx) + 1, 0) FROM check_entry), ?, ?)"
                " ON CONFLICT (check_id) DO UPDATE SET definition = excluded.definition",
                (definition.check_id, json.dumps(kept)),
            )
        rows = await self._db.execute_fetchall("SELECT check_id, idx FROM check_entry")
        self._indices = {row[0]: row[1] for row in rows}

    async def _write(self) -> None:
        lost = self._lost
        first = self.last_sequence + 1 + (lost.last_sequence if lost else 0)
        rows = [
            (
                first + offset,
                self._indices[result.check_id],
                result.time_us,
                int(result.status),
                result.latency_us,
                result.text or None,
                _json(result.metrics),
            )
            for offset, result in enumerate(self._waiting)
        ]
        last = first + len(rows) - 1
        try:
            await self._db.execute("BEGIN IMMEDIATE")
            await self._db.executemany("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            if lost is not None:
                await self._add_gap(
                    replace(lost, first_sequence=self.last_sequence + 1, last_sequence=first - 1)
                )
            await self._note_last(last)
            await self._drop_oldest(last)
            await self._db.commit()
        except BaseException:
            await self._db.rollback()
            raise
        self.last_sequence = last
        # More may have come while these were written.
        del self._waiting[: len(rows)]
        self._lost = None
        if self._full:
            self._full = False
            log.warning("the spool can be written again")

    def _complain(self, error: sqlite3.DatabaseError) -> None:
        if self._full:
            return
        self._full = True
        remedy = "restart the agent, which sets the damaged file aside" if _is_damage(error) else ""
        log.error(
            "the spool cannot be written (%s): %s; up to %d results wait in memory meanwhile",
            error,
            remedy or "free space under its folder",
            MAX_IN_MEMORY,
        )

    def _hold(self, error: sqlite3.DatabaseError) -> None:
        self._complain(error)
        excess = self._waiting[: max(0, len(self._waiting) - MAX_IN_MEMORY)]
        if not excess:
            return
        self.dropped += len(excess)
        del self._waiting[: len(excess)]
        times = [result.time_us for result in excess]
        before = self._lost or SpoolGap(1, 0, times[0], times[0], "the disk under the spool was full")
        self._lost = replace(
            before,
            last_sequence=before.last_sequence + len(excess),
            from_us=min(before.from_us, *times),
            to_us=max(before.to_us, *times),
        )

    async def _note_last(self, sequence: int) -> None:
        await self._db.execute("UPDATE meta SET value = ? WHERE name = 'last_sequence'", (sequence,))

    async def _drop_oldest(self, last: int) -> None:
        """Keep the newest ``max_results``; what goes becomes a gap."""
        rows = await self._db.execute_fetchall(
            "SELECT min(sequence), max(sequence), min(time_us), max(time_us), count(*)"
            " FROM result WHERE sequence <= ?",
            (last - self._max_results,),
        )
        first, until, from_us, to_us, count = next(iter(rows))
        if not count:
            return
        self.dropped += count
        await self._db.execute("DELETE FROM result WHERE sequence <= ?", (until,))
        await self._add_gap(SpoolGap(first, until, from_us, to_us, "the spool was full"))

    async def _add_gap(self, gap: SpoolGap) -> None:
        """Neighbours become one: a long outage must not leave a row for each result it cost."""
        joined = await self._db.execute(
            "UPDATE gap SET last_sequence = ?, from_us = min(from_us, ?), to_us = max(to_us, ?)"
            " WHERE last_sequence = ? AND reason = ?",
            (gap.last_sequence, gap.from_us, gap.to_us, gap.first_sequence - 1, gap.reason),
        )
        if not joined.rowcount:
            await self._db.execute("INSERT INTO gap VALUES (?, ?, ?, ?, ?)", astuple(gap))


class _Damaged(Exception):
    """The file is no usable database any more."""


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _cannot_be_opened(path: Path, error: Exception) -> AgentError:
    return AgentError(f"the spool {path} cannot be opened: {error}; free space, or see who else uses it")


def _set_aside(path: Path, error: Exception) -> None:
    aside = path.with_suffix(f".damaged-{time.time_ns()}")
    log.error("the spool is damaged (%s): set aside as %s, a new one begins", error, aside)
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))


def _json(metrics: Mapping[str, float]) -> str | None:
    return json.dumps(metrics, separators=(",", ":")) if metrics else None


def _lock(path: Path) -> IO[str]:
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise AgentError(
            f"another agent uses {path.parent}: stop it, or give this one its own data_folder"
        ) from None
    return file
