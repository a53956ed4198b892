"""Sums of rollups, counted requests, and the facts of many tenants, in SQL that both databases understand."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from tenantwatch_wire.records import Status

from tenantwatch_collector.store.agreements import ContractRecord, KnownChange
from tenantwatch_collector.store.columns import BUCKET_US
from tenantwatch_collector.store.rollups import RolledUp
from tenantwatch_collector.store.sql.agreements import correction_of, window_of
from tenantwatch_collector.store.sql.database import Database, Row, Transaction
from tenantwatch_collector.store.sql.results import metrics_of
from tenantwatch_collector.store.sql.versions import VERSIONS, checks_of
from tenantwatch_collector.store.sums import CounterReading, RequestRollup, RollupSum, TenantFacts

_SUM = RollupSum._fields
_REQUESTS = tuple(RequestRollup.__dataclass_fields__)
_CONTRACT = tuple(ContractRecord.__dataclass_fields__)
_LEVELS = tuple(Status)
_sum_values, _request_values, _contract_values = (
    itemgetter(*_SUM),
    itemgetter(*_REQUESTS),
    itemgetter(*_CONTRACT),
)
_log_values = itemgetter("check_key", "time_us", "level", "known_at_us")
_QUARTER_S = BUCKET_US // 1_000_000


async def write_sums(tx: Transaction, flush: RolledUp) -> None:
    """Replace what the flush's spans had."""
    spans = [(span.tenant_key, span.width_s, span.start_us) for span in flush.spans]
    await tx.execute_many(
        "DELETE FROM rollup_sum WHERE tenant_key = ? AND width_s = ? AND start_us = ?", spans
    )
    await _insert(tx, "rollup_sum", _SUM, flush.sums)
    quarters = [(span.tenant_key, span.start_us) for span in flush.spans if span.width_s == _QUARTER_S]
    await tx.execute_many("DELETE FROM request_rollup WHERE tenant_key = ? AND start_us = ?", quarters)
    await _insert(tx, "request_rollup", _REQUESTS, flush.requests)


async def _insert(tx: Transaction, table: str, columns: Sequence[str], rows: Sequence[object]) -> None:
    if rows:
        await tx.execute_many(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            [tuple(getattr(row, name) for name in columns) for row in rows],
        )


