"""What is made of results and outlives them, and how long things are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from tenantwatch_collector.store.sums import RequestRollup, RollupSum


@dataclass(frozen=True, slots=True)
class Retention:
    """What may be deleted: raw results before the one instant, everything made of them before the other."""

    raw_before_us: int
    history_before_us: int


@dataclass(frozen=True, slots=True)
class Retained:
    """What was deleted, in rows; whole partitions count by what the database estimates."""

    results: int = 0
    history: int = 0


@dataclass(frozen=True, slots=True)
class Rollup:
    """One check's results in ``[start_us, start_us + width_s)``, one an instant, and its time in each level.

    Latencies are those of results that did not fail; ``histogram`` is sparse and belongs to the SLA room.
    ``known_at_us`` is when the newest of the results arrived. The milliseconds add up to the width.
    """

    tenant_key: int
    check_key: int
    width_s: int
    start_us: int
    healthy: int
    degraded: int
    unhealthy: int
    unknown: int
    latency_count: int
    latency_sum_us: int
    latency_max_us: int | None
    histogram: bytes
    healthy_ms: int
    degraded_ms: int
    unhealthy_ms: int
    unknown_ms: int
    known_at_us: int


class RollupSpan(NamedTuple):
    """All checks of a tenant in one span of time."""

    tenant_key: int
    width_s: int
    start_us: int


@dataclass(slots=True)
class RolledUp:
    """A flush of rollups, to be written in one transaction: whole spans, replaced by what is given here.

    ``due`` are wider spans that must be made of these once they are over; ``cursor`` and ``changes_until_us``
    say up to which commit and which confirmed change all that is over has been rolled up.
    """

    cursor: int
    changes_until_us: int
    spans: list[RollupSpan] = field(default_factory=list)
    rollups: list[Rollup] = field(default_factory=list)
    due: list[RollupSpan] = field(default_factory=list)
    sums: list[RollupSum] = field(default_factory=list)
    requests: list[RequestRollup] = field(default_factory=list)
    """Of the narrowest spans alone."""


@dataclass(frozen=True, slots=True)
class RollupState:
    """Where the rollups stand: see :class:`RolledUp`."""

    cursor: int
    changes_until_us: int
    due: Sequence[RollupSpan]
    deleted_before_us: int
    """Raw results before this are deleted, or about to be: what was made of them stays as it is."""


class RollupStore(Protocol):
    """The part of the store's contract that keeps what is made of results, and gives up what is old."""

    async def rollup_state(self) -> RollupState: ...
    async def write_rollups(self, flush: RolledUp) -> None:
        """Replace the spans with what the flush holds, in one transaction. Twice is the same as once."""

    async def rollups(self, tenant_key: int, width_s: int, from_us: int, to_us: int) -> Sequence[Rollup]:
        """One tenant's rollups of that width that begin in [from_us, to_us), by check and time."""

    async def keep_raw_since(self, since_us: int) -> None:
        """From now on results older than that are not kept; it is remembered, and it only rises."""

    async def retain(self, retention: Retention) -> Retained:
        """Delete what is older than that, in steps that delay no commit, and do the store's housekeeping."""
