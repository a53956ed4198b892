"""Lines that were understood as the results that a store commits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from tenantwatch_wire.columns import MetricColumns
from tenantwatch_wire.records import Lane

from tenantwatch_collector.store.base import AgentPosition, Delivery, ResultColumns, StoredCheck
from tenantwatch_collector.transfer.record import Record

Found = tuple[Record, StoredCheck]


def columns_of(found: Sequence[Found]) -> ResultColumns:
    return ResultColumns(
        np.array([check.tenant_key for _, check in found], np.int64),
        np.array([check.check_key for _, check in found], np.int64),
        np.array([record.time_us for record, _ in found], np.int64),
        np.array([record.status for record, _ in found], np.uint8),
        np.array([-1 if (us := record.latency_us) is None else us for record, _ in found], np.int64),
        {row: record.text for row, (record, _) in enumerate(found) if record.text},
        _metric_columns(found),
    )


def _metric_columns(found: Sequence[Found]) -> MetricColumns:
    names: dict[str, int] = {}
    triples = [
        (row, names.setdefault(name, len(names)), value)
        for row, (record, _) in enumerate(found)
        for name, value in record.metrics.items()
    ]
    rows, which, values = zip(*triples, strict=True) if triples else ((), (), ())
    return MetricColumns(
        np.array(rows, np.uint32), np.array(which, np.uint32), np.array(values, np.float64), tuple(names)
    )


def _identity(columns: ResultColumns) -> npt.NDArray[np.int64]:
    return np.stack(
        [columns.check_key, columns.time_us, columns.status.astype(np.int64), columns.latency_us], axis=1
    )


def first_of_equals(columns: ResultColumns) -> npt.NDArray[np.bool_]:
    _, first = np.unique(_identity(columns), axis=0, return_index=True)
    chosen = np.zeros(len(columns), bool)
    chosen[first] = True
    return chosen


def delivery_of(key: tuple[int, str], columns: ResultColumns) -> Delivery:
    generation = "import-" + hashlib.sha256(_identity(columns).astype("<i8").tobytes()).hexdigest()[:40]
    position = AgentPosition(key[0], key[1], generation, Lane.BACKLOG, len(columns))
    return Delivery(1, position, results=columns)
