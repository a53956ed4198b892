"""The embedded store: one SQLite file, one writer, many readers."""

from tenantwatch_collector.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
