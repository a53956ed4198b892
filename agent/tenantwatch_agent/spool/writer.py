"""From memory to the disk: sequences are given, and what cannot be written is held."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from tenantwatch_wire.records import Lane, Result

from tenantwatch_agent.clock import NeverAhead
from tenantwatch_agent.config.sections import SpoolLimits
from tenantwatch_agent.spool import table
from tenantwatch_agent.spool.connection import transact
from tenantwatch_agent.spool.current import CurrentFile
from tenantwatch_agent.spool.damage import FAILURES
from tenantwatch_agent.spool.memory import MAX_IN_MEMORY, Waiting
from tenantwatch_agent.spool.records import Given, Spooled

MAX_AT_ONCE = 1_000
"""An attempt on a disk that is still full costs no more than these, however many wait."""

log = logging.getLogger(__name__)


class Writer:
    """One call at a time."""

    def __init__(
        self,
        current: CurrentFile,
        waiting: Waiting,
        limits: SpoolLimits,
        wall_clock: Callable[[], float],
        on_full: Callable[[], None],
    ) -> None:
        self._current = current
        self._waiting = waiting
        self._now = NeverAhead(current.clock, wall_clock)
        self._on_full = on_full
        self.limits = limits
        self.is_full = False
        """From when something could not be written until all that waits is."""
        self.dropped = 0
        """For the bounds, for want of memory, or for a check that nobody configured."""
        self.bytes = 0

    async def write(self) -> None:
        """All that waits; what cannot be written is held. A damaged file makes way for a new one."""
        if not self._waiting and not self.is_full:
            return
        try:
            await self._write()
        except FAILURES as error:
            if await self._current.recover(error):
                await self.write_or_hold()
            else:
                self._hold(error)

    def hold(self) -> None:
        """While the disk is full: keep what waits, as far as memory is meant for it."""
        self.dropped += self._waiting.give_up_excess()
        self.note_held()

    async def write_or_hold(self) -> None:
        """Into a file that has just begun."""
        try:
            await self._write()
        except FAILURES as error:
            self._hold(error)

    def complain(self, error: Exception) -> None:
        """Once until it can be written again."""
        if self.is_full:
            return
        self.is_full = True
        log.error(
            "the spool cannot be written (%s): free space under its folder; up to %d results wait in memory"
            " meanwhile",
            error,
            MAX_IN_MEMORY,
        )
        self._on_full()

    def note_held(self) -> bool:
        """That it is missed if it never gets to the disk; False if that cannot be noted."""
        lane, waiting = self._lane(), self._waiting
        return self._current.file.note_held(lane, waiting.count, waiting.oldest_us)

    def give_up(self) -> None:
        """The agent ends: what waits in memory is lost."""
        if not self._waiting:
            return
        noted = "they become a gap at the next start" if self.note_held() else "and that can be noted nowhere"
        log.error("the disk is still full: %d results in memory are lost, %s", len(self._waiting), noted)
        self.dropped += len(self._waiting)
        self._waiting.results.clear()

    def _hold(self, error: Exception) -> None:
        self.complain(error)
        self.hold()

    def _lane(self) -> Lane:
        return self._current.pace.lane(self._current.file.count[Lane.LIVE])

    async def _write(self) -> None:
        left = len(self._waiting)
        await self._write_some()
        while (left := left - MAX_AT_ONCE) > 0:
            await self._write_some()
        if self.is_full:
            self.is_full = False
            log.warning("the spool can be written again")

    async def _write_some(self) -> None:
        file, lane = self._current.file, self._lane()
        waiting = self._waiting.results[:MAX_AT_ONCE]
        last = dict(file.given.last)
        lost = self._waiting.gaps(lane, last[lane])
        last[lane] += sum(gap.count for gap in lost)
        rows, unknown, fresh = self._rows(waiting, lane, last)
        given = Given(file.given.generation, last, last if file.sending else file.given.sent)
        is_beyond = file.total + len(rows) > self.limits.max_results
        bounds = self.limits if self._current.pace.bounds_due(len(rows), is_beyond) else None
        now_us = round(self._now() * 1_000_000)
        added = await transact(
            file.db, lambda db: table.add(db, rows, lost, given, file.count, bounds, now_us)
        )
        file.note(given, added.count, added.oldest_us)
        self._waiting.written(len(waiting), len(lost))
        for one in fresh:
            self._current.recent.add(one)
        self._note(added, bool(lost), lane)
        self.dropped += unknown

    def _rows(
        self, waiting: Sequence[tuple[Result, bool]], lane: Lane, last: dict[Lane, int]
    ) -> tuple[list[table.Row], int, list[Spooled]]:
        """Counts ``last`` on; also returns how many are of no check that has an entry, and the live ones."""
        rows, unknown, live = [], 0, []
        for result, urgent in waiting:
            index = self._current.entries.index(result.check_id)
            if index is None:
                log.error("a result of check %s, which nobody configured, is dropped", result.check_id)
                unknown += 1
                continue
            into = Lane.LIVE if urgent else lane
            last[into] += 1
            rows.append(table.row(into, last[into], index, result))
            if into is Lane.LIVE:
                live.append(table.spooled(rows[-1], result))
        return rows, unknown, live

    def _note(self, added: table.Added, has_lost: bool, lane: Lane) -> None:
        may_have_gaps = self._current.file.may_have_gaps
        may_have_gaps[lane] |= has_lost
        for each, dropped in added.dropped.items():
            may_have_gaps[each] |= dropped > 0
            self.dropped += dropped
        if any(added.dropped.values()):
            self._current.recent.clear()
        if added.bytes is not None:
            self.bytes = added.bytes
