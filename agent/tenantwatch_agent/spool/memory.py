"""Results on their way to the disk; while it is full they wait here, and the oldest are given up."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tenantwatch_wire.limits import MAX_TIME_US, MIN_TIME_US
from tenantwatch_wire.records import Lane, Result

from tenantwatch_agent.spool.records import Loss, SpoolGap

MAX_IN_MEMORY = 10_000
log = logging.getLogger(__name__)

_REASON = "the disk under the spool was full"


class Waiting:
    """In order of arrival; urgent ones belong into the live lane whatever stands in it."""

    def __init__(self) -> None:
        self.results: list[tuple[Result, bool]] = []
        self._losses: list[Loss] = []
        self._clock_is_wrong = False
        self.oldest_us = 0
        """Of results and losses; 0 where there is nothing."""

    def __len__(self) -> int:
        return len(self.results)

    def __bool__(self) -> bool:
        return bool(self.results or self._losses)

    @property
    def count(self) -> int:
        """Results, and those that were lost and are written nowhere."""
        return len(self.results) + sum(loss.count for loss in self._losses)

    def add(self, results: Sequence[Result], urgent: bool) -> int:
        """Returns how many were dropped for a time that cannot be."""
        right = [(result, urgent) for result in results if self._has_a_time(result)]
        self.results += right
        self._reach_back([result.time_us for result, _ in right])
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

    def lose(self, loss: Loss) -> None:
        """It becomes a gap before what is written next."""
        self._reach_back([loss.from_us])
        before = self._losses[-1] if self._losses else None
        if before is None or before.reason != loss.reason:
            self._losses.append(loss)
            return
        from_us, to_us = min(before.from_us, loss.from_us), max(before.to_us, loss.to_us)
        self._losses[-1] = Loss(before.count + loss.count, from_us, to_us, loss.reason)

    def gaps(self, lane: Lane, last: int) -> list[SpoolGap]:
        """What was lost, with the sequences behind the last one given in that lane."""
        found = []
        for loss in self._losses:
            found.append(SpoolGap(lane, last + 1, last + loss.count, loss.from_us, loss.to_us, loss.reason))
            last += loss.count
        return found

    def written(self, count: int, losses: int) -> None:
        """The first ones are on disk, and what was lost before them is noted there."""
        # More may have come while these were written.
        del self.results[:count]
        del self._losses[:losses]
        self.oldest_us = 0
        self._reach_back([result.time_us for result, _ in self.results])
        self._reach_back([loss.from_us for loss in self._losses])

    def _reach_back(self, times_us: Sequence[int]) -> None:
        """Kept up to date, as it is asked for with each result that comes."""
        if times_us:
            self.oldest_us = min(self.oldest_us or times_us[0], *times_us)

    def give_up_excess(self) -> int:
        """Keep the newest MAX_IN_MEMORY; returns how many went."""
        excess = self.results[: max(0, len(self.results) - MAX_IN_MEMORY)]
        if not excess:
            return 0
        del self.results[: len(excess)]
        times = [result.time_us for result, _ in excess]
        self.lose(Loss(len(excess), min(times), max(times), _REASON))
        return len(excess)
