"""Issued reports, and what may change them, in SQL that both databases understand."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.store.issued import IssuedReport, LateFact
from tenantwatch_collector.store.sql.database import Database, Row
from tenantwatch_collector.store.sql.judgements import advance, cursor

ENGINE = "issuing"

_COLUMNS = tuple(IssuedReport.__dataclass_fields__)
_OF_PERIOD = "tenant_key = ? AND period_type = ? AND label = ?"
# What is asked of sums is, word for word, what the index rollup_sum_late holds. A month of sums is one fact:
# a whole year that is imported is a dozen of them for a tenant and not thirty thousand.
_LATE_SUMS = (
    "SELECT tenant_key, min(start_us) AS from_us, max(start_us) + 900000000 AS to_us FROM rollup_sum"
    " WHERE width_s = 900 AND known_at_us > start_us + 259200000000"
    " AND known_at_us > ? AND known_at_us <= ? GROUP BY tenant_key, start_us / 2592000000000"
)
_APPROVED = (
    "SELECT tenant_key, from_us, to_us FROM correction WHERE approved_at_us > ? AND approved_at_us <= ?"
)


class SqlIssued:
    """See :class:`tenantwatch_collector.store.issued.IssuedStore` for what each method promises."""

    _db: Database

    async def add_issued(self, report: IssuedReport) -> bool:
        marks = ", ".join("?" * len(_COLUMNS))
        async with self._db.transaction() as tx:
            kept = await tx.execute(
                f"INSERT INTO issued_report ({', '.join(_COLUMNS)}) VALUES ({marks}) ON CONFLICT DO NOTHING",
                [getattr(report, name) for name in _COLUMNS],
            )
        return kept == 1

    async def issued(self, tenant_key: int, period_type: str, label: str) -> Sequence[IssuedReport]:
        rows = await self._db.read(
            f"SELECT * FROM issued_report WHERE {_OF_PERIOD} ORDER BY sequence",
            (tenant_key, period_type, label),
            tenant_key,
        )
        return [IssuedReport(**{name: row[name] for name in _COLUMNS}) for row in rows]

    async def issued_to(self, tenant_key: int) -> Sequence[IssuedReport]:
        names = [name for name in _COLUMNS if name != "document"]
        sql = f"SELECT {', '.join(names)} FROM issued_report WHERE tenant_key = ?"
        rows = await self._db.read(sql, (tenant_key,), tenant_key)
        return [IssuedReport(**{name: row[name] for name in names}, document="") for row in rows]

    async def not_issued(self, period_type: str, label: str, created_before_us: int) -> Sequence[int]:
        rows = await self._db.read(
            "SELECT tenant_key FROM tenant t WHERE deleted_at_us IS NULL AND created_at_us < ?"
            " AND NOT EXISTS (SELECT 1 FROM issued_report i WHERE i.tenant_key = t.tenant_key"
            " AND i.period_type = ? AND i.label = ?) ORDER BY tenant_key",
            (created_before_us, period_type, label),
        )
        return [row["tenant_key"] for row in rows]

    async def late_results(self, after_us: int, until_us: int) -> Sequence[LateFact]:
        return _facts(await self._db.read(_LATE_SUMS, (after_us, until_us)))

    async def approved_corrections(self, after_us: int, until_us: int) -> Sequence[LateFact]:
        return _facts(await self._db.read(_APPROVED, (after_us, until_us)))

    async def issuing_state(self) -> int:
        return await cursor(self._db, ENGINE)

    async def note_issuing(self, until_us: int) -> None:
        async with self._db.transaction() as tx:
            await advance(tx, ENGINE, until_us)


def _facts(rows: Sequence[Row]) -> Sequence[LateFact]:
    return [LateFact(row["tenant_key"], row["from_us"], row["to_us"]) for row in rows]
