"""Numbered SQL files, each applied once, in order, in a transaction of its own."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.store.base import StoreUnavailable


def _metric_names(metrics: str | None) -> str | None:
    return None if metrics is None else json.dumps(list(json.loads(metrics)))


def _metric_values(metrics: str) -> bytes:
    values = list(json.loads(metrics).values())
    return struct.pack(f"<{len(values)}d", *values)


def _touched_buckets(pairs: str) -> bytes:
    return b"".join(struct.pack("<2q", *pair) for pair in sorted(set(map(tuple, json.loads(pairs)))))


# What the numbered files need of earlier versions' data and SQL cannot say.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "metric_names": _metric_names,
    "metric_values": _metric_values,
    "touched_buckets": _touched_buckets,
}


def migrate(path: Path) -> int:
    """Bring the file's schema up to date and return its version. Safe to be killed and to be run twice."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(f"the store {path} cannot be made: {error.strerror}") from None
    try:
        return _migrate(path)
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(f"the store {path} cannot be opened now: {error}") from None
    except sqlite3.DatabaseError as error:
        raise ConfigurationError(f"{path} is no store of tenantwatch: {error}; check [store] path") from None


def _migrate(path: Path) -> int:
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version"
            " (version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL)"
        )
        for name, function in _FUNCTIONS.items():
            connection.create_function(name, 1, function, deterministic=True)
        files = _files()
        version = files[-1][0]
        _refuse_newer(connection, version)
        for number, name, sql in files:
            _apply(connection, number, name, sql)
    path.chmod(0o600)
    return version


def schema_version(path: Path) -> tuple[int, int]:
    """The file's version, 0 if there is none, and the newest there is; changes nothing."""
    newest = _files()[-1][0]
    if not path.exists():
        return 0, newest
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=10)
    try:
        found = connection.execute("SELECT max(version) FROM schema_version").fetchone()
        return found[0] or 0, newest
    except sqlite3.DatabaseError as error:
        if "no such table" in str(error):
            return 0, newest
        raise StoreUnavailable(f"{path} cannot be read: {error}") from error
    finally:
        connection.close()


def _refuse_newer(connection: sqlite3.Connection, known: int) -> None:
    (newest,) = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    if newest is not None and newest > known:
        raise ConfigurationError(
            f"the store has version {newest}: it belongs to a newer tenantwatch; install that"
        )


def _apply(connection: sqlite3.Connection, version: int, name: str, sql: str) -> None:
    digest = hashlib.sha256(sql.encode()).hexdigest()
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = connection.execute(
            "SELECT sha256 FROM schema_version WHERE version = ?", (version,)
        ).fetchone()
        if found is None:
            for statement in _statements(sql):
                connection.execute(statement)
            connection.execute("INSERT INTO schema_version VALUES (?, ?, ?)", (version, name, digest))
        elif found[0] != digest:
            raise ConfigurationError(
                f"the store was made with another {name}: it belongs to a different build of tenantwatch"
            )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(sql: str) -> list[str]:
    statements, pending = [], ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements


def _files() -> list[tuple[int, str, str]]:
    folder = resources.files("tenantwatch_collector.store.sqlite") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name.split("_")[0]), name, (folder / name).read_text("utf-8")) for name in names]
