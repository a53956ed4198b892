"""Assigned checks and what agents say of them, in SQL that both databases understand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenantwatch_collector.store.assignments import AgentRecord, AssignedCheck, Assignment
from tenantwatch_collector.store.sql.database import Database, Transaction, now_us

_CHECK = tuple(AssignedCheck.__dataclass_fields__)
_AGENT = tuple(AgentRecord.__dataclass_fields__)
# One statement, so that version and checks are of one instant.
_ASSIGNMENT = (
    "SELECT t.assignment_version, c.tenant_key, c.check_id, c.agent_id, c.definition, c.changed_at_us,"
    " c.changed_by FROM tenant t LEFT JOIN assigned_check c ON c.tenant_key = t.tenant_key"
    " WHERE t.tenant_key = ? ORDER BY c.check_id"
)


class SqlAssignments:
    """See :class:`tenantwatch_collector.store.assignments.AssignmentStore` for what each method promises."""

    _db: Database

    async def put_assigned_check(
        self, tenant_key: int, check_id: str, agent_id: str | None, definition: str, who: str
    ) -> int:
        async with self._db.transaction() as tx:
            await tx.execute(
                f"INSERT INTO assigned_check ({', '.join(_CHECK)}) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (tenant_key, check_id) DO UPDATE SET agent_id = excluded.agent_id,"
                " definition = excluded.definition, changed_at_us = excluded.changed_at_us,"
                " changed_by = excluded.changed_by",
                (tenant_key, check_id, agent_id, definition, now_us(), who),
            )
            return await _next_version(tx, tenant_key)

    async def remove_assigned_check(self, tenant_key: int, check_id: str) -> int | None:
        async with self._db.transaction() as tx:
            sql = "DELETE FROM assigned_check WHERE tenant_key = ? AND check_id = ?"
            found = await tx.execute(sql, (tenant_key, check_id))
            return await _next_version(tx, tenant_key) if found else None

    async def assignment(self, tenant_key: int) -> Assignment:
        rows = await self._db.read(_ASSIGNMENT, (tenant_key,), tenant_key)
        checks = [
            AssignedCheck(**{name: row[name] for name in _CHECK})
            for row in rows
            if row["check_id"] is not None
        ]
        return Assignment(rows[0]["assignment_version"] if rows else 0, checks)

    async def assignment_versions(self) -> Mapping[int, int]:
        rows = await self._db.read(
            "SELECT tenant_key, assignment_version FROM tenant WHERE assignment_version > 0"
        )
        return {row["tenant_key"]: row["assignment_version"] for row in rows}

    async def assignment_applied(self, tenant_key: int, agent_id: str, version: int) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE agent SET applied_version = ?, refused_version = NULL, refusals = '[]',"
                " answered_at_us = ? WHERE tenant_key = ? AND agent_id = ?",
                (version, now_us(), tenant_key, agent_id),
            )

    async def assignment_refused(self, tenant_key: int, agent_id: str, version: int, refusals: str) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE agent SET applied_version = nullif(applied_version, ?), refused_version = ?,"
                " refusals = ?, answered_at_us = ? WHERE tenant_key = ? AND agent_id = ?",
                (version, version, refusals, now_us(), tenant_key, agent_id),
            )

    async def agents(self, tenant_key: int) -> Sequence[AgentRecord]:
        rows = await self._db.read(
            f"SELECT {', '.join(_AGENT)} FROM agent WHERE tenant_key = ? ORDER BY agent_id",
            (tenant_key,),
            tenant_key,
        )
        return [AgentRecord(**{name: row[name] for name in _AGENT}) for row in rows]


async def _next_version(tx: Transaction, tenant_key: int) -> int:
    rows = await tx.rows(
        "UPDATE tenant SET assignment_version = assignment_version + 1 WHERE tenant_key = ?"
        " RETURNING assignment_version",
        (tenant_key,),
    )
    return int(rows[0]["assignment_version"])