class SqlSums:
    """See :class:`tenantwatch_collector.store.sums.SumStore` for what each method promises."""

    _db: Database

    async def tenant_facts(
        self, tenant_keys: Sequence[int], to_us: int, known_until_us: int
    ) -> Mapping[int, TenantFacts]:
        contracts = await self._of_tenants("contract", "tenant_key, number", tenant_keys)
        checks = await self._read(VERSIONS.format(whose=_among(tenant_keys, "v.")), tenant_keys, tenant_keys)
        log = await self._read(
            "SELECT tenant_key, check_key, time_us, level, known_at_us FROM check_change WHERE"
            f" {_among(tenant_keys)} AND time_us < ? AND (known_at_us <= ? OR level = ?)"
            " ORDER BY known_at_us, time_us",
            (*tenant_keys, to_us, known_until_us, int(Status.UNKNOWN)),
            tenant_keys,
        )
        windows = await self._of_tenants("maintenance_window", "tenant_key, window_id", tenant_keys)
        corrections = await self._of_tenants("correction", "tenant_key, number", tenant_keys)
        by_tenant = [_by_tenant(rows) for rows in (contracts, checks, log, windows, corrections)]
        return {
            key: _facts(known_until_us, *(found.get(key, ()) for found in by_tenant)) for key in tenant_keys
        }

    async def rollup_sums(
        self, tenant_keys: Sequence[int], width_s: int, from_us: int, to_us: int
    ) -> Sequence[RollupSum]:
        rows = await self._read(
            f"SELECT {', '.join(_SUM)} FROM rollup_sum WHERE {_among(tenant_keys)}"
            " AND width_s = ? AND start_us >= ? AND start_us < ? ORDER BY tenant_key, start_us",
            (*tenant_keys, width_s, from_us, to_us),
            tenant_keys,
        )
        return [RollupSum(*row) for row in map(_sum_values, rows)]

    async def request_rollups(self, tenant_key: int, from_us: int, to_us: int) -> Sequence[RequestRollup]:
        rows = await self._db.read(
            f"SELECT {', '.join(_REQUESTS)} FROM request_rollup WHERE tenant_key = ? AND start_us >= ?"
            " AND start_us < ? ORDER BY start_us, check_key",
            (tenant_key, from_us, to_us),
            tenant_key,
        )
        return [RequestRollup(*row) for row in map(_request_values, rows)]

    async def counting_tenants(
        self, names: tuple[str, str], among: Sequence[int] | None = None
    ) -> Sequence[int]:
        sql, like = "SELECT tenant_key, names FROM metric_set WHERE names LIKE ?", f'%"{names[0]}"%'
        if among is None:
            rows = await self._db.read(sql, (like,))
        else:
            rows = await self._read(f"{sql} AND {_among(among)}", (like, *among), among)
        return sorted({row["tenant_key"] for row in rows if _has(row, names)})

    async def counter_readings(
        self, tenant_key: int, names: tuple[str, str], from_us: int, to_us: int
    ) -> Sequence[CounterReading]:
        found = await self._db.read(
            "SELECT metric_set_key, names FROM metric_set WHERE tenant_key = ?", (tenant_key,), tenant_key
        )
        sets = {row["metric_set_key"]: row for row in found if _has(row, names)}
        if not sets:
            return []
        rows = await self._db.read(
            "SELECT r.check_key, r.time_us, r.metric_set_key, r.metric_values, r.received_at_us"
            " FROM check_definition d JOIN any_result r"
            " ON r.tenant_key = d.tenant_key AND r.check_key = d.check_key"
            " WHERE d.tenant_key = ? AND r.tenant_key = ? AND r.time_us >= ? AND r.time_us < ?"
            f" AND r.status <> ? AND r.metric_set_key IN ({', '.join('?' * len(sets))})",
            (tenant_key, tenant_key, from_us, to_us, int(Status.UNKNOWN), *sets),
        )
        return [_reading(row, sets, names) for row in rows]

    async def _of_tenants(self, table: str, order: str, tenant_keys: Sequence[int]) -> Sequence[Row]:
        return await self._read(
            f"SELECT * FROM {table} WHERE {_among(tenant_keys)} ORDER BY {order}", tenant_keys, tenant_keys
        )

    async def _read(self, sql: str, parameters: Sequence[Any], tenant_keys: Sequence[int]) -> Sequence[Row]:
        """As the tenant where it is one; many are read by platform callers only."""
        if not tenant_keys:
            return []
        return await self._db.read(sql, parameters, tenant_keys[0] if len(tenant_keys) == 1 else None)


def _among(tenant_keys: Sequence[int], table: str = "") -> str:
    return f"{table}tenant_key IN ({', '.join('?' * len(tenant_keys))})"


def _by_tenant(rows: Sequence[Row]) -> Mapping[int, Sequence[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["tenant_key"]].append(row)
    return found


def _facts(
    known_until_us: int,
    contracts: Sequence[Row],
    checks: Sequence[Row],
    log: Sequence[Row],
    windows: Sequence[Row],
    corrections: Sequence[Row],
) -> TenantFacts:
    return TenantFacts(
        [ContractRecord(*row) for row in map(_contract_values, contracts)],
        checks_of(checks, known_until_us),
        [KnownChange(key, time, _LEVELS[level], known) for key, time, level, known in map(_log_values, log)],
        [window_of(row) for row in windows],
        [correction_of(row) for row in corrections],
    )


def _has(row: Row, names: tuple[str, str]) -> bool:
    found = json.loads(row["names"])
    return names[0] in found and names[1] in found


def _reading(row: Row, sets: Mapping[int, Row], names: tuple[str, str]) -> CounterReading:
    metrics = metrics_of(row, sets)
    total, errors = (metrics[name] for name in names)
    return CounterReading(row["check_key"], row["time_us"], total, errors, row["received_at_us"])
