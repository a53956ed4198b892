"""Questions about alerts. Each names its tenant, or is a platform caller's, and bounds what it reads."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.store.access import PLATFORM
from tenantwatch_collector.store.alerts import AlertRecord
from tenantwatch_collector.store.sql.database import Database, Row

_ALERT = (
    f"SELECT alert.*, coalesce(tenant.tenant_id, '{PLATFORM}') AS tenant_id FROM alert"
    " LEFT JOIN tenant ON tenant.tenant_key = alert.tenant_key"
)


class SqlAlerts:
    """See :class:`tenantwatch_collector.store.alerts.AlertStore` for what each method promises."""

    _db: Database

    async def alerts(
        self,
        tenant_key: int | None,
        severity: str,
        status: str,
        limit: int,
        before: tuple[int, str] | None = None,
    ) -> Sequence[tuple[AlertRecord, str]]:
        conditions = {"alert.tenant_key": tenant_key, "severity": severity or None, "status": status or None}
        chosen = {column: value for column, value in conditions.items() if value is not None}
        where = " AND ".join(["TRUE", *(f"{column} = ?" for column in chosen)])
        place: tuple[object, ...] = ()
        if before is not None:
            where += " AND first_occurred_us <= ? AND (first_occurred_us < ? OR alert_id > ?)"
            place = (before[0], *before)
        rows = await self._db.read(
            f"{_ALERT} WHERE {where} ORDER BY first_occurred_us DESC, alert_id LIMIT ?",
            (*chosen.values(), *place, limit),
            tenant_key,
        )
        return [(_alert_of(row), row["tenant_id"]) for row in rows]

    async def open_alerts(self, tenant_key: int | None, limit: int) -> Sequence[tuple[AlertRecord, str]]:
        own, parameters = ("", ()) if tenant_key is None else (" AND alert.tenant_key = ?", (tenant_key,))
        rows = await self._db.read(
            f"{_ALERT} WHERE status <> 'resolved'{own} ORDER BY CASE severity WHEN 'critical' THEN 0"
            " WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, first_occurred_us DESC, alert_id LIMIT ?",
            (*parameters, limit),
            tenant_key,
        )
        return [(_alert_of(row), row["tenant_id"]) for row in rows]

    async def alert(self, alert_id: str, tenant_key: int | None) -> tuple[AlertRecord, str] | None:
        own, parameters = ("", ()) if tenant_key is None else (" AND alert.tenant_key = ?", (tenant_key,))
        rows = await self._db.read(
            f"{_ALERT} WHERE alert_id = ?{own}",
            (alert_id, *parameters),
            tenant_key,
        )
        return (_alert_of(rows[0]), rows[0]["tenant_id"]) if rows else None

    async def newest_alert(self, tenant_key: int, alert_type: str) -> AlertRecord | None:
        rows = await self._db.read(
            "SELECT * FROM alert WHERE tenant_key = ? AND alert_type = ?"
            " ORDER BY first_occurred_us DESC, alert_id LIMIT 1",
            (tenant_key, alert_type),
            tenant_key,
        )
        return _alert_of(rows[0]) if rows else None

    async def count_open_alerts(self, tenant_key: int | None) -> int:
        where, parameters = ("", ()) if tenant_key is None else (" AND tenant_key = ?", (tenant_key,))
        rows = await self._db.read(
            f"SELECT count(*) AS open FROM alert WHERE status <> 'resolved'{where}", parameters, tenant_key
        )
        return int(rows[0]["open"])


def _alert_of(row: Row) -> AlertRecord:
    return AlertRecord(**{name: row[name] for name in AlertRecord.__dataclass_fields__})
