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
_LATENCY = [("latency_length", ">i4"), ("latency_us", ">i8")]
_NO_LATENCY = [("latency_length", ">i4")]
_NO_SENT_NO_TEXT = [("sent_length", ">i4"), ("text_length", ">i4")]
_NO_METRICS = [("set_length", ">i4"), ("values_length", ">i4")]


def copy_rows(
    found: Intake,
    rows: npt.NDArray[np.intp],
    commit_key: int,
    sets: Sequence[tuple[MetricSet, dict[int, int]]],
) -> Iterator[bytes]:
    """The rows given, in no particular order, in blocks; without header and trailer."""
    columns = found.columns
    wanted = np.zeros(len(columns), bool)
    wanted[rows] = True
    bare = wanted.copy()
    for each, keys in sets:
        bare[each.rows] = False
        mine = wanted[each.rows]
        if mine.any():
            yield from _blocks(found, each.rows[mine], commit_key, (each.values[mine], keys))
    yield from _blocks(found, np.flatnonzero(bare), commit_key, None)


def _blocks(
    found: Intake,
    rows: npt.NDArray[np.int64],
    commit_key: int,
    metrics: tuple[npt.NDArray[np.float64], dict[int, int]] | None,
) -> Iterator[bytes]:
    """Rows of one set of metrics, by whether there is a latency and whether there is anything sparse."""
    columns = found.columns
    measured = columns.latency_us[rows] >= 0
    sparse = np.isin(rows, [*columns.texts, *found.sent_time_us])
    for has_latency in (True, False):
        for is_sparse in (False, True):
            places = np.flatnonzero((measured == has_latency) & (sparse == is_sparse))
            if not len(places):
                continue
            tail = None if metrics is None else (metrics[0][places], metrics[1])
            head = _head(columns, rows[places], commit_key, has_latency, not is_sparse)
            if is_sparse:
                yield _sparse_rows(found, rows[places], head, _tail(columns, rows[places], tail))
            else:
                yield _joined(head, _tail(columns, rows[places], tail)).tobytes()


def _head(
    columns: ResultColumns, rows: npt.NDArray[np.int64], commit_key: int, has_latency: bool, closed: bool
) -> npt.NDArray[Any]:
    """The fields up to the latency; with ``closed`` also the two that are null in rows without texts."""
    layout = _HEAD + (_LATENCY if has_latency else _NO_LATENCY) + (_NO_SENT_NO_TEXT if closed else [])
    head = np.empty(len(rows), np.dtype(layout))
    head["fields"] = _FIELDS
    for name, length in (("time", 8), ("tenant", 4), ("check", 4), ("status", 2), ("commit", 8)):
        head[f"{name}_length"] = length
    head["time_us"] = columns.time_us[rows]
    head["tenant_key"] = columns.tenant_key[rows]
    head["check_key"] = columns.check_key[rows]
    head["status"] = columns.status[rows]
    head["commit_key"] = commit_key
    head["latency_length"] = 8 if has_latency else -1
    if has_latency:
        head["latency_us"] = columns.latency_us[rows]
    if closed:
        head["sent_length"] = head["text_length"] = -1
    return head


def _tail(
    columns: ResultColumns,
    rows: npt.NDArray[np.int64],
    metrics: tuple[npt.NDArray[np.float64], dict[int, int]] | None,
) -> npt.NDArray[Any]:
    """The fields of metrics: the key of the set, and the values as an array of one dimension."""
    if metrics is None:
        tail = np.empty(len(rows), np.dtype(_NO_METRICS))
        tail["set_length"] = tail["values_length"] = -1
        return tail
    values, keys = metrics
    width = values.shape[1]
    element = np.dtype([("length", ">i4"), ("value", ">f8")])
    layout = [("set_length", ">i4"), ("set_key", ">i4"), ("values_length", ">i4"), ("array", ">i4", (5,)),
              ("elements", element, (width,))]  # fmt: skip
    tail = np.empty(len(rows), np.dtype(layout))
    tail["set_length"] = 4
    known, which = np.unique(columns.tenant_key[rows], return_inverse=True)
    tail["set_key"] = np.array([keys[tenant_key] for tenant_key in known.tolist()])[which.reshape(-1)]
    tail["values_length"] = 20 + 12 * width
    tail["array"] = (1, 0, _FLOAT8_OID, width, 1)  # dimensions, has nulls, element type, length, lower bound
    tail["elements"]["length"] = 8
    tail["elements"]["value"] = values
    return tail


def _joined(head: npt.NDArray[Any], tail: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Both side by side, row by row."""
    left = head.view(np.uint8).reshape(len(head), -1)
    right = tail.view(np.uint8).reshape(len(tail), -1)
    return np.concatenate([left, right], axis=1)


def _sparse_rows(
    found: Intake, rows: npt.NDArray[np.int64], head: npt.NDArray[Any], tail: npt.NDArray[Any]
) -> bytes:
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
