"""What of some deliveries is to be written: pure, and the same for every database.

Here a result becomes the one that is kept exactly once: what lies at or below the watermark of its
(tenant, agent, spool generation, lane) is there already and is left out, also in the middle of a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.store.columns import EMPTY, NOTHING_TOUCHED, ResultColumns, Touched
from tenantwatch_collector.store.results import MAX_SKEW_US, AgentPosition, Delivery, Gap

Key = tuple[int, str, str, int]
"""(tenant_key, agent_id, generation, lane) of a watermark."""


def key_of(position: AgentPosition) -> Key:
    return position.tenant_key, position.agent_id, position.generation, int(position.lane)


@dataclass(frozen=True, slots=True)
class LostSpan:
    """A row of the table of gaps: sequences first..last of that key never came, or were not kept."""

    key: Key
    first_sequence: int
    last_sequence: int
    gap: Gap


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A row of the table of refused batches."""

    key: Key
    first_sequence: int
    last_sequence: int
    reason: str
    payload: bytes


@dataclass(slots=True)
class Intake:
    """All that one commit writes, but for its row in the log."""

    columns: ResultColumns = EMPTY
    """Times too far ahead are read as the commit's."""
    sent_time_us: dict[int, int] = field(default_factory=dict)
    """By row, where the agent had sent another time."""
    watermarks: dict[Key, tuple[int, int]] = field(default_factory=dict)
    """(before, after) of each lane that moves."""
    lost: list[LostSpan] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    touched: Touched = NOTHING_TOUCHED


def intake(
    deliveries: Iterable[Delivery], committed: Mapping[Key, int], received_at_us: int, oldest_us: int
) -> Intake:
    """Sort out the deliveries, in their order, against the watermarks ``committed`` (0 where there is none).

    Results before ``oldest_us`` are kept no more: they become a gap that says so.
    """
    found = Intake()
    parts: list[ResultColumns] = []
    for delivery in deliveries:
        key, last = key_of(delivery.last), delivery.last.sequence
        before = committed.get(key, 0)
        reached = found.watermarks.get(key, (before, before))[1]
        if last <= reached:
            continue
        first = max(delivery.first_sequence, reached + 1)
        if first > reached + 1:
            jump = Gap(0, 0, "the agent's sequence jumped")
            found.lost.append(LostSpan(key, reached + 1, first - 1, jump))
        if delivery.results is not None:
            fresh = delivery.results.tail(first - delivery.first_sequence)
            young = fresh.time_us >= oldest_us
            if not young.all():
                found.lost += _too_old(key, first, fresh, np.flatnonzero(~young))
                fresh = fresh.take(np.flatnonzero(young))
            parts.append(fresh)
        _note_lost(found, key, delivery, first)
        found.watermarks[key] = before, last
    found.columns = ResultColumns.concatenate(parts)
    _clamp(found, received_at_us)
    found.touched = Touched.by(found.columns)
    return found


def _note_lost(found: Intake, key: Key, delivery: Delivery, first: int) -> None:
    last = delivery.last.sequence
    if delivery.gap is not None:
        found.lost.append(LostSpan(key, first, last, delivery.gap))
    if delivery.refused is not None:
        refused = delivery.refused
        found.dead_letters.append(DeadLetter(key, first, last, refused.reason, refused.payload))


def _too_old(key: Key, first: int, columns: ResultColumns, rows: npt.NDArray[np.intp]) -> list[LostSpan]:
    """Exactly the sequences of these rows, run by run."""
    spans = []
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        if len(run):
            times = columns.time_us[run]
            reason = f"{len(run)} results older than raw results are kept ([retention] raw_days)"
            gap = Gap(int(times.min()), int(times.max()), reason)
            spans.append(LostSpan(key, first + int(run[0]), first + int(run[-1]), gap))
    return spans


def _clamp(found: Intake, received_at_us: int) -> None:
    sent = found.columns.time_us
    ahead = np.flatnonzero(sent > received_at_us + MAX_SKEW_US)
    if len(ahead):
        found.sent_time_us = dict(zip(ahead.tolist(), sent[ahead].tolist(), strict=True))
        found.columns = found.columns.at(np.where(sent > received_at_us + MAX_SKEW_US, received_at_us, sent))
