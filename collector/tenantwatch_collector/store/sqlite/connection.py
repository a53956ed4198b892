"""One writer and one reader on the same file, each in a thread of its own; transactions that end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from tenantwatch_collector.store.base import StoreUnavailable

_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    # FULL: a commit that was acknowledged survives the loss of power.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -65536",
)


class Connections:
    """The writer is used by one transaction at a time; reads never wait for it."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._turn = asyncio.Lock()
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> Connections:
        writer = await _connect(path)
        reader = await _connect(path)
        await reader.execute("PRAGMA query_only = ON")
        return cls(writer, reader)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        async with self._turn:
            await self._reader.close()
            await self._writer.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """The writer within BEGIN IMMEDIATE; commits at the end, rolls back on any failure."""
        async with self._turn:
            try:
                try:
                    # Inside the try: a cancelled await leaves its statement queued, BEGIN too. The
                    # connection's thread keeps order, so the rollback comes after it.
                    await self._writer.execute("BEGIN IMMEDIATE")
                    yield self._writer
                    await self._writer.commit()
                except BaseException:
                    await asyncio.shield(self._writer.rollback())
                    raise
            except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
                raise translate(error) from error

    async def read(self, sql: str, parameters: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """All rows of one SELECT, as last committed."""
        try:
            return list(await self._reader.execute_fetchall(sql, parameters))
        except (sqlite3.OperationalError, ValueError) as error:
            raise translate(error) from error


def translate(error: Exception) -> Exception:
    """What sqlite3 says in the store's words; a broken rule of the schema stays the bug that it is."""
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return error
    return StoreUnavailable(f"the SQLite store cannot serve now: {error}")


async def _connect(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None, timeout=10)
    connection.row_factory = sqlite3.Row
    for setting in _SETTINGS:
        await connection.execute(setting)
    return connection
