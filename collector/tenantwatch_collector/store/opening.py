"""Which database it is: the address of a PostgreSQL, or else the path of an SQLite file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tenantwatch_collector.store.base import Store
from tenantwatch_collector.store.sqlite import SqliteStore
from tenantwatch_collector.store.sqlite.migrate import schema_version


async def open_store(path: Path, url: str = "", writers: int = 1) -> Store:
    """Open it, creating or migrating its schema as needed. Raises StoreUnavailable or ConfigurationError."""
    if not url:
        return await SqliteStore.open(path)
    # Imported here: who keeps everything in SQLite needs no driver.
    from tenantwatch_collector.store.postgres import PostgresStore

    return await PostgresStore.open(url, writers)


@dataclass(frozen=True, slots=True)
class Schema:
    """``version`` is 0 where there is no store yet; ``newest`` is the one of this program."""

    version: int
    newest: int
    flavour: str


async def schema_of(path: Path, url: str = "") -> Schema:
    """What the store's schema is, changing nothing. Raises StoreUnavailable."""
    if not url:
        return Schema(*schema_version(path), "sqlite")
    from tenantwatch_collector.store.postgres import migrate

    return Schema(*(await migrate.schema_version(url)))
