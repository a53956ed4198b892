"""Writing a commit into PostgreSQL: one COPY built from columns, one call that seals it, one COMMIT."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg.pq import TransactionStatus

from tenantwatch_collector.store.columns import BUCKET_US, MetricSet, metric_sets
from tenantwatch_collector.store.intake import Intake, Key, intake, key_of
from tenantwatch_collector.store.postgres.connection import Connection, PostgresTransaction
from tenantwatch_collector.store.postgres.copy import COPY_RESULT, HEADER, TRAILER, copy_rows
from tenantwatch_collector.store.postgres.table import DAY_US, ROWS_PER_TENANT, ResultTable
from tenantwatch_collector.store.results import Commit, Delivery
from tenantwatch_collector.store.sql.lost import write_lost

MOVED = "TW001"
"""What seal_commit says when a watermark is not where it was read: another writer has been here."""
_ATTEMPTS = 3
_KEYS_AT_ONCE = 1_000
_MAX_KNOWN_LANES = 100_000
_MAX_KNOWN_SETS = 50_000
_BEGIN_COMPRESSED = b"BEGIN; SET LOCAL timescaledb.enable_direct_compress_copy = on"
_NOT_COMPRESSED = b"SET LOCAL timescaledb.enable_direct_compress_copy = off"
_SEAL = (
    "SELECT * FROM seal_commit(%s::int[], %s::text[], %s::text[], %s::smallint[], %s::bigint[], %s::bigint[],"
    " %s, %s, %s, %s, %s, %s)"
)


@dataclass(slots=True)
class Writers:
    """What the writers of one collector know between commits. It may be wrong; the database decides."""

    table: ResultTable
    _committed: OrderedDict[Key, int] = field(default_factory=OrderedDict)
    _sets: OrderedDict[tuple[int, str], int] = field(default_factory=OrderedDict)
    _keys: list[int] = field(default_factory=list)
    _last_received_us: int = 0
    _open: dict[int, asyncio.Future[None]] = field(default_factory=dict)
    """By when they are received, at the earliest: the commits that are under way."""

    async def commit(
        self, connection: Connection, deliveries: Sequence[Delivery], raw_since_us: int
    ) -> Commit:
        """Keep the deliveries in one transaction, less what the store has already."""
        for attempt in range(_ATTEMPTS):
            try:
                return await self._commit(connection, deliveries, raw_since_us)
            except psycopg.Error as error:
                self._forget(deliveries)
                if error.sqlstate != MOVED or attempt == _ATTEMPTS - 1:
                    raise
            except BaseException:
                self._forget(deliveries)
                raise
        raise AssertionError("the last attempt raises")

    async def settled(self, until_us: int) -> None:
        """Return once none of the commits under way may be received by then."""
        if begun := [done for received_at_us, done in self._open.items() if received_at_us <= until_us]:
            await asyncio.wait(begun)

    async def _commit(
        self, connection: Connection, deliveries: Sequence[Delivery], raw_since_us: int
    ) -> Commit:
        await self._learn(connection, {key_of(delivery.last) for delivery in deliveries})
        received_at_us = self._last_received_us = max(time.time_ns() // 1000, self._last_received_us + 1)
        done = self._open[received_at_us] = asyncio.get_running_loop().create_future()
        try:
            return await self._write(connection, deliveries, received_at_us, raw_since_us)
        finally:
            del self._open[received_at_us]
            done.set_result(None)

    async def _write(
        self, connection: Connection, deliveries: Sequence[Delivery], received_at_us: int, raw_since_us: int
    ) -> Commit:
        found = intake(deliveries, self._committed, received_at_us, raw_since_us)
        sets = await self._metric_sets(connection, found)
        commit_key = await self._commit_key(connection)
        await self.table.make_room(connection, np.unique(found.touched.bucket * BUCKET_US // DAY_US).tolist())
        compressed, rowstore = self._split(found)
        async with _transaction(connection, self.table.direct_compress):
            await _copy(connection, copy_rows(found, compressed, commit_key, sets))
            if len(rowstore):
                if self.table.direct_compress:
                    await connection.execute(_NOT_COMPRESSED)
                await _copy(connection, copy_rows(found, rowstore, commit_key, sets))
            await write_lost(PostgresTransaction(connection), found, received_at_us)
            commit_id, received_at_us = await _seal(connection, found, commit_key, received_at_us)
        for key, (_, after) in found.watermarks.items():
            self._committed[key] = after
        return Commit(commit_id, received_at_us, found.columns)

    async def _learn(self, connection: Connection, keys: set[Key]) -> None:
        """Read the watermarks that are not known."""
        for key in keys & self._committed.keys():
            self._committed.move_to_end(key)
        unknown = sorted(keys - self._committed.keys())
        if not unknown:
            return
        tenants, agents, generations, lanes = map(list, zip(*unknown, strict=True))
        found = await connection.execute(
            "SELECT w.* FROM watermark w JOIN unnest(%s::int[], %s::text[], %s::text[], %s::smallint[])"
            " AS u (tenant, agent, spool, which) ON w.tenant_key = u.tenant AND w.agent_id = u.agent"
            " AND w.generation = u.spool AND w.lane = u.which",
            (tenants, agents, generations, lanes),
        )
        self._committed.update(dict.fromkeys(unknown, 0))
        for row in await found.fetchall():
            key = row["tenant_key"], row["agent_id"], row["generation"], row["lane"]
            self._committed[key] = row["sequence"]
        while len(self._committed) > max(_MAX_KNOWN_LANES, len(keys)):
            self._committed.popitem(last=False)

    def _forget(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self._committed.pop(key_of(delivery.last), None)

    async def _commit_key(self, connection: Connection) -> int:
        if not self._keys:
            found = await connection.execute("SELECT nextval('commit_key') AS first")
            row = await found.fetchone()
            assert row is not None
            self._keys = list(range(row["first"] + _KEYS_AT_ONCE - 1, row["first"] - 1, -1))
        return self._keys.pop()

    async def _metric_sets(
        self, connection: Connection, found: Intake
    ) -> list[tuple[MetricSet, dict[int, int]]]:
        """The commit's sets of metrics, each with its key by tenant; new ones are kept at once."""
        keyed = []
        for each in metric_sets(found.columns.metrics):
            names = json.dumps(each.names)
            tenants = np.unique(found.columns.tenant_key[each.rows]).tolist()
            keyed.append((each, {t: await self._metric_set(connection, t, names) for t in tenants}))
        return keyed

    async def _metric_set(self, connection: Connection, tenant_key: int, names: str) -> int:
        known = self._sets.get((tenant_key, names))
        if known is not None:
            return known
        digest = hashlib.sha256(names.encode()).digest()
        await connection.execute(
            "INSERT INTO metric_set (tenant_key, names, names_sha256) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (tenant_key, names, digest),
        )
        found = await connection.execute(
            "SELECT metric_set_key FROM metric_set WHERE tenant_key = %s AND names_sha256 = %s",
            (tenant_key, digest),
        )
        row = await found.fetchone()
        assert row is not None
        self._sets[tenant_key, names] = row["metric_set_key"]
        if len(self._sets) > _MAX_KNOWN_SETS:
            self._sets.popitem(last=False)
        return int(row["metric_set_key"])

    def _split(self, found: Intake) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Rows to be written compressed at once, and rows for the rowstore.

        Late rows go to the rowstore: compressed ones would make their chunk's next merge hold up its
        writers. So do the rows of tenants that bring few.
        """
        columns = found.columns
        rows = np.arange(len(columns))
        if not self.table.direct_compress or not len(rows):
            return rows[:0], rows
        many = np.bincount(columns.tenant_key)[columns.tenant_key] >= ROWS_PER_TENANT
        today_us = (self._last_received_us - DAY_US // 24) // DAY_US * DAY_US
        direct = many & (columns.time_us >= today_us)
        if direct.all():
            return rows, rows[:0]
        return rows[direct], rows[~direct]


@asynccontextmanager
async def _transaction(connection: Connection, direct_compress: bool) -> AsyncIterator[None]:
    """As the driver's own, but begun in one step with the setting that goes with it."""
    await connection.execute(_BEGIN_COMPRESSED if direct_compress else b"BEGIN")
    try:
        yield
        await connection.execute(b"COMMIT")
    except psycopg.Error:
        if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
            await connection.execute(b"ROLLBACK")
        raise
    except BaseException:
        # Cancelled in the middle: nobody knows what is on the line, so it is not used again.
        await connection.close()
        raise


