"""The receiving half of the codec: a batch's columns as numpy arrays, checked, without a loop per result.

Needs numpy, which the agent does not have: agents import :mod:`tenantwatch_wire.codec` instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tenantwatch_wire import limits
from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import agent_pb2

_STATUSES = bytes(range(max(Status) + 1))

Scalar = TypeVar("Scalar", bound=np.generic)


class InvalidBatch(ValueError):
    """The batch breaks the wire's rules; the message says how. It is refused whole."""


@dataclass(frozen=True, slots=True)
class MetricColumns:
    """Metrics as triples, rows never falling; a result's metrics keep the order in which it named them."""

    row: npt.NDArray[np.uint32]
    name: npt.NDArray[np.uint32]
    value: npt.NDArray[np.float64]
    names: tuple[str, ...]

    def of(self, row: int) -> dict[str, float]:
        """The metrics of one result."""
        first, last = np.searchsorted(self.row, [row, row + 1]).tolist()
        named = zip(self.name[first:last].tolist(), self.value[first:last].tolist(), strict=True)
        return {self.names[name]: value for name, value in named}

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True)
class Columns:
    """Results as columns of equal length; ``texts`` and ``metrics`` are sparse, by row."""

    check_index: npt.NDArray[np.uint32]
    time_us: npt.NDArray[np.int64]
    status: npt.NDArray[np.uint8]
    latency_us: npt.NDArray[np.uint32]
    texts: dict[int, str]
    metrics: MetricColumns

    def __len__(self) -> int:
        return len(self.status)


NO_METRICS = MetricColumns(np.zeros(0, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.float64), ())


def claimed_length(batch: agent_pb2.Batch) -> int:
    """How many results the sender meant, by the longest column; for naming a refused batch."""
    return max(
        len(batch.status),
        len(batch.check_index) // 4,
        len(batch.latency_us) // 4,
        len(batch.time_us) // 8,
    )


def decode_batch(batch: agent_pb2.Batch, dictionary_size: int) -> Columns:
    """Read a batch against a dictionary of that many checks. Raises InvalidBatch, never anything else."""
    count = len(batch.status)
    if not 0 < count <= limits.MAX_BATCH_RESULTS:
        raise InvalidBatch(f"{count} results in a batch; 1 to {limits.MAX_BATCH_RESULTS} are allowed")
    columns = Columns(
        check_index=_column(batch.check_index, np.uint32, count, "check_index"),
        time_us=_column(batch.time_us, np.int64, count, "time_us"),
        status=_column(batch.status, np.uint8, count, "status"),
        latency_us=_column(batch.latency_us, np.uint32, count, "latency_us"),
        texts=_texts(batch, count),
        metrics=_metrics(batch, count),
    )
    _check_ranges(batch, columns, dictionary_size)
    return columns


def _column(data: bytes, kind: type[Scalar], count: int, name: str) -> npt.NDArray[Scalar]:
    dtype: np.dtype[Scalar] = np.dtype(kind).newbyteorder("<")
    if len(data) != count * dtype.itemsize:
        raise InvalidBatch(f"column {name} has {len(data)} bytes, {count * dtype.itemsize} expected")
    return np.frombuffer(data, dtype)


def _check_ranges(batch: agent_pb2.Batch, columns: Columns, dictionary_size: int) -> None:
    if batch.lane not in (agent_pb2.LANE_LIVE, agent_pb2.LANE_BACKLOG):
        raise InvalidBatch(f"lane {batch.lane} is unknown")
    if batch.first_sequence < 1 or batch.first_sequence > 2**62:
        raise InvalidBatch(f"first_sequence {batch.first_sequence} is out of range")
    if int(columns.check_index.max()) >= dictionary_size:
        raise InvalidBatch(
            f"check index {int(columns.check_index.max())} is not in the stream's dictionary "
            f"of {dictionary_size}"
        )
    if batch.status.strip(_STATUSES):  # at the speed of C, unlike a maximum over few elements
        raise InvalidBatch(f"status {int(columns.status.max())} is unknown")
    earliest, latest = int(columns.time_us.min()), int(columns.time_us.max())
    if earliest < limits.MIN_TIME_US or latest >= limits.MAX_TIME_US:
        raise InvalidBatch("a time lies outside the years 2000 to 2200")


def _texts(batch: agent_pb2.Batch, count: int) -> dict[int, str]:
    if not batch.texts and not batch.text_row:
        return {}
    rows = _column(batch.text_row, np.uint32, len(batch.texts), "text_row")
    if len(rows) and (int(rows[-1]) >= count or bool((np.diff(rows.astype(np.int64)) <= 0).any())):
        raise InvalidBatch("text_row must rise strictly and stay within the batch")
    for text in batch.texts:
        if len(text) > limits.MAX_TEXT_LENGTH:
            raise InvalidBatch(f"a text has {len(text)} characters; {limits.MAX_TEXT_LENGTH} are allowed")
        if "\x00" in text:
            raise InvalidBatch("a text holds a NUL character")
    return dict(zip(rows.tolist(), batch.texts, strict=True))


def _metrics(batch: agent_pb2.Batch, count: int) -> MetricColumns:
    size = len(batch.metric_value) // 8
    if not size and not batch.metric_row and not batch.metric_name and not batch.metric_value:
        return NO_METRICS
    values = _column(batch.metric_value, np.float64, size, "metric_value")
    rows = _column(batch.metric_row, np.uint32, size, "metric_row")
    names = _column(batch.metric_name, np.uint32, size, "metric_name")
    metrics = MetricColumns(rows, names, values, tuple(batch.metric_names))
    if size:
        _check_metrics(metrics, count)
    return metrics


def _check_metrics(metrics: MetricColumns, count: int) -> None:
    if len(metrics.names) > limits.MAX_METRIC_NAMES:
        raise InvalidBatch(f"more than {limits.MAX_METRIC_NAMES} names of metrics in a batch")
    if int(metrics.row.max()) >= count or bool((np.diff(metrics.row.astype(np.int64)) < 0).any()):
        raise InvalidBatch("metric_row must not fall and must stay within the batch")
    if int(metrics.name.max()) >= len(metrics.names):
        raise InvalidBatch("metric_name points outside metric_names")
    if not bool(np.isfinite(metrics.value).all()):
        raise InvalidBatch("a metric is not a finite number")
    if int(np.bincount(metrics.row).max()) > limits.MAX_METRICS_PER_RESULT:
        raise InvalidBatch(f"more than {limits.MAX_METRICS_PER_RESULT} metrics in a result")
    for name in metrics.names:
        if not 0 < len(name) <= limits.MAX_ID_LENGTH or not name.isprintable():
            raise InvalidBatch("a metric's name is empty, too long or not printable")
    if len(set(metrics.names)) < len(metrics.names):
        raise InvalidBatch("a metric's name stands twice in metric_names")
    each = metrics.row.astype(np.int64) * len(metrics.names) + metrics.name
    if len(np.unique(each)) < len(each):
        raise InvalidBatch("a result names a metric twice")
