"""One writer and one reader on the same file, each in a thread of its own; transactions that end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from tenantwatch_collector.store.base import StoreUnavailable, UnfitDelivery
from tenantwatch_collector.store.sql.database import Parameters, Row, Transaction

_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    # FULL: a commit that was acknowledged survives the loss of power.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -65536",
)


class SqliteTransaction:
    """Statements on the writer, within BEGIN and COMMIT."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, parameters: Parameters = ()) -> Sequence[Row]:
        return list(await self._connection.execute_fetchall(sql, parameters))

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        async with self._connection.execute(sql, parameters) as done:
            return done.rowcount

    async def execute_many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        await self._connection.executemany(sql, parameters)


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
    async def transaction(self) -> AsyncIterator[Transaction]:
        """The writer within BEGIN IMMEDIATE; commits at the end, rolls back on any failure."""
        async with self._turn:
            try:
                try:
                    # Inside the try: a cancelled await leaves its statement queued, BEGIN too. The
                    # connection's thread keeps order, so the rollback comes after it.
                    await self._writer.execute("BEGIN IMMEDIATE")
                    yield SqliteTransaction(self._writer)
                    await self._writer.commit()
                except BaseException:
                    await asyncio.shield(self._writer.rollback())
                    raise
            except (sqlite3.DataError, OverflowError, UnicodeEncodeError) as error:
                raise UnfitDelivery(f"SQLite can never keep this: {error}") from error
            except sqlite3.DatabaseError as error:
                raise translate(error) from error

    async def read(
        self, sql: str, parameters: Parameters = (), tenant_key: int | None = None
    ) -> Sequence[Row]:
        """All rows of one SELECT, as last committed. A file knows no rights: statements name the tenant."""
        try:
            return list(await self._reader.execute_fetchall(sql, parameters))
        except (sqlite3.OperationalError, ValueError) as error:
            raise translate(error) from error

    async def survey(self, sql: str, parameters: Parameters = ()) -> Sequence[Row]:
        """All rows of one SELECT: readers hold up no one here."""
        return await self.read(sql, parameters)


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
