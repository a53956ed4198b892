"""Access tokens: of a secret only its hash is kept."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from tenantwatch_collector.store.access import Token
from tenantwatch_collector.store.sql.database import Database, Row, now_us
from tenantwatch_collector.store.sql.tenants import tenant_of

_TOKEN = (
    "SELECT token.*, tenant.tenant_id, tenant.tenant_name, tenant.tier, tenant.resource_tier,"
    " tenant.suspended_at_us, tenant.deleted_at_us,"
    " tenant.created_at_us AS tenant_created_at_us FROM token LEFT JOIN tenant USING (tenant_key)"
)


class SqlTokens:
    """See :class:`tenantwatch_collector.store.access.AccessStore` for what each method promises."""

    _db: Database

    async def create_token(
        self,
        token_id: str,
        secret_sha256: bytes,
        role: str,
        tenant_key: int | None,
        name: str,
        *,
        subject: str,
        scopes: Sequence[str] = (),
        expires_at_us: int | None = None,
    ) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "INSERT INTO token (token_id, secret_sha256, role, tenant_key, name, created_at_us, subject,"
                " scopes, expires_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    token_id,
                    secret_sha256,
                    role,
                    tenant_key,
                    name,
                    now_us(),
                    subject,
                    " ".join(scopes),
                    expires_at_us,
                ),
            )

    async def token_by_hash(self, secret_sha256: bytes) -> Token | None:
        rows = await self._db.read(f"{_TOKEN} WHERE secret_sha256 = ?", (secret_sha256,))
        if not rows or not hmac.compare_digest(bytes(rows[0]["secret_sha256"]), secret_sha256):
            return None
        return _token_of(rows[0])

    async def token_is_valid(self, token_id: str) -> bool:
        sql = (
            "SELECT 1 AS valid FROM token LEFT JOIN tenant USING (tenant_key)"
            " WHERE token_id = ? AND revoked_at_us IS NULL AND suspended_at_us IS NULL"
            " AND (expires_at_us IS NULL OR expires_at_us > ?)"
        )
        return bool(await self._db.read(sql, (token_id, now_us())))

    async def touch_token(self, token_id: str, used_at_us: int) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE token SET last_used_at_us = ? WHERE token_id = ?", (used_at_us, token_id)
            )

    async def tokens(self) -> Sequence[Token]:
        rows = await self._db.read(f"{_TOKEN} ORDER BY token.created_at_us, token_id")
        return [_token_of(row) for row in rows]

    async def revoke_token(self, token_id: str) -> bool:
        async with self._db.transaction() as tx:
            changed = await tx.execute(
                "UPDATE token SET revoked_at_us = ? WHERE token_id = ? AND revoked_at_us IS NULL",
                (now_us(), token_id),
            )
            return changed == 1

    async def tokens_revoked_since(self, since_us: int) -> Sequence[str]:
        sql = (
            "SELECT token_id FROM token LEFT JOIN tenant USING (tenant_key)"
            " WHERE revoked_at_us >= ? OR expires_at_us BETWEEN ? AND ? OR suspended_at_us >= ?"
        )
        rows = await self._db.read(sql, (since_us, since_us, now_us(), since_us))
        return [row["token_id"] for row in rows]


def _token_of(row: Row) -> Token:
    tenant = None if row["tenant_key"] is None else tenant_of(row, "tenant_created_at_us")
    return Token(
        row["token_id"],
        row["role"],
        row["name"],
        tenant,
        row["created_at_us"],
        row["revoked_at_us"],
        row["last_used_at_us"],
        row["subject"],
        tuple(row["scopes"].split()),
        row["expires_at_us"],
    )
