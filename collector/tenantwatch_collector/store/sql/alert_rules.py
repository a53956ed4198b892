"""Custom rules, and the metrics that they can be about."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tenantwatch_collector.store.alerts import StoredRule
from tenantwatch_collector.store.sql.database import Database

OWN = " AND tenant_id = (SELECT t.tenant_id FROM tenant t WHERE t.tenant_key = ?)"
"""What bounds a question to the rules, or silences, that name a tenant."""
_COLUMNS = "rule_id, tenant_id, tier, definition, created_at_us, created_by"


class SqlAlertRules:
    """See :class:`tenantwatch_collector.store.alerts.AlertStore` for what each method promises."""

    _db: Database

    async def alert_rules(self, tenant_key: int | None = None) -> Sequence[StoredRule]:
        own, parameters = ("", ()) if tenant_key is None else (OWN, (tenant_key,))
        sql = f"SELECT {_COLUMNS} FROM alert_rule WHERE TRUE{own} ORDER BY rule_id"
        rows = await self._db.read(sql, parameters, tenant_key)
        return [StoredRule(*(row[name] for name in _COLUMNS.split(", "))) for row in rows]

    async def put_alert_rule(self, rule: StoredRule) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                f"INSERT INTO alert_rule ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (rule_id) DO UPDATE SET tenant_id = excluded.tenant_id, tier = excluded.tier,"
                " definition = excluded.definition",
                (
                    rule.rule_id,
                    rule.tenant_id,
                    rule.tier,
                    rule.definition,
                    rule.created_at_us,
                    rule.created_by,
                ),
            )

    async def remove_alert_rule(self, rule_id: str) -> bool:
        async with self._db.transaction() as tx:
            return await tx.execute("DELETE FROM alert_rule WHERE rule_id = ?", (rule_id,)) == 1

    async def metric_names(self, tenant_id: str | None) -> Sequence[str]:
        own = (
            "" if tenant_id is None else " JOIN tenant t ON t.tenant_key = m.tenant_key WHERE t.tenant_id = ?"
        )
        parameters = () if tenant_id is None else (tenant_id,)
        rows = await self._db.read(f"SELECT DISTINCT m.names FROM metric_set m{own}", parameters)
        return sorted({name for row in rows for name in json.loads(row["names"])})
