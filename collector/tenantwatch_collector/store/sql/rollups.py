"""Rollups: whole spans of a tenant, replaced; and which wider spans are still to be made."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.store.rollups import RolledUp, Rollup, RollupSpan, RollupState
from tenantwatch_collector.store.sql.database import Database, Row, Transaction
from tenantwatch_collector.store.sql.judgements import advance, cursor
from tenantwatch_collector.store.sql.retention import deleted_before_us
from tenantwatch_collector.store.sql.sums import write_sums

ENGINE = "rollup"
CHANGES = "rollup_changes"

_COLUMNS = tuple(Rollup.__dataclass_fields__)
_SPAN = "tenant_key = ? AND width_s = ? AND start_us = ?"


class SqlRollups:
    """See :class:`tenantwatch_collector.store.rollups.RollupStore` for what each method promises."""

    _db: Database

    async def rollup_state(self) -> RollupState:
        due = await self._db.read("SELECT tenant_key, width_s, start_us FROM rollup_due")
        return RollupState(
            cursor=await cursor(self._db, ENGINE),
            changes_until_us=await cursor(self._db, CHANGES),
            due=[RollupSpan(row["tenant_key"], row["width_s"], row["start_us"]) for row in due],
            deleted_before_us=await deleted_before_us(self._db),
        )

    async def rollups(self, tenant_key: int, width_s: int, from_us: int, to_us: int) -> Sequence[Rollup]:
        rows = await self._db.read(
            "SELECT * FROM rollup WHERE tenant_key = ? AND width_s = ? AND start_us >= ? AND start_us < ?"
            " ORDER BY check_key, start_us",
            (tenant_key, width_s, from_us, to_us),
            tenant_key,
        )
        return [_rollup_of(row) for row in rows]


async def write_rollups(tx: Transaction, flush: RolledUp) -> None:
    spans = [_key(span) for span in flush.spans]
    await tx.execute_many(f"DELETE FROM rollup WHERE {_SPAN}", spans)
    await tx.execute_many(f"DELETE FROM rollup_due WHERE {_SPAN}", spans)
    await tx.execute_many(
        f"INSERT INTO rollup ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})",
        [tuple(getattr(rollup, name) for name in _COLUMNS) for rollup in flush.rollups],
    )
    await write_sums(tx, flush)
    await tx.execute_many(
        "INSERT INTO rollup_due (tenant_key, width_s, start_us) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [_key(span) for span in flush.due],
    )
    await advance(tx, ENGINE, flush.cursor)
    await advance(tx, CHANGES, flush.changes_until_us)


def _key(span: RollupSpan) -> tuple[int, int, int]:
    return span.tenant_key, span.width_s, span.start_us


def _rollup_of(row: Row) -> Rollup:
    return Rollup(**{name: row[name] for name in _COLUMNS})
