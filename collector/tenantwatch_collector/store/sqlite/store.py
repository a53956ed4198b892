"""The SQLite store: the contract's methods that are SQLite's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.store.collectors import Pulse
from tenantwatch_collector.store.columns import ResultColumns
from tenantwatch_collector.store.results import Commit, Delivery, StoredResult
from tenantwatch_collector.store.rollups import Retained, Retention
from tenantwatch_collector.store.sql.collectors import PULSE, pulse_of
from tenantwatch_collector.store.sql.retention import raw_since_us
from tenantwatch_collector.store.sql.store import SqlStore
from tenantwatch_collector.store.sqlite import reading, tools
from tenantwatch_collector.store.sqlite.connection import Connections
from tenantwatch_collector.store.sqlite.ingest import write_commit
from tenantwatch_collector.store.sqlite.lock import lock_for_one
from tenantwatch_collector.store.sqlite.migrate import migrate
from tenantwatch_collector.store.sqlite.retention import retain
from tenantwatch_collector.store.tools import Inventory


class SqliteStore(SqlStore):
    """See :class:`tenantwatch_collector.store.base.Store` for what each method promises."""

    writers = 1
    serves_one_collector = True

    def __init__(self, path: Path, connections: Connections, raw_since_us: int) -> None:
        super().__init__(connections, raw_since_us)
        self._path = path
        self._connections = connections
        self._lock: BinaryIO | None = None

    @classmethod
    async def open(cls, path: Path) -> SqliteStore:
        """Open, creating or migrating the file as needed."""
        migrate(path)
        connections = await Connections.open(path)
        try:
            return cls(path, connections, await raw_since_us(connections))
        except BaseException:
            # Their threads would keep the program from ending.
            await connections.close()
            raise

    async def close(self) -> None:
        await self._connections.close()
        await self.release_lease("")

    async def take_lease(self, holder: str, seconds: float, judged_through: int) -> int | None:
        """A lock of the kernel's, which ends with the program that holds it."""
        if self._lock is None:
            self._lock = lock_for_one(self._path)
        return 1

    async def release_lease(self, holder: str) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def judge_under(self, term: int) -> None:
        """Nobody else can."""

    async def pulse(self) -> Pulse:
        (row,) = await self._db.read(PULSE)
        return pulse_of(row)

    async def abandon(self) -> None:
        """A file answers, or says soon that it cannot."""

    async def ping(self) -> None:
        async with self._db.transaction() as tx:
            await tx.rows("SELECT 1 AS present FROM schema_version")

    async def commit(self, deliveries: Sequence[Delivery]) -> Commit:
        async with self._db.transaction() as tx:
            return await write_commit(tx, deliveries, self._raw_since_us)

    async def settled(self, until_us: int) -> None:
        # The writer's turn comes after every commit that was begun, in this process or another.
        async with self._db.transaction():
            pass

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
        return await retain(self._db, retention)

    async def kept_already(self, results: ResultColumns) -> npt.NDArray[np.bool_]:
        return await tools.kept_already(self._db, results)

    async def inventory(self) -> Inventory:
        return await tools.inventory(self._db, self._path, await self.raw_since_us())
