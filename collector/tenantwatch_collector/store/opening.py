"""Which database it is: the address of a PostgreSQL, or else the path of an SQLite file."""

from __future__ import annotations

from pathlib import Path

from tenantwatch_collector.store.base import Store
from tenantwatch_collector.store.sqlite import SqliteStore


async def open_store(path: Path, url: str = "", writers: int = 1) -> Store:
    """Open it, creating or migrating its schema as needed. Raises StoreUnavailable or ConfigurationError."""
    if not url:
        return await SqliteStore.open(path)
    # Imported here: who keeps everything in SQLite needs no driver.
    from tenantwatch_collector.store.postgres import PostgresStore

    return await PostgresStore.open(url, writers)
