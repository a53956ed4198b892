"""The judged health of tenants and checks, each check with its newest result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenantwatch_wire.records import Status

from tenantwatch_collector.store.judgements import CheckHealth, TenantHealth
from tenantwatch_collector.store.results import StoredResult
from tenantwatch_collector.store.sql.agents import check_of
from tenantwatch_collector.store.sql.database import Database, Row
from tenantwatch_collector.store.sql.history import named
from tenantwatch_collector.store.sql.tenants import tenant_of

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
_ASKED_TOGETHER = 50


class SqlHealth:
    """See :class:`tenantwatch_collector.store.judgements.JudgementStore` for what each method promises."""

    _db: Database

    async def tenant_health(self, tenant_key: int | None) -> Sequence[TenantHealth]:
        bound, parameters = ("", ()) if tenant_key is None else (" AND t.tenant_key = ?", (tenant_key,))
        where = f" WHERE t.deleted_at_us IS NULL{bound}"
        rows = await self._db.read(f"{_TENANT_HEALTH}{where} ORDER BY t.tenant_id", parameters, tenant_key)
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

    async def check_health(self, tenant_key: int) -> Sequence[CheckHealth]:
        rows = await self._db.read(
            "SELECT d.*, cs.level, cs.since_us, cs.last_us FROM check_definition d"
            " LEFT JOIN check_state cs ON cs.tenant_key = d.tenant_key AND cs.check_key = d.check_key"
            " WHERE d.tenant_key = ? AND d.active ORDER BY d.agent_id, d.check_id",
            (tenant_key,),
            tenant_key,
        )
        newest = await _newest_results(
            self._db, tenant_key, {row["check_key"]: row["last_us"] or 0 for row in rows}
        )
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
