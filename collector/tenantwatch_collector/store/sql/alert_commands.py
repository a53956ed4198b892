"""What callers want done to alerts, kept until an engine has done it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tenantwatch_collector.store.alerts import AlertCommand
from tenantwatch_collector.store.sql.database import Database, Transaction, now_us

_COLUMNS = "command_id, tenant_key, alert_id, action, who, notes, created_at_us, detail"
_AT_ONCE = 1000


class SqlAlertCommands:
    """See :class:`tenantwatch_collector.store.alerts.AlertStore` for what each method promises."""

    _db: Database

    async def command_alert(
        self, alert_id: str, tenant_key: int | None, action: str, who: str, notes: str
    ) -> bool:
        async with self._db.transaction() as tx:
            own = "" if tenant_key is None else " AND tenant_key = ?"
            parameters = (action, who, notes, now_us(), alert_id)
            changed = await tx.execute(
                "INSERT INTO alert_command (tenant_key, alert_id, action, who, notes, created_at_us)"
                " SELECT tenant_key, alert_id, CAST(? AS text), CAST(? AS text), CAST(? AS text),"
                f" CAST(? AS bigint) FROM alert WHERE alert_id = ? AND status <> 'resolved'{own}",
                parameters if tenant_key is None else (*parameters, tenant_key),
            )
            return changed == 1

    async def report_alert(self, tenant_key: int, who: str, notes: str, detail: str) -> AlertCommand:
        async with self._db.transaction() as tx:
            return await report(tx, tenant_key, who, notes, detail, now_us())

    async def pending_alert_commands(self) -> Sequence[AlertCommand]:
        rows = await self._db.read(
            f"SELECT {_COLUMNS} FROM alert_command WHERE done_at_us IS NULL"
            f" ORDER BY command_id LIMIT {_AT_ONCE}"
        )
        return [AlertCommand(*(row[name] for name in _COLUMNS.split(", "))) for row in rows]


async def report(
    tx: Transaction, tenant_key: int, who: str, notes: str, detail: str, now_us: int
) -> AlertCommand:
    rows = await tx.rows(
        "INSERT INTO alert_command (tenant_key, alert_id, action, who, notes, created_at_us, detail)"
        " VALUES (?, '', 'create', ?, ?, ?, ?) RETURNING command_id",
        (tenant_key, who, notes, now_us, detail),
    )
    command_id = int(rows[0]["command_id"])
    return AlertCommand(command_id, tenant_key, "", "create", who, notes, now_us, detail)


async def done(tx: Transaction, command_ids: Iterable[int], now_us: int) -> None:
    await tx.execute_many(
        "UPDATE alert_command SET done_at_us = ? WHERE command_id = ?",
        [(now_us, command_id) for command_id in command_ids],
    )
