"""Results as callers ask for them, with the names of what they are about.

``visible_result`` is the view of results, with the instant of their commit, that a tenant's role may see.
"""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_wire.records import Status

from tenantwatch_collector.store.access import Tenant
from tenantwatch_collector.store.columns import Touched
from tenantwatch_collector.store.results import CommitTouch, Place, StoredCheck, StoredResult
from tenantwatch_collector.store.sql.agents import check_of
from tenantwatch_collector.store.sql.database import Database, Row
from tenantwatch_collector.store.sql.results import metrics_of
from tenantwatch_collector.store.sql.tenants import tenant_of

_HISTORY = (
    "SELECT * FROM visible_result WHERE tenant_key = ? AND time_us >= ? AND time_us <= ?"
    " AND (time_us < ? OR check_key < ? OR (check_key = ? AND commit_key < ?)){of_checks}"
    " ORDER BY time_us DESC, check_key DESC, commit_key DESC LIMIT ?"
)


class SqlHistory:
    """See :class:`tenantwatch_collector.store.results.ResultStore` for what each method promises."""

    _db: Database

    async def newest_commit(self) -> int:
        rows = await self._db.read("SELECT coalesce(max(commit_id), 0) AS newest FROM commit_log")
        return int(rows[0]["newest"])

    async def touched_after(self, commit_id: int, limit: int) -> Sequence[CommitTouch]:
        rows = await self._db.read(
            "SELECT commit_id, received_at_us, touched, result_count FROM commit_log WHERE commit_id > ?"
            " ORDER BY commit_id LIMIT ?",
            (commit_id, limit),
        )
        return [
            CommitTouch(
                row["commit_id"],
                row["received_at_us"],
                Touched.from_bytes(row["touched"]),
                row["result_count"],
            )
            for row in rows
        ]

    async def results_of_check(
        self, tenant_key: int, check_key: int, from_us: int, limit: int
    ) -> Sequence[tuple[int, int, int | None, int]]:
        rows = await self._db.read(
            "SELECT time_us, status, latency_us, received_at_us FROM any_result"
            " WHERE tenant_key = ? AND check_key = ? AND time_us >= ? ORDER BY time_us, commit_key LIMIT ?",
            (tenant_key, check_key, from_us, limit),
        )
        return [
            (
                row["time_us"],
                row["status"],
                None if row["latency_us"] is None or row["latency_us"] < 0 else row["latency_us"],
                row["received_at_us"],
            )
            for row in rows
        ]

    async def results(
        self,
        tenant_key: int,
        from_us: int,
        to_us: int,
        limit: int,
        check_id: str,
        before: Place | None,
    ) -> Sequence[StoredResult]:
        last_us, check_key, commit_key = before or (to_us, -1, -1)
        of_checks, parameters = "", tuple[object, ...]()
        if check_id:
            of_checks = (
                " AND check_key IN"
                " (SELECT check_key FROM check_definition WHERE tenant_key = ? AND check_id = ?)"
            )
            parameters = (tenant_key, check_id)
        rows = await self._db.read(
            _HISTORY.format(of_checks=of_checks),
            (tenant_key, from_us, last_us, last_us, check_key, check_key, commit_key, *parameters, limit),
            tenant_key,
        )
        return await named(self._db, rows)


async def named(db: Database, rows: Sequence[Row]) -> list[StoredResult]:
    """Rows of results with the names of what they are about."""
    tenants = await _by_key(db, "tenant", "tenant_key", rows)
    checks = await _by_key(db, "check_definition", "check_key", rows)
    sets = await _by_key(db, "metric_set", "metric_set_key", rows)
    return [
        _result_of(
            row,
            tenant_of(tenants[row["tenant_key"]]),
            check_of(checks[row["check_key"]]),
            metrics_of(row, sets),
        )
        for row in rows
    ]


async def _by_key(db: Database, table: str, key: str, rows: Sequence[Row]) -> dict[int, Row]:
    keys = sorted({row[key] for row in rows if row[key] is not None})
    if not keys:
        return {}
    marks = ", ".join("?" * len(keys))
    return {row[key]: row for row in await db.read(f"SELECT * FROM {table} WHERE {key} IN ({marks})", keys)}


def _result_of(row: Row, tenant: Tenant, check: StoredCheck, metrics: dict[str, float]) -> StoredResult:
    latency_us = row["latency_us"]
    return StoredResult(
        tenant.tenant_id,
        check.agent_id,
        check.definition.check_id,
        check.definition.kind,
        row["time_us"],
        Status(row["status"]),
        latency_us if latency_us is not None and latency_us >= 0 else None,
        row["text"] or "",
        metrics,
        row["received_at_us"],
        row["check_key"],
        row["commit_key"],
        row["sent_time_us"],
    )
