"""Tenants, and their life after they were created."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.store.access import Tenant
from tenantwatch_collector.store.sql.database import Database, Row, now_us


class SqlTenants:
    """See :class:`tenantwatch_collector.store.access.AccessStore` for what each method promises."""

    _db: Database

    async def create_tenant(self, tenant_id: str, tenant_name: str, tier: str) -> Tenant:
        async with self._db.transaction() as tx:
            await tx.execute(
                "INSERT INTO tenant (tenant_id, tenant_name, tier, created_at_us) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (tenant_id, tenant_name, tier, now_us()),
            )
            rows = await tx.rows("SELECT * FROM tenant WHERE tenant_id = ?", (tenant_id,))
            return tenant_of(rows[0])

    async def add_tenant(
        self, tenant_id: str, tenant_name: str, tier: str, resource_tier: str
    ) -> Tenant | None:
        async with self._db.transaction() as tx:
            rows = await tx.rows(
                "INSERT INTO tenant (tenant_id, tenant_name, tier, resource_tier, created_at_us)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING *",
                (tenant_id, tenant_name, tier, resource_tier, now_us()),
            )
            return tenant_of(rows[0]) if rows else None

    async def tenant(self, tenant_id: str) -> Tenant | None:
        sql = "SELECT * FROM tenant WHERE tenant_id = ? AND deleted_at_us IS NULL"
        rows = await self._db.read(sql, (tenant_id,))
        return tenant_of(rows[0]) if rows else None

    async def tenants(self) -> Sequence[Tenant]:
        return [tenant_of(row) for row in await self._db.read("SELECT * FROM tenant ORDER BY tenant_id")]

    async def change_tenant(self, tenant_key: int, tenant_name: str, resource_tier: str) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE tenant SET tenant_name = ?, resource_tier = ? WHERE tenant_key = ?",
                (tenant_name, resource_tier, tenant_key),
            )

    async def suspend_tenant(self, tenant_key: int, since_us: int | None) -> bool:
        async with self._db.transaction() as tx:
            changed = await tx.execute(
                "UPDATE tenant SET suspended_at_us = ? WHERE tenant_key = ? AND deleted_at_us IS NULL"
                f" AND suspended_at_us IS {'NOT ' if since_us is None else ''}NULL",
                (since_us, tenant_key),
            )
            return changed == 1

    async def delete_tenant(self, tenant_key: int) -> None:
        async with self._db.transaction() as tx:
            now = now_us()
            await tx.execute(
                "UPDATE tenant SET deleted_at_us = ? WHERE tenant_key = ? AND deleted_at_us IS NULL",
                (now, tenant_key),
            )
            await tx.execute(
                "UPDATE token SET revoked_at_us = ? WHERE tenant_key = ? AND revoked_at_us IS NULL",
                (now, tenant_key),
            )


def tenant_of(row: Row, created: str = "created_at_us") -> Tenant:
    return Tenant(
        row["tenant_key"],
        row["tenant_id"],
        row["tenant_name"],
        row["tier"],
        row[created],
        row["resource_tier"],
        row["suspended_at_us"],
        row["deleted_at_us"],
    )
