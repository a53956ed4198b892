"""PostgreSQL as the store's SQL wants it: pools, transactions, deadlines that hold on a dead line too."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tenantwatch_collector.store.base import StoreUnavailable, UnfitDelivery
from tenantwatch_collector.store.sql.database import Parameters, Row, Transaction

Connection = psycopg.AsyncConnection[dict[str, Any]]

CONNECT_SECONDS = 5
READ_SECONDS = 15.0
WRITE_SECONDS = 30.0
HOUSEKEEPING_SECONDS = 3_600.0
_READERS = 6
_IDLE_SECONDS = 10
"""A collector that was paused in a transaction must not hold its locks for ever."""
_KEEPALIVES = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


class PostgresTransaction:
    """Statements on one connection, within BEGIN and COMMIT."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, parameters: Parameters = ()) -> Sequence[Row]:
        return await (await self._connection.execute(marked(sql), parameters)).fetchall()

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        return (await self._connection.execute(marked(sql), parameters)).rowcount

    async def execute_many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        rows = list(parameters)
        if rows:
            async with self._connection.cursor() as cursor:
                await cursor.executemany(marked(sql), rows)


class Pools:
    """Connections for reading, one for each writer and one kept aside, all to the same database."""

    def __init__(self, url: str, writers: int) -> None:
        self._readers = _pool(url, _READERS)
        self._writers = _pool(url, writers)
        self._aside = _pool(url, 1)
        self._in_use: set[Connection] = set()
        self._abandoned = False

    async def open(self) -> None:
        """Raises StoreUnavailable when the database cannot be reached."""
        with translated():
            for pool in self._all():
                await pool.open(wait=True, timeout=CONNECT_SECONDS + 1)

    async def close(self) -> None:
        for pool in self._all():
            await pool.close()

    async def abandon(self) -> None:
        """Cut every line in use, so that nobody waits for a server that says nothing, and lend no more."""
        self._abandoned = True
        for connection in self._in_use:
            _sever(connection)
        for pool in self._all():
            await pool.close(0)

    def _all(self) -> tuple[AsyncConnectionPool[Connection], ...]:
        return self._readers, self._writers, self._aside

    @asynccontextmanager
    async def _lent(self, pool: AsyncConnectionPool[Connection], seconds: float) -> AsyncIterator[Connection]:
        """A connection of the pool that is cut when that time is over."""
        async with pool.connection(timeout=CONNECT_SECONDS) as connection:
            self._in_use.add(connection)
            try:
                with severed_after(connection, seconds):
                    yield connection
            finally:
                self._in_use.discard(connection)

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Connection]:
        """A writer's own connection, in autocommit mode: whoever takes it begins and ends by itself."""
        with translated():
            async with self._lent(self._writers, WRITE_SECONDS) as connection:
                yield connection

    @asynccontextmanager
    async def housekeeper(self) -> AsyncIterator[Connection]:
        """For work that may take long; it gives up a lock that it cannot have soon."""
        with translated():
            async with self._lent(self._readers, HOUSEKEEPING_SECONDS) as connection:
                await connection.execute("SET lock_timeout = '5s'")
                try:
                    yield connection
                finally:
                    await connection.execute("RESET lock_timeout")

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[Transaction]:
        """As a transaction, for what must not wait behind those who read much."""
        with translated():
            async with self._lent(self._aside, READ_SECONDS) as connection, connection.transaction():
                yield PostgresTransaction(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commits at the end, rolls back on any failure."""
        with translated():
            async with self._lent(self._readers, WRITE_SECONDS) as connection, connection.transaction():
                yield PostgresTransaction(connection)

    async def read(
        self, sql: str, parameters: Parameters = (), tenant_key: int | None = None
    ) -> Sequence[Row]:
        """All rows of one SELECT; in a tenant's name under that tenant's rights."""
        with translated():
            try:
                return await self._read_once(sql, parameters, tenant_key)
            except psycopg.OperationalError as error:
                # A connection that was idle while the server restarted: there are others.
                idle = isinstance(error, errors.AdminShutdown) or error.sqlstate is None
                if self._abandoned or not idle:
                    raise
                await self._readers.check()
                return await self._read_once(sql, parameters, tenant_key)

    async def survey(self, sql: str, parameters: Parameters = ()) -> Sequence[Row]:
        """All rows of one SELECT that may take as long as housekeeping does."""
        async with self.housekeeper() as connection:
            return await (await connection.execute(marked(sql), parameters)).fetchall()

    async def _read_once(
        self, sql: str, parameters: Parameters, tenant_key: int | None
    ) -> list[dict[str, Any]]:
        async with self._lent(self._readers, READ_SECONDS) as connection:
            if tenant_key is None:
                return await (await connection.execute(marked(sql), parameters)).fetchall()
            async with connection.transaction():
                await connection.execute(
                    f"SET LOCAL tenantwatch.tenant_key = '{int(tenant_key)}';"
                    " SET LOCAL ROLE tenantwatch_tenant"
                )
                return await (await connection.execute(marked(sql), parameters)).fetchall()


def _pool(url: str, size: int) -> AsyncConnectionPool[Connection]:
    return AsyncConnectionPool(
        url,
        connection_class=psycopg.AsyncConnection[dict[str, Any]],
        kwargs={
            "autocommit": True,
            "row_factory": dict_row,
            "application_name": "tenantwatch",
            **_KEEPALIVES,
        },
        configure=_configure,
        min_size=1,
        max_size=size,
        open=False,
        reconnect_timeout=10,
        max_waiting=1_000,
    )


async def _configure(connection: Connection) -> None:
    await connection.execute(f"SET idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s'".encode())


@contextmanager
def severed_after(connection: Connection, seconds: float) -> Iterator[None]:
    """Cut the line when that time is over: a silent server answers no cancellation either."""
    timer = asyncio.get_running_loop().call_later(seconds, _sever, connection)
    try:
        yield
    finally:
        timer.cancel()


def _sever(connection: Connection) -> None:
    if connection.closed:
        return
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


@contextmanager
def translated() -> Iterator[None]:
    """What the driver says in the store's words; a broken rule of the schema stays the bug that it is."""
    try:
        yield
    except (psycopg.DataError, errors.ProgramLimitExceeded, UnicodeEncodeError, OverflowError) as error:
        raise UnfitDelivery(f"PostgreSQL can never keep this: {str(error).splitlines()[0]}") from error
    except (
        psycopg.OperationalError,
        psycopg.InterfaceError,
        PoolTimeout,
        errors.ReadOnlySqlTransaction,
        errors.IdleInTransactionSessionTimeout,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreUnavailable(f"PostgreSQL cannot serve now: {reason}") from error


@cache
def marked(sql: str) -> Any:
    """The statement with PostgreSQL's marks for parameters."""
    return sql.replace("?", "%s")
