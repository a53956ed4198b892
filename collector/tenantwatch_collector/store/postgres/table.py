"""The table of raw results, in its flavours: what it needs before writing, and how old results leave it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Protocol

import psycopg
from psycopg import errors, sql

from tenantwatch_collector.store.postgres.connection import Connection

DAY_US = 86_400_000_000
ROWS_PER_TENANT = 8
"""With fewer in a commit, compressed segments would be so short that the indexed rowstore is cheaper."""

log = logging.getLogger(__name__)


class ResultTable(Protocol):
    """One flavour."""

    direct_compress: bool
    """Whether a commit may be written compressed at once."""

    async def make_room(self, connection: Connection, days: Iterable[int]) -> None:
        """Make what rows of these days (Unix time / 1 day) need, outside of any transaction."""

    async def drop_before(self, connection: Connection, before_us: int) -> int:
        """Drop what lies wholly before; returns about how many rows that were."""

    async def tidy(self, connection: Connection, now_us: int) -> None:
        """Bring closed parts into their final form."""


class Partitions:
    """Plain PostgreSQL: a partition a day."""

    direct_compress = False

    def __init__(self) -> None:
        self._known: set[int] = set()

    async def make_room(self, connection: Connection, days: Iterable[int]) -> None:
        for day in sorted(set(days) - self._known):
            await self._create(connection, day)
            self._known.add(day)

    async def _create(self, connection: Connection, day: int) -> None:
        # Attached, not created as a partition: that would lock the table against its readers.
        name = sql.Identifier(_partition(day))
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tenantwatch partitions'))")
            found = await connection.execute("SELECT to_regclass(%s) AS name", (_partition(day),))
            row = await found.fetchone()
            if row is not None and row["name"] is None:
                await connection.execute(
                    sql.SQL("CREATE TABLE {} (LIKE result INCLUDING DEFAULTS INCLUDING INDEXES)").format(name)
                )
                await connection.execute(
                    sql.SQL("ALTER TABLE result ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                        name, sql.Literal(day * DAY_US), sql.Literal((day + 1) * DAY_US)
                    )
                )

    async def drop_before(self, connection: Connection, before_us: int) -> int:
        found = await connection.execute(
            "SELECT c.relname AS name, greatest(c.reltuples, 0)::bigint AS estimate,"
            " CASE WHEN i.inhdetachpending THEN 'FINALIZE' WHEN i.inhparent IS NOT NULL THEN"
            " 'CONCURRENTLY' END AS way FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
            " WHERE c.relkind = 'r' AND c.relname ~ '^result_[0-9]+$'"
            " AND c.relnamespace = current_schema()::regnamespace"
        )
        dropped = 0
        for row in await found.fetchall():
            day = int(row["name"].removeprefix("result_"))
            if (day + 1) * DAY_US > before_us:
                continue
            # Waits for readers of this partition alone, and for no one else. Whoever was killed or gave up
            # in the middle left it half detached, or detached and not dropped.
            if row["way"] is not None:
                detach = sql.SQL("ALTER TABLE result DETACH PARTITION {} {}")
                await connection.execute(detach.format(sql.Identifier(row["name"]), sql.SQL(row["way"])))
            await connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(row["name"])))
            self._known.discard(day)
            dropped += row["estimate"]
        return dropped

    async def tidy(self, connection: Connection, now_us: int) -> None:
        """A partition keeps the form it was written in; tomorrow's is made ahead."""
        await self.make_room(connection, [now_us // DAY_US, now_us // DAY_US + 1])


def _partition(day: int) -> str:
    return f"result_{day}"


class Hypertable:
    """TimescaleDB: a chunk a day; with ``columnstore`` closed chunks are merged and compressed."""

    def __init__(self, columnstore: bool) -> None:
        self.direct_compress = columnstore

    async def make_room(self, connection: Connection, days: Iterable[int]) -> None:
        """The extension makes chunks by itself."""

    async def drop_before(self, connection: Connection, before_us: int) -> int:
        before_us -= before_us % DAY_US
        found = await connection.execute(
            "SELECT coalesce(sum(approximate_row_count("
            "format('%%I.%%I', chunk_schema, chunk_name)::regclass)), 0)::bigint AS estimate"
            " FROM timescaledb_information.chunks WHERE hypertable_name = 'result'"
            " AND hypertable_schema = current_schema() AND range_end_integer <= %s",
            (before_us,),
        )
        row = await found.fetchone()
        await connection.execute("SELECT drop_chunks('result', older_than => %s::bigint)", (before_us,))
        return 0 if row is None else int(row["estimate"])

    async def tidy(self, connection: Connection, now_us: int) -> None:
        await self._make_chunk_ahead(connection, now_us)
        if not self.direct_compress:
            return
        # A chunk that is still written to would hold its writers up until it is merged.
        closed_us = now_us - DAY_US // 12
        for _ in range(2):  # a chunk that is both unordered and partly rowstore takes two turns
            for chunk in await _unmerged(connection, closed_us):
                await connection.execute("SELECT compress_chunk(%s::regclass)", (chunk,))

    async def _make_chunk_ahead(self, connection: Connection, now_us: int) -> None:
        """Writers that cross into a chunk together would wait for the one that makes it."""
        for day in (now_us // DAY_US, now_us // DAY_US + 1):
            place = f'{{"time_us": [{day * DAY_US}, {(day + 1) * DAY_US}]}}'
            try:
                await connection.execute(
                    "SELECT _timescaledb_functions.create_chunk('result', %s::jsonb)", (place,)
                )
            except (errors.UndefinedFunction, errors.InvalidSchemaName, errors.FeatureNotSupported):
                return  # an internal function: where it is not to be had, the first writer makes the chunk
            except psycopg.OperationalError as error:
                log.info("the chunk of day %d is not made ahead: %s", day, error)
                return


async def _unmerged(connection: Connection, closed_us: int) -> list[str]:
    """Chunks over by then that are not in their final form: status 1 is compressed and nothing else."""
    found = await connection.execute(
        "SELECT format('%%I.%%I', c.schema_name, c.table_name) AS name FROM _timescaledb_catalog.chunk c"
        " JOIN timescaledb_information.chunks i"
        " ON i.chunk_schema = c.schema_name AND i.chunk_name = c.table_name"
        " WHERE i.hypertable_name = 'result' AND i.hypertable_schema = current_schema()"
        " AND i.range_end_integer <= %s AND c.status <> 1 ORDER BY i.range_end_integer",
        (closed_us,),
    )
    rows: list[dict[str, Any]] = await found.fetchall()
    return [row["name"] for row in rows]


def result_table(flavour: str) -> ResultTable:
    """The table of a store of that flavour."""
    return Partitions() if flavour == "plain" else Hypertable(flavour == "columnstore")
