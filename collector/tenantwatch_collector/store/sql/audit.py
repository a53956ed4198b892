"""The audit log, in SQL that both databases understand. There is no statement that changes an entry."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.store.access import AuditEntry
from tenantwatch_collector.store.sql.database import Database, now_us

_WRITTEN = "tenant_key, subject, roles, address, request_id, action, target, before, after"
_FACTS = ("subject", "roles", "address", "request_id", "action", "target", "before", "after")


class SqlAudit:
    """See :class:`tenantwatch_collector.store.access.AccessStore` for what each method promises."""

    _db: Database

    async def add_audit(self, tenant_key: int | None, entry: AuditEntry) -> None:
        async with self._db.transaction() as tx:
            facts = [getattr(entry, name) for name in _FACTS]
            await tx.execute(
                f"INSERT INTO audit_entry (time_us, {_WRITTEN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (now_us(), tenant_key, *facts),
            )

    async def audit_entries(
        self, tenant_key: int | None, subject: str, action: str, before_id: int | None, limit: int
    ) -> Sequence[AuditEntry]:
        bounds = {
            "e.tenant_key = ?": tenant_key,
            "e.subject = ?": subject or None,
            "e.action = ?": action or None,
            "e.entry_id < ?": before_id,
        }
        asked = {bound: value for bound, value in bounds.items() if value is not None}
        rows = await self._db.read(
            "SELECT e.*, t.tenant_id FROM audit_entry e LEFT JOIN tenant t ON t.tenant_key = e.tenant_key"
            + (f" WHERE {' AND '.join(asked)}" if asked else "")
            + " ORDER BY e.entry_id DESC LIMIT ?",
            (*asked.values(), limit),
            tenant_key,
        )
        return [
            AuditEntry(
                **{name: row[name] for name in _FACTS},
                tenant_id=row["tenant_id"],
                entry_id=row["entry_id"],
                time_us=row["time_us"],
            )
            for row in rows
        ]
