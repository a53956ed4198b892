"""When nobody is to be told: silences, and the maintenance windows of all tenants."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.store.agreements import WindowRecord
from tenantwatch_collector.store.alerts import StoredSilence
from tenantwatch_collector.store.sql.agreements import window_of
from tenantwatch_collector.store.sql.alert_rules import OWN
from tenantwatch_collector.store.sql.database import Database

_COLUMNS = "silence_id, tenant_id, alert_type, start_us, end_us, who, notes"


class SqlSilences:
    """See :class:`tenantwatch_collector.store.alerts.AlertStore` for what each method promises."""

    _db: Database

    async def add_silence(self, silence: StoredSilence) -> int:
        async with self._db.transaction() as tx:
            rows = await tx.rows(
                "INSERT INTO silence (tenant_id, alert_type, start_us, end_us, who, notes)"
                " VALUES (?, ?, ?, ?, ?, ?) RETURNING silence_id",
                (
                    silence.tenant_id,
                    silence.alert_type,
                    silence.start_us,
                    silence.end_us,
                    silence.who,
                    silence.notes,
                ),
            )
            return int(rows[0]["silence_id"])

    async def silences(self, ending_after_us: int, tenant_key: int | None = None) -> Sequence[StoredSilence]:
        own, parameters = ("", ()) if tenant_key is None else (OWN, (tenant_key,))
        sql = f"SELECT {_COLUMNS} FROM silence WHERE end_us > ?{own} ORDER BY silence_id"
        rows = await self._db.read(sql, (ending_after_us, *parameters), tenant_key)
        return [StoredSilence(*(row[name] for name in _COLUMNS.split(", "))) for row in rows]

    async def end_silence(self, silence_id: int, now_us: int) -> bool:
        async with self._db.transaction() as tx:
            sql = "UPDATE silence SET end_us = ? WHERE silence_id = ? AND end_us > ?"
            return await tx.execute(sql, (now_us, silence_id, now_us)) == 1

    async def windows_ending_after(self, time_us: int) -> Sequence[WindowRecord]:
        rows = await self._db.read(
            "SELECT * FROM maintenance_window WHERE cancelled_at_us IS NULL"
            " AND (recurrence <> '' OR to_us > ?) ORDER BY tenant_key, window_id",
            (time_us,),
        )
        return [window_of(row) for row in rows]
