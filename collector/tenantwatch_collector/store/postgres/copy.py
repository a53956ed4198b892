"""Rows of the table ``result`` as PostgreSQL's binary COPY format, built from columns.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": big-endian, every field after its
length, -1 for null. Rows of one shape are one numpy array; only a text costs Python a step for its row.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.store.columns import MetricSet, ResultColumns
from tenantwatch_collector.store.intake import Intake

COPY_RESULT = (
    "COPY result (time_us, tenant_key, check_key, status, commit_key, latency_us, sent_time_us, text,"
    " metric_set_key, metric_values) FROM STDIN (FORMAT binary)"
)
HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
_FIELDS = 10
_ROWS_AT_ONCE = 4_096
_FLOAT8_OID = 701
_NULL = struct.pack(">i", -1)

_HEAD = [
    ("fields", ">i2"),
    ("time_length", ">i4"), ("time_us", ">i8"),
    ("tenant_length", ">i4"), ("tenant_key", ">i4"),
    ("check_length", ">i4"), ("check_key", ">i4"),
    ("status_length", ">i4"), ("status", ">i2"),
    ("commit_length", ">i4"), ("commit_key", ">i8"),
]  # fmt: skip
_LATENCY = {True: [("latency_length", ">i4"), ("latency_us", ">i8")], False: [("latency_length", ">i4")]}
_NO_SENT_NO_TEXT = [("sent_length", ">i4"), ("text_length", ">i4")]
_NO_METRICS = [("set_length", ">i4"), ("values_length", ">i4")]

Keys = dict[int, int]
"""The key of a set of metrics, by tenant."""
Metrics = tuple[npt.NDArray[np.float64], Keys]
"""A line of values for each row, and the keys of their set."""


def copy_rows(
    found: Intake, rows: npt.NDArray[np.intp], commit_key: int, sets: Sequence[tuple[MetricSet, Keys]]
) -> Iterator[bytes]:
    """The rows given, in no particular order, in blocks of bounded size; without header and trailer."""
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        yield from _rows(found, rows[first : first + _ROWS_AT_ONCE], commit_key, sets)


def _rows(
    found: Intake, rows: npt.NDArray[np.intp], commit_key: int, sets: Sequence[tuple[MetricSet, Keys]]
) -> Iterator[bytes]:
    bare = np.zeros(len(found.columns), bool)
    bare[rows] = True
    wanted = bare.copy()
    for each, keys in sets:
        bare[each.rows] = False
        mine = wanted[each.rows]
        if mine.any():
            yield from _blocks(found, each.rows[mine], commit_key, (each.values[mine], keys))
    yield from _blocks(found, np.flatnonzero(bare), commit_key, None)


def _blocks(
    found: Intake, rows: npt.NDArray[np.int64], commit_key: int, metrics: Metrics | None
) -> Iterator[bytes]:
    """Rows of one set of metrics, by whether there is a latency and whether there is anything sparse."""
    columns = found.columns
    measured = columns.latency_us[rows] >= 0
    odd = np.zeros(len(columns), bool)
    odd[[*columns.texts, *found.sent_time_us]] = True
    sparse = odd[rows]
    for has_latency in (True, False):
        for is_sparse in (False, True):
            places = np.flatnonzero((measured == has_latency) & (sparse == is_sparse))
            if not len(places):
                continue
            chosen = columns.take_plain(rows[places])
            mine = None if metrics is None else (metrics[0][places], metrics[1])
            if is_sparse:
                yield _sparse_rows(found, rows[places], chosen, commit_key, has_latency, mine)
            else:
                block = np.empty(
                    len(places),
                    np.dtype(_HEAD + _LATENCY[has_latency] + _NO_SENT_NO_TEXT + _tail_layout(mine)),
                )
                _fill_head(block, chosen, commit_key, has_latency)
                block["sent_length"] = block["text_length"] = -1
                _fill_tail(block, chosen, mine)
                yield block.tobytes()


def _tail_layout(metrics: Metrics | None) -> list[Any]:
    if metrics is None:
        return _NO_METRICS
    element = np.dtype([("length", ">i4"), ("value", ">f8")])
    return [
        ("set_length", ">i4"), ("set_key", ">i4"), ("values_length", ">i4"), ("array", ">i4", (5,)),
        ("elements", element, (metrics[0].shape[1],)),
    ]  # fmt: skip


def _fill_head(block: npt.NDArray[Any], columns: ResultColumns, commit_key: int, has_latency: bool) -> None:
    """The fields up to the latency."""
    block["fields"] = _FIELDS
    for name, length in (("time", 8), ("tenant", 4), ("check", 4), ("status", 2), ("commit", 8)):
        block[f"{name}_length"] = length
    block["time_us"] = columns.time_us
    block["tenant_key"] = columns.tenant_key
    block["check_key"] = columns.check_key
    block["status"] = columns.status
    block["commit_key"] = commit_key
    block["latency_length"] = 8 if has_latency else -1
    if has_latency:
        block["latency_us"] = columns.latency_us


def _fill_tail(block: npt.NDArray[Any], columns: ResultColumns, metrics: Metrics | None) -> None:
    """The fields of metrics: the key of the set, and the values as an array of one dimension."""
    if metrics is None:
        block["set_length"] = block["values_length"] = -1
        return
    values, keys = metrics
    width = values.shape[1]
    known, which = np.unique(columns.tenant_key, return_inverse=True)
    block["set_length"] = 4
    block["set_key"] = np.array([keys[tenant_key] for tenant_key in known.tolist()])[which.reshape(-1)]
    block["values_length"] = 20 + 12 * width
    block["array"] = (1, 0, _FLOAT8_OID, width, 1)  # dimensions, has nulls, element type, length, lower bound
    block["elements"]["length"] = 8
    block["elements"]["value"] = values


def _sparse_rows(
    found: Intake,
    rows: npt.NDArray[np.int64],
    columns: ResultColumns,
    commit_key: int,
    has_latency: bool,
    metrics: Metrics | None,
) -> bytes:
    """Rows with a text or another time: the fields of no fixed width stand between two fixed blocks."""
    head = np.empty(len(rows), np.dtype(_HEAD + _LATENCY[has_latency]))
    _fill_head(head, columns, commit_key, has_latency)
    tail = np.empty(len(rows), np.dtype(_tail_layout(metrics)))
    _fill_tail(tail, columns, metrics)
    heads, head_size = head.tobytes(), head.dtype.itemsize
    tails, tail_size = tail.tobytes(), tail.dtype.itemsize
    texts, sent_times = found.columns.texts, found.sent_time_us
    parts: list[bytes] = []
    for place, row in enumerate(rows.tolist()):
        sent_us, text = sent_times.get(row), texts.get(row)
        encoded = b"" if text is None else text.encode()
        parts += (
            heads[place * head_size : (place + 1) * head_size],
            _NULL if sent_us is None else struct.pack(">iq", 8, sent_us),
            _NULL if text is None else struct.pack(">i", len(encoded)) + encoded,
            tails[place * tail_size : (place + 1) * tail_size],
        )
    return b"".join(parts)
