"""The SQLite store: the contract's methods, each a transaction or a read over its neighbours' SQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tenantwatch_wire.records import CheckDefinition

from tenantwatch_collector.store.base import (
    AgentPosition,
    AlertRecord,
    CheckHealth,
    Commit,
    Delivery,
    JudgedState,
    Judgement,
    OutboxMessage,
    StoredCheck,
    StoredResult,
    Tenant,
    TenantHealth,
    Token,
)
from tenantwatch_collector.store.sqlite import access, ingest, judgements, queries
from tenantwatch_collector.store.sqlite.connection import Connections
from tenantwatch_collector.store.sqlite.migrate import migrate


class SqliteStore:
    """See :class:`tenantwatch_collector.store.base.Store` for what each method promises."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    @classmethod
    async def open(cls, path: Path) -> SqliteStore:
        """Open, creating or migrating the file as needed."""
        migrate(path)
        return cls(await Connections.open(path))

    async def close(self) -> None:
        await self._db.close()

    async def ping(self) -> None:
        async with self._db.transaction() as db:
            await db.execute("SELECT 1 FROM schema_version")

    # -- tenants and access

    async def create_tenant(self, tenant_id: str, tenant_name: str, tier: str) -> Tenant:
        async with self._db.transaction() as db:
            await db.execute(
                "INSERT INTO tenant (tenant_id, tenant_name, tier, created_at_us) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (tenant_id, tenant_name, tier, access.now_us()),
            )
            rows = await db.execute_fetchall("SELECT * FROM tenant WHERE tenant_id = ?", (tenant_id,))
        return access.tenant_of(next(iter(rows)))

    async def tenant(self, tenant_id: str) -> Tenant | None:
        rows = await self._db.read("SELECT * FROM tenant WHERE tenant_id = ?", (tenant_id,))
        return access.tenant_of(rows[0]) if rows else None

    async def tenants(self) -> Sequence[Tenant]:
        return [access.tenant_of(r) for r in await self._db.read("SELECT * FROM tenant ORDER BY tenant_id")]

    async def create_token(
        self, token_id: str, secret_sha256: bytes, role: str, tenant_key: int | None, name: str
    ) -> None:
        async with self._db.transaction() as db:
            await db.execute(
                "INSERT INTO token (token_id, secret_sha256, role, tenant_key, name, created_at_us)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (token_id, secret_sha256, role, tenant_key, name, access.now_us()),
            )

    async def token_by_hash(self, secret_sha256: bytes) -> Token | None:
        rows = await self._db.read(f"{access.TOKEN_SQL} WHERE secret_sha256 = ?", (secret_sha256,))
        return access.token_of(rows[0]) if rows else None

    async def token_is_valid(self, token_id: str) -> bool:
        sql = "SELECT 1 FROM token WHERE token_id = ? AND revoked_at_us IS NULL"
        return bool(await self._db.read(sql, (token_id,)))

    async def touch_token(self, token_id: str, used_at_us: int) -> None:
        async with self._db.transaction() as db:
            await db.execute(
                "UPDATE token SET last_used_at_us = ? WHERE token_id = ?", (used_at_us, token_id)
            )

    async def tokens(self) -> Sequence[Token]:
        rows = await self._db.read(f"{access.TOKEN_SQL} ORDER BY token.created_at_us, token_id")
        return [access.token_of(row) for row in rows]

    async def revoke_token(self, token_id: str) -> bool:
        async with self._db.transaction() as db:
            done = await db.execute(
                "UPDATE token SET revoked_at_us = ? WHERE token_id = ? AND revoked_at_us IS NULL",
                (access.now_us(), token_id),
            )
            return done.rowcount == 1

    # -- ingest

    async def agent_arrived(
        self, tenant_key: int, agent_id: str, generation: str, version: str, hostname: str, digest: str
    ) -> Sequence[AgentPosition]:
        async with self._db.transaction() as db:
            return await access.write_agent(db, tenant_key, agent_id, generation, version, hostname, digest)

    async def register_checks(
        self, tenant_key: int, agent_id: str, checks: Sequence[tuple[CheckDefinition, bool]], complete: bool
    ) -> Sequence[StoredCheck]:
        async with self._db.transaction() as db:
            stored = await access.write_checks(db, tenant_key, agent_id, checks)
            if complete:
                await access.retire_other_checks(db, tenant_key, agent_id, stored)
        return stored

    async def commit(self, deliveries: Sequence[Delivery]) -> Commit:
        async with self._db.transaction() as db:
            return await ingest.write_commit(db, deliveries)

    # -- engines

    async def judged_state(self) -> JudgedState:
        return await judgements.read_judged_state(self._db)

    async def checks(self) -> Sequence[StoredCheck]:
        return [access.check_of(row) for row in await self._db.read("SELECT * FROM check_definition")]

    async def commits_after(self, commit_id: int, limit: int) -> Sequence[Commit]:
        return await judgements.read_commits(self._db, commit_id, limit)

    async def results_of_check(
        self, tenant_key: int, check_key: int, from_us: int, limit: int
    ) -> Sequence[tuple[int, int, int | None, int]]:
        rows = await self._db.read(
            "SELECT time_us, status, latency_us, received_at_us FROM result JOIN commit_log USING (commit_id)"
            " WHERE tenant_key = ? AND check_key = ? AND time_us >= ? ORDER BY time_us LIMIT ?",
            (tenant_key, check_key, from_us, limit),
        )
        return [(r[0], r[1], r[2], r[3]) for r in rows]

    async def write_judgement(self, judgement: Judgement) -> None:
        async with self._db.transaction() as db:
            await judgements.write_judgement(db, judgement)

    # -- notify

    async def claim_messages(self, now_us: int, lease_us: int, limit: int) -> Sequence[OutboxMessage]:
        async with self._db.transaction() as db:
            return await judgements.claim_messages(db, now_us, lease_us, limit)

    async def message_sent(self, message_id: int, now_us: int) -> None:
        async with self._db.transaction() as db:
            await db.execute(
                "UPDATE outbox SET status = 'sent', sent_at_us = ?, last_error = NULL WHERE message_id = ?",
                (now_us, message_id),
            )

    async def message_failed(self, message_id: int, error: str, next_attempt_us: int | None) -> None:
        async with self._db.transaction() as db:
            await db.execute(
                "UPDATE outbox SET last_error = ?, next_attempt_us = coalesce(?, next_attempt_us),"
                " status = iif(? IS NULL, 'dead', status) WHERE message_id = ? AND status = 'owed'",
                (error, next_attempt_us, next_attempt_us, message_id),
            )

    async def next_message_due_us(self) -> int | None:
        rows = await self._db.read("SELECT min(next_attempt_us) FROM outbox WHERE status = 'owed'")
        return rows[0][0] if rows else None

    # -- questions

    async def tenant_health(self, tenant_key: int | None) -> Sequence[TenantHealth]:
        return await queries.tenant_health(self._db, tenant_key)

    async def check_health(self, tenant_key: int) -> Sequence[CheckHealth]:
        return await queries.check_health(self._db, tenant_key)

    async def recent_results(self, tenant_key: int | None, limit: int) -> Sequence[StoredResult]:
        return await queries.recent_results(self._db, tenant_key, limit)

    async def results(
        self,
        tenant_key: int,
        from_us: int,
        to_us: int,
        limit: int,
        check_id: str,
        before: tuple[int, int] | None,
    ) -> Sequence[StoredResult]:
        return await queries.results(self._db, tenant_key, from_us, to_us, limit, check_id, before)

    async def alerts(
        self, tenant_key: int | None, severity: str, status: str, limit: int
    ) -> Sequence[tuple[AlertRecord, str]]:
        return await queries.alerts(self._db, tenant_key, severity, status, limit)

    async def count_open_alerts(self, tenant_key: int | None) -> int:
        return await queries.count_open_alerts(self._db, tenant_key)
