"""Every store there is, each new and empty, and the same facts for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite
import psycopg
import pytest
from tenantwatch_collector.store.base import Store
from tenantwatch_collector.store.opening import open_store

from tests.servers import PostgresServer

BACKENDS = ("sqlite", "plain", "timescale")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is kept; opening it again finds what it held."""

    path: Path
    url: str = ""

    async def open(self, writers: int = 1) -> Store:
        return await open_store(self.path, self.url, writers)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database itself says, whatever the store makes of it."""
        if self.url:
            async with await psycopg.AsyncConnection.connect(self.url) as connection:
                return await (await connection.execute(sql.encode())).fetchall()
        async with aiosqlite.connect(self.path) as file:
            return [tuple(row) for row in await file.execute_fetchall(sql)]

    async def change(self, sql: str) -> None:
        """Do to the database what no store would."""
        if self.url:
            async with await psycopg.AsyncConnection.connect(self.url) as connection:
                await connection.execute(sql.encode())
            return
        async with aiosqlite.connect(self.path) as file:
            await file.execute(sql)
            await file.commit()


@pytest.fixture(params=BACKENDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place for a store of each kind."""
    if request.param == "sqlite":
        return Place(tmp_path / "store.sqlite3")
    server: PostgresServer = request.getfixturevalue(
        "postgres_server" if request.param == "plain" else "timescale_server"
    )
    return Place(tmp_path / "unused", server.url_of(server.create_database()))


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    opened = await place.open()
    yield opened
    await opened.close()
