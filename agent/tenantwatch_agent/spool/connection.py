"""Work in SQLite's own thread: all of it in one hop, and transactions that end."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable
from typing import TypeVar

import aiosqlite

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


async def ask(db: aiosqlite.Connection, work: Work[T]) -> T:
    """Awaited one by one, each statement would switch threads twice: that is most of what it costs.

    Raises ValueError where the connection is closed.
    """
    # aiosqlite takes no function in public; for this line its version is bounded in pyproject.toml.
    return await db._execute(work, db._conn)  # type: ignore[no-any-return, no-untyped-call]


async def transact(db: aiosqlite.Connection, work: Work[T], *, durable: bool = True) -> T:
    """All that it writes is committed when this returns, or nothing of it.

    What is not durable may be taken back by a loss of power, until the next that is.
    """
    return await ask(db, functools.partial(_within_transaction if durable else _unsynced, work))


def _unsynced(work: Work[T], db: sqlite3.Connection) -> T:
    db.execute("PRAGMA synchronous = NORMAL")
    try:
        return _within_transaction(work, db)
    finally:
        db.execute("PRAGMA synchronous = FULL")


def _within_transaction(work: Work[T], db: sqlite3.Connection) -> T:
    try:
        db.execute("BEGIN IMMEDIATE")
        outcome = work(db)
        db.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise
    return outcome
