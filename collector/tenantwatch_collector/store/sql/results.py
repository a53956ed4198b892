"""Rows of results as values: their metrics, and many of them as columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
from tenantwatch_wire.columns import NO_METRICS, MetricColumns

from tenantwatch_collector.store.columns import ResultColumns
from tenantwatch_collector.store.sql.database import Row


def metrics_of(row: Row, sets: Mapping[int, Row]) -> dict[str, float]:
    """A result's metrics; their values are little-endian floats or a list, as the database has it."""
    values = row["metric_values"]
    if values is None:
        return {}
    if isinstance(values, bytes):
        values = np.frombuffer(values, "<f8").tolist()
    return dict(zip(json.loads(sets[row["metric_set_key"]]["names"]), values, strict=True))


def columns_of(rows: Sequence[Row]) -> ResultColumns:
    """Rows of results, joined with the names of their metrics, as columns."""
    return ResultColumns(
        tenant_key=np.array([r["tenant_key"] for r in rows], np.int64),
        check_key=np.array([r["check_key"] for r in rows], np.int64),
        time_us=np.array([r["time_us"] for r in rows], np.int64),
        status=np.array([r["status"] for r in rows], np.uint8),
        latency_us=np.array([-1 if r["latency_us"] is None else r["latency_us"] for r in rows], np.int64),
        texts={i: r["text"] for i, r in enumerate(rows) if r["text"]},
        metrics=_metrics(rows),
    )


def _metrics(rows: Sequence[Row]) -> MetricColumns:
    names: dict[str, int] = {}
    triples = []
    for place, row in enumerate(rows):
        if row["metric_set_key"] is not None:
            for name, value in metrics_of(row, {row["metric_set_key"]: row}).items():
                triples.append((place, names.setdefault(name, len(names)), value))
    if not triples:
        return NO_METRICS
    rows_named, names_named, values = zip(*triples, strict=True)
    return MetricColumns(
        np.array(rows_named, np.uint32), np.array(names_named, np.uint32), np.array(values), tuple(names)
    )
