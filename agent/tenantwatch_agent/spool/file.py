"""The spool's file: opened by one process at a time, and checked."""

from __future__ import annotations

import fcntl
import functools
import logging
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import aiosqlite
from tenantwatch_wire.records import Lane

from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.spool import meta
from tenantwatch_agent.spool.connection import ask, transact
from tenantwatch_agent.spool.damage import READ_FAILURES, Damaged, is_damage, loss_of, set_aside
from tenantwatch_agent.spool.gaps import add_gap
from tenantwatch_agent.spool.prepare import prepare
from tenantwatch_agent.spool.records import Given, Loss, SpoolGap
from tenantwatch_agent.spool.witness import Testimony, Witness

NAME = "spool.sqlite3"

TORN = "the end of the spool was torn off: up to so many results are lost"
ENDED_FULL = "the disk under the spool was full when the agent ended: what waited in memory is lost"
_GONE = "the spool's file was gone: up to so many results are lost"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class OpenFile:
    """A spool's file, ready to use, and what is known of it without asking."""

    db: aiosqlite.Connection
    given: Given
    count: Mapping[Lane, int]
    oldest_us: int
    """When the oldest result in it was seen; 0 where it holds none."""
    may_have_gaps: dict[Lane, bool]
    """So that nobody asks in vain."""
    witness: Witness
    sending: bool = False
    """Results may be sent as soon as they are written."""

    @property
    def total(self) -> int:
        return sum(self.count.values())

    @property
    def has_given_nothing(self) -> bool:
        return not any(self.given.last.values())

    def note(self, given: Given, count: Mapping[Lane, int], oldest_us: int) -> None:
        """That was committed."""
        self.given, self.count, self.oldest_us = given, count, oldest_us
        self.witness.note(given.generation, given.last, self.total, oldest_us)

    def note_held(self, lane: Lane, held: int, oldest_us: int) -> bool:
        """So many wait in memory: they are missed if they never get here. False if that cannot be noted."""
        last = {**self.given.last, lane: self.given.last[lane] + held}
        oldest_us = min(self.oldest_us or oldest_us, oldest_us)
        return self.witness.note(self.given.generation, last, self.total + held, oldest_us, held)

    async def close(self) -> None:
        self.witness.close()
        await self.db.close()


async def open_or_begin(path: Path) -> tuple[OpenFile, Loss | None]:
    """Open it; a damaged one makes way for a new one, and what it held is the loss. Raises AgentError."""
    witness = Witness(path.parent)
    testimony = witness.read()
    try:
        try:
            file, loss = await _open(path, witness), None
        except Damaged as error:
            loss = loss_of(set_aside(path, error), testimony)
            return await _open(path, witness), loss
        if testimony is not None and testimony.generation != file.given.generation and file.has_given_nothing:
            loss = testimony.loss(_GONE)
        return file, loss
    except BaseException:
        witness.close()
        raise


async def _open(path: Path, witness: Witness) -> OpenFile:
    """Open or begin it. Raises Damaged, or AgentError where it cannot be used for another reason."""
    try:
        db = await aiosqlite.connect(path, isolation_level=None)
    except sqlite3.DatabaseError as error:
        raise cannot_be_opened(path, error) from None
    try:
        known = await ask(db, prepare)
        file = OpenFile(db, known.given, known.count, known.oldest_us, known.has_gaps, witness)
        path.chmod(0o600)
        testimony = witness.read()
        if testimony is not None and testimony.generation == file.given.generation:
            await _note_torn(file, testimony)
        return file
    except Damaged:
        await db.close()
        raise
    except READ_FAILURES as error:
        await db.close()
        if is_damage(error):
            raise Damaged(str(error) or repr(error)) from None
        raise cannot_be_opened(path, error) from None
    except BaseException:
        await db.close()
        raise


async def _note_torn(file: OpenFile, seen: Testimony) -> None:
    """What the witness has seen and the database no longer knows of is lost, and its sequences with it."""
    given = file.given
    torn = [lane for lane in Lane if seen.last[lane] > given.last[lane]]
    if not torn:
        return
    reason = ENDED_FULL if seen.held else TORN
    newest = (await ask(file.db, _newest_us)) or seen.oldest_us or seen.time_us
    found = [
        SpoolGap(lane, given.last[lane] + 1, seen.last[lane], min(newest, seen.time_us), seen.time_us, reason)
        for lane in torn
    ]
    last = {lane: max(given.last[lane], seen.last[lane]) for lane in Lane}
    # They may have been sent before they were lost.
    sent = {lane: last[lane] if lane in torn else given.sent[lane] for lane in Lane}
    now = Given(given.generation, last, sent)
    await transact(file.db, functools.partial(note_gaps, found, now))
    file.note(now, file.count, file.oldest_us)
    file.may_have_gaps |= dict.fromkeys(torn, True)
    log.error("%s: %d", reason, sum(gap.count for gap in found))


def note_gaps(found: Iterable[SpoolGap], given: Given, db: sqlite3.Connection) -> None:
    for gap in found:
        add_gap(db, gap)
    meta.note(db, given)


def _newest_us(db: sqlite3.Connection) -> int | None:
    newest: int | None = db.execute("SELECT max(time_us) FROM result").fetchone()[0]
    return newest


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
