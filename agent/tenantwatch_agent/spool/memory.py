"""Results on their way to the disk; while it is full they wait here, and the oldest are given up."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from tenantwatch_wire.limits import MAX_TIME_US, MIN_TIME_US
from tenantwatch_wire.records import Lane, Result

from tenantwatch_agent.spool.records import SpoolGap

MAX_IN_MEMORY = 10_000
log = logging.getLogger(__name__)

_REASON = "the disk under the spool was full"


class Waiting:
    """In order of arrival; urgent ones belong into the live lane whatever stands in it."""

    def __init__(self) -> None:
        self.results: list[tuple[Result, bool]] = []
        self._lost: SpoolGap | None = None
        self._clock_is_wrong = False

    def __len__(self) -> int:
        return len(self.results)

    def __bool__(self) -> bool:
        return bool(self.results) or self._lost is not None

    def add(self, results: Sequence[Result], urgent: bool) -> int:
        """Returns how many were dropped for a time that cannot be."""
        right = [(result, urgent) for result in results if self._has_a_time(result)]
        self.results += right
        return len(results) - len(right)

    def _has_a_time(self, result: Result) -> bool:
        """One of 1970, from a clock that is not set yet, would have its whole batch refused."""
        is_right = MIN_TIME_US <= result.time_us <= MAX_TIME_US
        if not (is_right or self._clock_is_wrong):
            log.error(
                "results are dropped: the clock of this machine is wrong (%d s since 1970); set it",
                result.time_us // 1_000_000,
            )
        self._clock_is_wrong = not is_right
        return is_right

    def lost(self, lane: Lane, last: int) -> SpoolGap | None:
        """What was given up, with the sequences behind the last one given in that lane."""
        if self._lost is None:
            return None
        count = self._lost.last_sequence
        return replace(self._lost, lane=lane, first_sequence=last + 1, last_sequence=last + count)

    def written(self, count: int) -> None:
        """The first ones are on disk, and what was lost before them is noted there."""
        # More may have come while these were written.
        del self.results[:count]
        self._lost = None

    def give_up_excess(self) -> int:
        """Keep the newest MAX_IN_MEMORY; returns how many went."""
        excess = self.results[: max(0, len(self.results) - MAX_IN_MEMORY)]
        if not excess:
            return 0
        del self.results[: len(excess)]
        times = [result.time_us for result, _ in excess]
        # Its sequences count from 1 until it is written down.
        before = self._lost or SpoolGap(Lane.LIVE, 1, 0, times[0], times[0], _REASON)
        self._lost = replace(
            before,
            last_sequence=before.last_sequence + len(excess),
            from_us=min(before.from_us, *times),
            to_us=max(before.to_us, *times),
        )
        return len(excess)