async def _copy(connection: Connection, blocks: Iterator[bytes]) -> None:
    """Each block is built while the server is busy with the one before."""
    first = next(blocks, None)
    if first is None:
        return
    async with connection.cursor() as cursor, cursor.copy(COPY_RESULT) as copy:
        await copy.write(HEADER + first)
        for block in blocks:
            await copy.write(block)
        await copy.write(TRAILER)


async def _seal(
    connection: Connection, found: Intake, commit_key: int, received_at_us: int
) -> tuple[int, int]:
    # In one order everywhere, so that two writers never wait for each other's lanes.
    lanes = sorted(found.watermarks.items())
    columns = found.columns
    sealed = await connection.execute(
        _SEAL,
        (
            [key[0] for key, _ in lanes],
            [key[1] for key, _ in lanes],
            [key[2] for key, _ in lanes],
            [key[3] for key, _ in lanes],
            [before for _, (before, _) in lanes],
            [after for _, (_, after) in lanes],
            commit_key,
            received_at_us,
            len(columns),
            int(columns.time_us.min()) if len(columns) else None,
            int(columns.time_us.max()) if len(columns) else None,
            found.touched.to_bytes(),
        ),
    )
    row = await sealed.fetchone()
    assert row is not None
    return row["sealed_id"], row["sealed_us"]
