"""Contracts, windows and corrections, in SQL that both databases understand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from tenantwatch_collector.store.agreements import (
    ContractRecord,
    CorrectionRecord,
    TenantCheck,
    WindowRecord,
)
from tenantwatch_collector.store.sql import retention, versions
from tenantwatch_collector.store.sql.database import Database, Row, Transaction, now_us

_CONTRACT = tuple(ContractRecord.__dataclass_fields__)
_WINDOW = tuple(WindowRecord.__dataclass_fields__)
_CORRECTION = tuple(CorrectionRecord.__dataclass_fields__)


class SqlAgreements:
    """See :class:`tenantwatch_collector.store.agreements.AgreementStore` for what each method promises."""

    _db: Database

    async def add_contract(
        self, tenant_key: int, in_force_from_us: int | None, author: str, reason: str, contract: str
    ) -> ContractRecord:
        async with self._db.transaction() as tx:
            number = await _next(tx, "contract", "number", tenant_key)
            now = now_us()
            from_us = now if in_force_from_us is None else in_force_from_us
            record = ContractRecord(tenant_key, number, from_us, now, author, reason, contract)
            await _insert(tx, "contract", _CONTRACT, record)
        return record

    async def contracts(self, tenant_key: int) -> Sequence[ContractRecord]:
        return [_contract_of(row) for row in await self._of_tenant("contract", "number", tenant_key)]

    async def contract_count(self) -> int:
        rows = await self._db.read("SELECT count(*) AS versions FROM contract", ())
        return int(rows[0]["versions"])

    async def contracts_of_announcers(self) -> Sequence[ContractRecord]:
        rows = await self._db.read(
            "SELECT * FROM contract WHERE tenant_key IN (SELECT tenant_key FROM maintenance_window"
            " WHERE cancelled_at_us IS NULL) ORDER BY tenant_key, number",
            (),
        )
        return [_contract_of(row) for row in rows]

    async def contracts_since(self, recorded_us: int) -> Sequence[ContractRecord]:
        rows = await self._db.read(
            "SELECT * FROM contract WHERE recorded_at_us >= ? ORDER BY tenant_key, number", (recorded_us,)
        )
        return [_contract_of(row) for row in rows]

    async def add_window(self, window: WindowRecord) -> WindowRecord:
        async with self._db.transaction() as tx:
            number = await _next(tx, "maintenance_window", "window_id", window.tenant_key)
            record = replace(window, window_id=number, announced_at_us=now_us())
            checks = None if record.checks is None else json.dumps(record.checks)
            values = [checks if name == "checks" else getattr(record, name) for name in _WINDOW]
            await _insert_values(tx, "maintenance_window", _WINDOW, values)
        return record

    async def windows(self, tenant_key: int) -> Sequence[WindowRecord]:
        return [
            window_of(row) for row in await self._of_tenant("maintenance_window", "window_id", tenant_key)
        ]

    async def cancel_window(self, tenant_key: int, window_id: int, cancelled_at_us: int) -> bool:
        async with self._db.transaction() as tx:
            changed = await tx.execute(
                "UPDATE maintenance_window SET cancelled_at_us = ?"
                " WHERE tenant_key = ? AND window_id = ? AND cancelled_at_us IS NULL",
                (cancelled_at_us, tenant_key, window_id),
            )
        return changed == 1

    async def add_correction(self, correction: CorrectionRecord) -> CorrectionRecord:
        async with self._db.transaction() as tx:
            number = await _next(tx, "correction", "number", correction.tenant_key)
            record = replace(correction, number=number, entered_at_us=now_us())
            await _insert(tx, "correction", _CORRECTION, record)
        return record

    async def corrections(self, tenant_key: int) -> Sequence[CorrectionRecord]:
        return [correction_of(row) for row in await self._of_tenant("correction", "number", tenant_key)]

    async def approve_correction(
        self, tenant_key: int, number: int, approver: str
    ) -> CorrectionRecord | None:
        async with self._db.transaction() as tx:
            changed = await tx.execute(
                "UPDATE correction SET approver = ?, approved_at_us = ?"
                " WHERE tenant_key = ? AND number = ? AND approver IS NULL AND author <> ?",
                (approver, now_us(), tenant_key, number, approver),
            )
            rows = await tx.rows(
                "SELECT * FROM correction WHERE tenant_key = ? AND number = ?", (tenant_key, number)
            )
        return correction_of(rows[0]) if changed == 1 else None

    async def tenant_checks(self, tenant_key: int, check_key: int | None = None) -> Sequence[TenantCheck]:
        return await versions.tenant_checks(self._db, tenant_key, check_key)

    async def raw_since_us(self) -> int:
        return await retention.raw_since_us(self._db)

    async def _of_tenant(self, table: str, order: str, tenant_key: int) -> Sequence[Row]:
        return await self._db.read(
            f"SELECT * FROM {table} WHERE tenant_key = ? ORDER BY {order}", (tenant_key,), tenant_key
        )


async def _next(tx: Transaction, table: str, column: str, tenant_key: int) -> int:
    """The next number of the tenant's own count. Two at once: the second breaks the key and is refused."""
    rows = await tx.rows(
        f"SELECT coalesce(max({column}), 0) + 1 AS following FROM {table} WHERE tenant_key = ?", (tenant_key,)
    )
    return int(rows[0]["following"])


async def _insert(tx: Transaction, table: str, columns: Sequence[str], record: object) -> None:
    await _insert_values(tx, table, columns, [getattr(record, name) for name in columns])


async def _insert_values(
    tx: Transaction, table: str, columns: Sequence[str], values: Sequence[object]
) -> None:
    marks = ", ".join("?" * len(columns))
    await tx.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)


def _contract_of(row: Row) -> ContractRecord:
    return ContractRecord(**{name: row[name] for name in _CONTRACT})


def window_of(row: Row) -> WindowRecord:
    values = {name: row[name] for name in _WINDOW}
    checks = values["checks"]
    return WindowRecord(**{**values, "checks": None if checks is None else tuple(json.loads(checks))})


def correction_of(row: Row) -> CorrectionRecord:
    return CorrectionRecord(**{name: row[name] for name in _CORRECTION})
