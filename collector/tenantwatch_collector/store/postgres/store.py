"""The PostgreSQL store: the contract's methods that are PostgreSQL's own."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.store.collectors import Pulse
from tenantwatch_collector.store.columns import ResultColumns
from tenantwatch_collector.store.postgres import leases, reading, tools
from tenantwatch_collector.store.postgres.connection import Pools
from tenantwatch_collector.store.postgres.ingest import Writers
from tenantwatch_collector.store.postgres.migrate import migrate
from tenantwatch_collector.store.postgres.retention import retain
from tenantwatch_collector.store.postgres.table import result_table
from tenantwatch_collector.store.results import Commit, Delivery, StoredResult
from tenantwatch_collector.store.rollups import Retained, Retention
from tenantwatch_collector.store.sql.collectors import PULSE, pulse_of
from tenantwatch_collector.store.sql.database import Transaction
from tenantwatch_collector.store.sql.retention import raw_since_us
from tenantwatch_collector.store.sql.store import SqlStore
from tenantwatch_collector.store.tools import Inventory


class PostgresStore(SqlStore):
    """See :class:`tenantwatch_collector.store.base.Store` for what each method promises."""

    def __init__(self, pools: Pools, flavour: str, writers: int, raw_since_us: int) -> None:
        super().__init__(pools, raw_since_us)
        self._pools = pools
        self.flavour = flavour
        self.writers = writers
        self._writers = Writers(result_table(flavour))
        self._term: int | None = None

    @classmethod
    async def open(cls, url: str, writers: int = 1) -> PostgresStore:
        """Connect, creating or migrating the schema as needed."""
        flavour = await migrate(url)
        pools = Pools(url, writers)
        try:
            await pools.open()
            return cls(pools, flavour, writers, await raw_since_us(pools))
        except BaseException:
            await pools.close()
            raise

    async def close(self) -> None:
        await self._pools.close()

    async def abandon(self) -> None:
        await self._pools.abandon()

    async def take_lease(self, holder: str, seconds: float, judged_through: int) -> int | None:
        async with self._pools.aside() as tx:
            return await leases.take(tx, holder, int(seconds * 1_000_000), judged_through)

    async def release_lease(self, holder: str) -> None:
        async with self._pools.aside() as tx:
            await leases.release(tx, holder)

    def judge_under(self, term: int) -> None:
        self._term = term

    async def _demand_lease(self, tx: Transaction) -> None:
        await leases.demand(tx, self._term)

    async def pulse(self) -> Pulse:
        async with self._pools.aside() as tx:
            (row,) = await tx.rows(PULSE)
        self._raw_since_us = max(self._raw_since_us, row["raw_since_us"])
        return pulse_of(row)

    async def ping(self) -> None:
        async with self._db.transaction() as tx:
            await tx.rows("SELECT 1 AS present FROM schema_version FOR SHARE")

    async def commit(self, deliveries: Sequence[Delivery]) -> Commit:
        async with self._pools.writer() as connection:
            return await self._writers.commit(connection, deliveries, self._raw_since_us)

    async def settled(self, until_us: int) -> None:
        await self._writers.settled(until_us)

    async def commits_after(self, commit_id: int, max_results: int) -> Sequence[Commit]:
        return await reading.commits_after(self._db, commit_id, max_results)

    async def results_between(
        self, tenant_key: int, from_us: int, to_us: int
    ) -> tuple[ResultColumns, npt.NDArray[np.int64]]:
        return await reading.results_between(self._db, tenant_key, from_us, to_us)

    async def recent_results(self, tenant_key: int | None, limit: int) -> Sequence[StoredResult]:
        if tenant_key is None:
            return await reading.newest_results(self._db, limit)
        return await self._recent_of_tenant(tenant_key, limit)

    async def retain(self, retention: Retention) -> Retained:
        await self._note_retention(retention)
        return await retain(self._pools, self._writers.table, retention, time.time_ns() // 1000)

    async def kept_already(self, results: ResultColumns) -> npt.NDArray[np.bool_]:
        return await tools.kept_already(self._db, results)

    async def inventory(self) -> Inventory:
        return await tools.inventory(self._db, self.flavour, await self.raw_since_us())
