"""What a database must offer for the SQL of this folder.

Statements mark parameters with ``?`` and use neither ``?`` nor ``%`` otherwise. Rows are read by name.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

Parameters = Sequence[object]


class Row(Protocol):
    """One row; a column's value by its name."""

    def __getitem__(self, name: str, /) -> Any: ...


class Transaction(Protocol):
    """Statements that take effect together at the end, or not at all."""

    async def rows(self, sql: str, parameters: Parameters = ()) -> Sequence[Row]:
        """All rows that the statement returns."""

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """How many rows it changed."""

    async def execute_many(self, sql: str, parameters: Iterable[Parameters]) -> None: ...


class Database(Protocol):
    """The way in. What the driver raises when it cannot serve now is raised as StoreUnavailable."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits at the end, rolls back on any failure."""

    async def read(
        self, sql: str, parameters: Parameters = (), tenant_key: int | None = None
    ) -> Sequence[Row]:
        """All rows of one SELECT, as last committed.

        With a tenant it is asked in that tenant's name: a database that can keeps all others' rows out,
        whatever the statement says.
        """

    async def survey(self, sql: str, parameters: Parameters = ()) -> Sequence[Row]:
        """All rows of one SELECT of an operator's, which may take long and must hold up no one."""


class Joined:
    """A transaction under way as a Database: what is written joins it, what is read sees it."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        yield self._transaction

    async def read(
        self, sql: str, parameters: Parameters = (), tenant_key: int | None = None
    ) -> Sequence[Row]:
        return await self._transaction.rows(sql, parameters)

    async def survey(self, sql: str, parameters: Parameters = ()) -> Sequence[Row]:
        return await self._transaction.rows(sql, parameters)


def now_us() -> int:
    return time.time_ns() // 1000
