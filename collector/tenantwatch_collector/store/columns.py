"""Results as columns: from ingest to the store and on to the engines without a loop per result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from tenantwatch_wire.columns import NO_METRICS, MetricColumns

BUCKET_US = 900_000_000
"""Every offset of a modern time zone is a multiple of it, so every local day is a union of buckets."""


@dataclass(frozen=True, slots=True)
class ResultColumns:
    """Results; ``latency_us`` -1 is none; ``texts`` and ``metrics`` are sparse, by row."""

    tenant_key: npt.NDArray[np.int64]
    check_key: npt.NDArray[np.int64]
    time_us: npt.NDArray[np.int64]
    status: npt.NDArray[np.uint8]
    latency_us: npt.NDArray[np.int64]
    texts: dict[int, str] = field(default_factory=dict)
    metrics: MetricColumns = NO_METRICS

    def __len__(self) -> int:
        return len(self.status)

    def checks(self) -> list[int]:
        """The keys of the checks that it is about, each once: counted, since sorting costs more."""
        keys: list[int] = np.flatnonzero(np.bincount(self.check_key)).tolist()
        return keys

    def take(self, rows: npt.NDArray[np.intp]) -> ResultColumns:
        """These rows alone, in their order; ``rows`` must rise."""
        place = np.full(len(self), -1, np.int64)
        place[rows] = np.arange(len(rows))
        metrics = self.metrics
        kept = place[metrics.row] >= 0 if len(metrics) else np.zeros(0, bool)
        return ResultColumns(
            self.tenant_key[rows],
            self.check_key[rows],
            self.time_us[rows],
            self.status[rows],
            self.latency_us[rows],
            {int(place[row]): text for row, text in self.texts.items() if place[row] >= 0},
            MetricColumns(
                place[metrics.row[kept]].astype(np.uint32),
                metrics.name[kept],
                metrics.value[kept],
                metrics.names,
            ),
        )

    def take_plain(self, rows: npt.NDArray[np.int64]) -> ResultColumns:
        """These rows alone, in any order, without their texts and metrics."""
        return ResultColumns(
            self.tenant_key[rows],
            self.check_key[rows],
            self.time_us[rows],
            self.status[rows],
            self.latency_us[rows],
        )

    def tail(self, skip: int) -> ResultColumns:
        """Without the first ``skip`` rows."""
        return self.take(np.arange(skip, len(self))) if skip else self

    def at(self, time_us: npt.NDArray[np.int64]) -> ResultColumns:
        """The same results at other times."""
        return ResultColumns(
            self.tenant_key,
            self.check_key,
            time_us,
            self.status,
            self.latency_us,
            self.texts,
            self.metrics,
        )

    @classmethod
    def concatenate(cls, parts: Sequence[ResultColumns]) -> ResultColumns:
        """All of them, one behind the other."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return EMPTY
        offsets = np.cumsum([0, *(len(part) for part in parts)]).tolist()
        return cls(
            np.concatenate([part.tenant_key for part in parts]),
            np.concatenate([part.check_key for part in parts]),
            np.concatenate([part.time_us for part in parts]),
            np.concatenate([part.status for part in parts]),
            np.concatenate([part.latency_us for part in parts]),
            {
                row + offset: text
                for part, offset in zip(parts, offsets, strict=False)
                for row, text in part.texts.items()
            },
            _joined([(part.metrics, offset) for part, offset in zip(parts, offsets, strict=False)]),
        )


def _joined(parts: Sequence[tuple[MetricColumns, int]]) -> MetricColumns:
    parts = [(metrics, offset) for metrics, offset in parts if len(metrics)]
    if not parts:
        return NO_METRICS
    names: dict[str, int] = {}
    renamed = [
        np.array([names.setdefault(name, len(names)) for name in metrics.names], np.uint32)
        for metrics, _ in parts
    ]
    return MetricColumns(
        np.concatenate([(metrics.row + np.uint32(offset)).astype(np.uint32) for metrics, offset in parts]),
        np.concatenate([new[metrics.name] for (metrics, _), new in zip(parts, renamed, strict=True)]),
        np.concatenate([metrics.value for metrics, _ in parts]),
        tuple(names),
    )


@dataclass(frozen=True, slots=True)
class MetricSet:
    """Rows that name the same metrics in the same order: ``values`` has a line a row, a column a name."""

    names: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


def metric_sets(metrics: MetricColumns) -> list[MetricSet]:
    """The metrics, grouped; checks of one kind name the same ones, so the groups are few."""
    if not len(metrics):
        return []
    rows, starts, counts = np.unique(metrics.row, return_index=True, return_counts=True)
    found = []
    for width in np.unique(counts).tolist():
        chosen = counts == width
        places = starts[chosen][:, None] + np.arange(width)
        names, which = np.unique(metrics.name[places], axis=0, return_inverse=True)
        which = which.reshape(-1)
        for number, named in enumerate(names.tolist()):
            mine = which == number
            found.append(
                MetricSet(
                    tuple(metrics.names[name] for name in named),
                    rows[chosen][mine].astype(np.int64),
                    metrics.value[places[mine]],
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class Touched:
    """The buckets of :data:`BUCKET_US` into which a commit brought results, as pairs of columns."""

    tenant_key: npt.NDArray[np.int64]
    bucket: npt.NDArray[np.int64]

    @classmethod
    def by(cls, results: ResultColumns) -> Touched:
        """Without repetition, in order."""
        tenants, buckets = results.tenant_key, results.time_us // BUCKET_US
        # A batch's results lie side by side and seldom in two buckets: sort what differs from its neighbour.
        new = np.ones(len(results), bool)
        new[1:] = (tenants[1:] != tenants[:-1]) | (buckets[1:] != buckets[:-1])
        pairs = np.unique(np.stack([tenants[new], buckets[new]], axis=1), axis=0)
        return cls(pairs[:, 0], pairs[:, 1])

    def to_bytes(self) -> bytes:
        return np.stack([self.tenant_key, self.bucket], axis=1).astype("<i8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Touched:
        pairs = np.frombuffer(data, "<i8").reshape(-1, 2)
        return cls(pairs[:, 0], pairs[:, 1])

    def __len__(self) -> int:
        return len(self.bucket)


EMPTY = ResultColumns(
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    np.zeros(0, np.uint8),
    np.zeros(0, np.int64),
)
NOTHING_TOUCHED = Touched(np.zeros(0, np.int64), np.zeros(0, np.int64))
