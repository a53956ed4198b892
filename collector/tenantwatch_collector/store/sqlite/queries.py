"""Questions of the API. Each names its tenant, or is a platform caller's, and bounds what it reads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from tenantwatch_wire.records import Status

from tenantwatch_collector.store.base import (
    AlertRecord,
    CheckHealth,
    StoredResult,
    TenantHealth,
)
from tenantwatch_collector.store.sqlite.access import check_of, tenant_of
from tenantwatch_collector.store.sqlite.connection import Connections

_RESULT = (
    "SELECT result.row_id, tenant.tenant_id, d.agent_id, d.check_id, d.kind, result.time_us,"
    " result.status, result.latency_us, result.text, result.metrics, c.received_at_us"
    " FROM result JOIN tenant USING (tenant_key) JOIN check_definition d USING (check_key)"
    " JOIN commit_log c USING (commit_id)"
)

_TENANT_HEALTH = """
SELECT tenant.*, s.state, s.since_us, s.groups,
       count(d.check_key) AS checks_total, coalesce(sum(cs.level IN (1, 2)), 0) AS checks_failing
FROM tenant
LEFT JOIN tenant_state s USING (tenant_key)
LEFT JOIN check_definition d ON d.tenant_key = tenant.tenant_key AND d.active
LEFT JOIN check_state cs ON cs.tenant_key = d.tenant_key AND cs.check_key = d.check_key
"""


async def tenant_health(connections: Connections, tenant_key: int | None) -> Sequence[TenantHealth]:
    where, parameters = ("", ()) if tenant_key is None else (" WHERE tenant.tenant_key = ?", (tenant_key,))
    rows = await connections.read(
        f"{_TENANT_HEALTH}{where} GROUP BY tenant.tenant_key ORDER BY tenant.tenant_id", parameters
    )
    return [
        TenantHealth(
            tenant_of(r),
            r["state"] or "unknown",
            r["since_us"] or r["created_at_us"],
            r["groups"] or "[]",
            r["checks_total"],
            r["checks_failing"],
        )
        for r in rows
    ]


async def check_health(connections: Connections, tenant_key: int) -> Sequence[CheckHealth]:
    rows = await connections.read(
        "SELECT d.*, cs.level, cs.since_us FROM check_definition d"
        " LEFT JOIN check_state cs ON cs.tenant_key = d.tenant_key AND cs.check_key = d.check_key"
        " WHERE d.tenant_key = ? AND d.active ORDER BY d.agent_id, d.check_id",
        (tenant_key,),
    )
    return [
        CheckHealth(
            check_of(r),
            Status.UNKNOWN if r["level"] is None else Status(r["level"]),
            r["since_us"] or 0,
            await _last_result(connections, tenant_key, r["check_key"]),
        )
        for r in rows
    ]


async def _last_result(connections: Connections, tenant_key: int, check_key: int) -> StoredResult | None:
    rows = await connections.read(
        f"{_RESULT} WHERE result.tenant_key = ? AND result.check_key = ?"
        " ORDER BY result.time_us DESC, result.row_id DESC LIMIT 1",
        (tenant_key, check_key),
    )
    return result_of(rows[0]) if rows else None


async def recent_results(
    connections: Connections, tenant_key: int | None, limit: int
) -> Sequence[StoredResult]:
    if tenant_key is None:
        # The newest rows are the ones received last; bounded before the joins.
        rows = await connections.read(
            f"{_RESULT} WHERE result.row_id > (SELECT max(row_id) - ? FROM result)"
            " ORDER BY result.row_id DESC",
            (limit,),
        )
        return [result_of(row) for row in rows]
    newest = [check.last_result for check in await check_health(connections, tenant_key)]
    found = [result for result in newest if result is not None]
    if not found:
        return []
    since = max(result.time_us for result in found) - 3_600_000_000
    rows = await connections.read(
        f"{_RESULT} WHERE result.tenant_key = ? AND result.time_us >= ? ORDER BY result.row_id DESC LIMIT ?",
        (tenant_key, since, limit),
    )
    return [result_of(row) for row in rows]


async def results(
    connections: Connections,
    tenant_key: int,
    from_us: int,
    to_us: int,
    limit: int,
    check_id: str,
    before: tuple[int, int] | None,
) -> Sequence[StoredResult]:
    time_us, row_id = before or (to_us, 0)
    rows = await connections.read(
        f"{_RESULT} WHERE result.tenant_key = ? AND result.check_key IN"
        " (SELECT check_key FROM check_definition WHERE tenant_key = ? AND (? = '' OR check_id = ?))"
        " AND result.time_us >= ? AND result.time_us <= ?"
        " AND (result.time_us < ? OR result.row_id < ?)"
        " ORDER BY result.time_us DESC, result.row_id DESC LIMIT ?",
        (tenant_key, tenant_key, check_id, check_id, from_us, time_us, time_us, row_id, limit),
    )
    return [result_of(row) for row in rows]


def result_of(row: sqlite3.Row) -> StoredResult:
    return StoredResult(
        row["row_id"],
        row["tenant_id"],
        row["agent_id"],
        row["check_id"],
        row["kind"],
        row["time_us"],
        Status(row["status"]),
        row["latency_us"],
        row["text"] or "",
        json.loads(row["metrics"]) if row["metrics"] else {},
        row["received_at_us"],
    )


async def alerts(
    connections: Connections, tenant_key: int | None, severity: str, status: str, limit: int
) -> Sequence[tuple[AlertRecord, str]]:
    rows = await connections.read(
        "SELECT alert.*, tenant.tenant_id FROM alert JOIN tenant USING (tenant_key)"
        " WHERE (? IS NULL OR alert.tenant_key = ?) AND (? = '' OR severity = ?) AND (? = '' OR status = ?)"
        " ORDER BY first_occurred_us DESC, alert_id LIMIT ?",
        (tenant_key, tenant_key, severity, severity, status, status, limit),
    )
    return [(_alert_of(row), row["tenant_id"]) for row in rows]


def _alert_of(row: sqlite3.Row) -> AlertRecord:
    return AlertRecord(**{name: row[name] for name in AlertRecord.__dataclass_fields__})


async def count_open_alerts(connections: Connections, tenant_key: int | None) -> int:
    rows = await connections.read(
        "SELECT count(*) FROM alert WHERE status <> 'resolved' AND (? IS NULL OR tenant_key = ?)",
        (tenant_key, tenant_key),
    )
    return int(rows[0][0])
