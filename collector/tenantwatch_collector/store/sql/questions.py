"""Questions of the API. Each names its tenant, or is a platform caller's, and bounds what it reads.

``visible_result`` is the view of results, with the instant of their commit, that a tenant's role may see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenantwatch_wire.records import Status

from tenantwatch_collector.store.access import PLATFORM, Tenant
from tenantwatch_collector.store.alerts import AlertRecord
from tenantwatch_collector.store.judgements import CheckHealth, TenantHealth
from tenantwatch_collector.store.results import Place, StoredCheck, StoredResult
from tenantwatch_collector.store.sql.access import check_of, tenant_of
from tenantwatch_collector.store.sql.database import Database, Row
from tenantwatch_collector.store.sql.results import metrics_of

_TENANT_HEALTH = """
SELECT t.tenant_key, t.tenant_id, t.tenant_name, t.tier, t.created_at_us, t.resource_tier, t.suspended_at_us,
       t.deleted_at_us, s.state, s.since_us, s.groups,
       coalesce(c.checks_total, 0) AS checks_total, coalesce(c.checks_failing, 0) AS checks_failing
FROM tenant t
LEFT JOIN tenant_state s ON s.tenant_key = t.tenant_key
LEFT JOIN (
    SELECT d.tenant_key, count(*) AS checks_total,
           count(*) FILTER (WHERE cs.level IN (1, 2)) AS checks_failing
    FROM check_definition d
    LEFT JOIN check_state cs ON cs.tenant_key = d.tenant_key AND cs.check_key = d.check_key
    WHERE d.active
    GROUP BY d.tenant_key
) c ON c.tenant_key = t.tenant_key
"""
_NEWEST_OF_CHECK = (
    "SELECT * FROM (SELECT * FROM visible_result WHERE tenant_key = ? AND check_key = ? AND time_us >= ?"
    " ORDER BY time_us DESC, commit_key DESC LIMIT 1) newest"
)
_ALERT = (
    f"SELECT alert.*, coalesce(tenant.tenant_id, '{PLATFORM}') AS tenant_id FROM alert"
    " LEFT JOIN tenant ON tenant.tenant_key = alert.tenant_key"
)
_ASKED_TOGETHER = 50
_HISTORY = (
    "SELECT * FROM visible_result WHERE tenant_key = ? AND time_us >= ? AND time_us <= ?"
    " AND (time_us < ? OR check_key < ? OR (check_key = ? AND commit_key < ?)){of_checks}"
    " ORDER BY time_us DESC, check_key DESC, commit_key DESC LIMIT ?"
)


async def tenant_health(db: Database, tenant_key: int | None) -> Sequence[TenantHealth]:
    bound, parameters = ("", ()) if tenant_key is None else (" AND t.tenant_key = ?", (tenant_key,))
    where = f" WHERE t.deleted_at_us IS NULL{bound}"
    rows = await db.read(f"{_TENANT_HEALTH}{where} ORDER BY t.tenant_id", parameters, tenant_key)
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


async def check_health(db: Database, tenant_key: int) -> Sequence[CheckHealth]:
    rows = await db.read(
        "SELECT d.*, cs.level, cs.since_us, cs.last_us FROM check_definition d"
        " LEFT JOIN check_state cs ON cs.tenant_key = d.tenant_key AND cs.check_key = d.check_key"
        " WHERE d.tenant_key = ? AND d.active ORDER BY d.agent_id, d.check_id",
        (tenant_key,),
        tenant_key,
    )
    newest = await _newest_results(db, tenant_key, {row["check_key"]: row["last_us"] or 0 for row in rows})
    return [
        CheckHealth(
            check_of(r),
            Status.UNKNOWN if r["level"] is None else Status(r["level"]),
            r["since_us"] or 0,
            newest.get(r["check_key"]),
        )
        for r in rows
    ]


async def _newest_results(
    db: Database, tenant_key: int, since_us: Mapping[int, int]
) -> Mapping[int, StoredResult]:
    """The newest result of each check; ``since_us`` bounds by check what must be looked through."""
    found: list[Row] = []
    bounds = list(since_us.items())
    for first in range(0, len(bounds), _ASKED_TOGETHER):
        asked = bounds[first : first + _ASKED_TOGETHER]
        parameters = [value for check_key, bound in asked for value in (tenant_key, check_key, bound)]
        found += await db.read(" UNION ALL ".join([_NEWEST_OF_CHECK] * len(asked)), parameters, tenant_key)
    return {result.check_key: result for result in await named(db, found)}


async def results(
    db: Database,
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
            " AND check_key IN (SELECT check_key FROM check_definition WHERE tenant_key = ? AND check_id = ?)"
        )
        parameters = (tenant_key, check_id)
    rows = await db.read(
        _HISTORY.format(of_checks=of_checks),
        (tenant_key, from_us, last_us, last_us, check_key, check_key, commit_key, *parameters, limit),
        tenant_key,
    )
    return await named(db, rows)


async def recent_of_tenant(db: Database, tenant_key: int, limit: int) -> Sequence[StoredResult]:
    """The newest results of a tenant: those of the hour before its newest one."""
    newest = [
        health.last_result.time_us for health in await check_health(db, tenant_key) if health.last_result
    ]
    if not newest:
        return []
    since_us = max(newest) - 3_600_000_000
    return await results(db, tenant_key, since_us, max(newest) + 1, limit, "", None)


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


async def alerts(
    db: Database,
    tenant_key: int | None,
    severity: str,
    status: str,
    limit: int,
    before: tuple[int, str] | None,
) -> Sequence[tuple[AlertRecord, str]]:
    conditions = {"alert.tenant_key": tenant_key, "severity": severity or None, "status": status or None}
    chosen = {column: value for column, value in conditions.items() if value is not None}
    where = " AND ".join(["TRUE", *(f"{column} = ?" for column in chosen)])
    place: tuple[object, ...] = ()
    if before is not None:
        where += " AND first_occurred_us <= ? AND (first_occurred_us < ? OR alert_id > ?)"
        place = (before[0], *before)
    rows = await db.read(
        f"{_ALERT} WHERE {where} ORDER BY first_occurred_us DESC, alert_id LIMIT ?",
        (*chosen.values(), *place, limit),
        tenant_key,
    )
    return [(_alert_of(row), row["tenant_id"]) for row in rows]


async def open_alerts(db: Database, tenant_key: int | None, limit: int) -> Sequence[tuple[AlertRecord, str]]:
    own, parameters = ("", ()) if tenant_key is None else (" AND alert.tenant_key = ?", (tenant_key,))
    rows = await db.read(
        f"{_ALERT} WHERE status <> 'resolved'{own} ORDER BY CASE severity WHEN 'critical' THEN 0"
        " WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, first_occurred_us DESC, alert_id LIMIT ?",
        (*parameters, limit),
        tenant_key,
    )
    return [(_alert_of(row), row["tenant_id"]) for row in rows]


async def alert(db: Database, alert_id: str, tenant_key: int | None) -> tuple[AlertRecord, str] | None:
    own, parameters = ("", ()) if tenant_key is None else (" AND alert.tenant_key = ?", (tenant_key,))
    rows = await db.read(
        f"{_ALERT} WHERE alert_id = ?{own}",
        (alert_id, *parameters),
        tenant_key,
    )
    return (_alert_of(rows[0]), rows[0]["tenant_id"]) if rows else None


async def newest_alert(db: Database, tenant_key: int, alert_type: str) -> AlertRecord | None:
    rows = await db.read(
        "SELECT * FROM alert WHERE tenant_key = ? AND alert_type = ?"
        " ORDER BY first_occurred_us DESC, alert_id LIMIT 1",
        (tenant_key, alert_type),
        tenant_key,
    )
    return _alert_of(rows[0]) if rows else None


def _alert_of(row: Row) -> AlertRecord:
    return AlertRecord(**{name: row[name] for name in AlertRecord.__dataclass_fields__})


async def count_open_alerts(db: Database, tenant_key: int | None) -> int:
    where, parameters = ("", ()) if tenant_key is None else (" AND tenant_key = ?", (tenant_key,))
    rows = await db.read(
        f"SELECT count(*) AS open FROM alert WHERE status <> 'resolved'{where}", parameters, tenant_key
    )
    return int(rows[0]["open"])
