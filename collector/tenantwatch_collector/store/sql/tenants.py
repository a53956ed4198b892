"""The life of a tenant after it was created."""

from __future__ import annotations

from tenantwatch_collector.store.sql.database import Transaction


async def change(tx: Transaction, tenant_key: int, tenant_name: str, resource_tier: str) -> None:
    await tx.execute(
        "UPDATE tenant SET tenant_name = ?, resource_tier = ? WHERE tenant_key = ?",
        (tenant_name, resource_tier, tenant_key),
    )


async def suspend(tx: Transaction, tenant_key: int, since_us: int | None) -> bool:
    changed = await tx.execute(
        "UPDATE tenant SET suspended_at_us = ? WHERE tenant_key = ? AND deleted_at_us IS NULL"
        f" AND suspended_at_us IS {'NOT ' if since_us is None else ''}NULL",
        (since_us, tenant_key),
    )
    return changed == 1


async def delete(tx: Transaction, tenant_key: int, now_us: int) -> None:
    await tx.execute(
        "UPDATE tenant SET deleted_at_us = ? WHERE tenant_key = ? AND deleted_at_us IS NULL",
        (now_us, tenant_key),
    )
    await tx.execute(
        "UPDATE token SET revoked_at_us = ? WHERE tenant_key = ? AND revoked_at_us IS NULL",
        (now_us, tenant_key),
    )
