"""Numbered SQL files, each version applied once, in order, in a transaction of its own.

Collectors that start together wait for one another. A version's files may come in flavours: ``plain``
without TimescaleDB, ``timescale`` with it, ``columnstore`` where its licence allows that as well. Which it
is, is decided when the store is made and stays.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from importlib import resources
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import tuple_row

from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.store.postgres.connection import CONNECT_SECONDS, translated

FLAVOURS = {"plain": ("plain",), "timescale": ("timescale",), "columnstore": ("timescale", "columnstore")}
_LOCK = "SELECT pg_advisory_lock(hashtext('tenantwatch migration'))"
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"
_OLDEST_SERVER = 150_000
_REFUSALS = ("password authentication failed", "does not exist", "no pg_hba.conf entry")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its files in order, each with its flavour ("" is every one)."""

    number: int
    files: tuple[tuple[str, str, str], ...]

    def sql(self, flavour: str) -> str:
        chosen = ("", *FLAVOURS[flavour])
        return "\n".join(text for _, of, text in self.files if of in chosen)


async def migrate(url: str) -> str:
    """Bring the schema up to date; returns its flavour. Safe to be killed, run twice, and together."""
    with translated():
        async with await _connect(url) as connection:
            await _check_server(connection)
            await connection.execute(_LOCK)
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS schema_version"
                " (version integer PRIMARY KEY, sha256 text NOT NULL, flavour text NOT NULL)"
            )
            found = await (
                await connection.execute("SELECT * FROM schema_version ORDER BY version")
            ).fetchall()
            applied = {row[0]: row[1] for row in found}
            flavour = found[0][2] if found else await _probe(connection, url)
            for version in versions():
                await _apply(connection, version, flavour, applied.pop(version.number, None))
            if applied:
                raise ConfigurationError(
                    f"the store has version {max(applied)}: it belongs to a newer tenantwatch; install that"
                )
            return str(flavour)


async def schema_version(url: str) -> tuple[int, int, str]:
    """The database's version, 0 if there is none, the newest there is, and the flavour; changes nothing."""
    newest = versions()[-1].number
    with translated():
        async with await psycopg.AsyncConnection.connect(
            url, autocommit=True, row_factory=tuple_row, connect_timeout=CONNECT_SECONDS
        ) as connection:
            try:
                found = await connection.execute(
                    "SELECT version, flavour FROM schema_version ORDER BY version DESC LIMIT 1"
                )
            except errors.UndefinedTable:
                return 0, newest, ""
            row = await found.fetchone()
            return (0, newest, "") if row is None else (row[0], newest, row[1])


async def _connect(url: str) -> psycopg.AsyncConnection[Any]:
    """Raises ConfigurationError where waiting would not help."""
    try:
        return await psycopg.AsyncConnection.connect(
            url, autocommit=True, row_factory=tuple_row, connect_timeout=CONNECT_SECONDS
        )
    except psycopg.OperationalError as error:
        if any(refusal in str(error) for refusal in _REFUSALS):
            reason = str(error).splitlines()[0]
            raise ConfigurationError(f"[store] url: PostgreSQL refuses us: {reason}") from None
        raise


async def _check_server(connection: psycopg.AsyncConnection[Any]) -> None:
    if connection.info.server_version < _OLDEST_SERVER:
        raise ConfigurationError(
            f"PostgreSQL {connection.info.server_version // 10_000} is too old: tenantwatch needs 15 or newer"
        )


async def _probe(connection: psycopg.AsyncConnection[Any], url: str) -> str:
    """What the server offers: asked, not assumed, and asked as a role that may know little of the server."""
    found = await connection.execute(
        "SELECT installed_version IS NOT NULL FROM pg_available_extensions WHERE name = 'timescaledb'"
    )
    row = await found.fetchone()
    if row is None or not (row[0] or await _extended(url)):
        log.info("PostgreSQL without TimescaleDB: results go into partitions by day")
        return "plain"
    found = await connection.execute("SELECT current_setting('timescaledb.license', true)")
    row = await found.fetchone()
    flavour = "columnstore" if row is not None and row[0] == "timescale" else "timescale"
    log.info("PostgreSQL with TimescaleDB: results go into a hypertable (%s)", flavour)
    return flavour


async def _extended(url: str) -> bool:
    """Make the extension, where this role may and the server has it loaded.

    On a connection of its own: a server that has not loaded it ends the connection that asks.
    """
    try:
        async with await psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=CONNECT_SECONDS
        ) as connection:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except psycopg.Error as error:
        log.warning(
            "TimescaleDB is there and cannot be used: %s. Let an administrator load it and run"
            " CREATE EXTENSION timescaledb before the store is made, or go on with plain partitions",
            str(error).splitlines()[0],
        )
        return False
    return True


async def _apply(
    connection: psycopg.AsyncConnection[Any], version: Version, flavour: str, applied: str | None
) -> None:
    sql = version.sql(flavour)
    digest = hashlib.sha256(sql.encode()).hexdigest()
    if applied is None:
        try:
            async with connection.transaction():
                await connection.execute(_LOCK_TIMEOUT)
                await connection.execute(sql.encode())
                await connection.execute(
                    "INSERT INTO schema_version VALUES (%s, %s, %s)", (version.number, digest, flavour)
                )
        except errors.InsufficientPrivilege as error:
            raise ConfigurationError(
                f"the store cannot be made: {error}. Let an administrator run: CREATE ROLE tenantwatch_tenant"
                " NOLOGIN; GRANT tenantwatch_tenant TO the collector's role; and give that role the schema"
            ) from error
    elif applied != digest:
        raise ConfigurationError(
            f"the store was made with another version {version.number}: it belongs to a different build of"
            " tenantwatch"
        )


def versions() -> list[Version]:
    """All there are, in order."""
    folder = resources.files("tenantwatch_collector.store.postgres") / "migrations"
    found: dict[int, list[tuple[str, str, str]]] = {}
    for name in sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql")):
        stem, _, flavour = name.removesuffix(".sql").partition(".")
        found.setdefault(int(stem.split("_")[0]), []).append(
            (name, flavour, (folder / name).read_text("utf-8"))
        )
    return [Version(number, tuple(files)) for number, files in sorted(found.items())]
