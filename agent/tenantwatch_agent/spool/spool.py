"""The queue itself: what goes in, what is read, and what is forgotten."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar

from tenantwatch_wire.records import CheckDefinition, Lane, Result

from tenantwatch_agent.again import Again
from tenantwatch_agent.clock import boottime
from tenantwatch_agent.config.sections import SpoolLimits
from tenantwatch_agent.metrics import Gauge
from tenantwatch_agent.spool import meta, table
from tenantwatch_agent.spool.bounds import used_bytes
from tenantwatch_agent.spool.connection import Work, ask, transact
from tenantwatch_agent.spool.current import CurrentFile
from tenantwatch_agent.spool.damage import FAILURES, READ_FAILURES
from tenantwatch_agent.spool.file import NAME, lock, open_or_begin
from tenantwatch_agent.spool.gaps import gaps
from tenantwatch_agent.spool.memory import Waiting
from tenantwatch_agent.spool.records import Given, Loss, Spooled, SpoolGap
from tenantwatch_agent.spool.turns import Turns
from tenantwatch_agent.spool.writer import Writer

MAX_READ_BYTES = 1024 * 1024
TRY_AGAIN_SECONDS = (1.0, 5.0)
"""While the disk is full; with each result would cost most when many wait."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class Spool:
    """Open with :meth:`open`. One process at a time; methods may be called concurrently."""

    def __init__(
        self,
        lock: IO[str],
        current: CurrentFile,
        waiting: Waiting,
        limits: SpoolLimits,
        wall_clock: Callable[[], float],
    ) -> None:
        self._lock = lock
        self._waiting = waiting
        self._current = current
        self._again = Again("write the spool", self._write_again, *TRY_AGAIN_SECONDS)
        self._writer = Writer(current, waiting, limits, wall_clock, self._again.begin)
        self._turns = Turns()
        self._refused = 0
        self.appended = asyncio.Event()
        """Set after results were added, or when the sender should look again; who waits clears it."""

    @classmethod
    async def open(
        cls,
        folder: Path,
        checks: Sequence[CheckDefinition],
        limits: SpoolLimits,
        clock: Callable[[], float] = boottime,
        wall_clock: Callable[[], float] = time.time,
    ) -> Spool:
        """Open or begin the spool in that folder. Raises AgentError if another process has it."""
        held, path, waiting = lock(folder), folder / NAME, Waiting()
        try:
            file, loss = await open_or_begin(path)
            spool = cls(held, CurrentFile(path, file, waiting, clock), waiting, limits, wall_clock)
            await spool._begin(checks, loss)
        except BaseException:
            held.close()
            raise
        return spool

    async def close(self) -> None:
        """Write what still waits in memory, if the disk lets us, and let go of the file."""
        self._again.end()
        await self._turns.take(self._writer.write())
        await self._turns.all_done()
        self._writer.give_up()
        await self._current.close()
        self._lock.close()

    @property
    def generation(self) -> str:
        return self._current.file.given.generation

    @property
    def last(self) -> Mapping[Lane, int]:
        """The newest sequence given in each lane."""
        return self._current.file.given.last

    @property
    def dropped(self) -> int:
        """Results that were dropped since the start, for whatever reason."""
        return self._refused + self._writer.dropped + self._current.lost

    @property
    def damages(self) -> int:
        return self._current.damages

    @property
    def bytes(self) -> int:
        """Of the file, as of the last look at its bounds."""
        return self._writer.bytes

    async def append(self, results: Sequence[Result], *, urgent: bool = False) -> None:
        """Keep the results; urgent ones go into the live lane whatever stands in it.

        While the disk is full they wait in memory, at most MAX_IN_MEMORY of them; what is beyond is
        dropped, the oldest first, and becomes a gap as soon as something can be written again. That is
        tried now and then, whether results come or not.
        """
        self._refused += self._waiting.add(results, urgent)
        await self._turns.take(self._append())

    async def read(
        self, lane: Lane, after: int, limit: int, max_bytes: int = MAX_READ_BYTES
    ) -> list[Spooled]:
        """Results of the lane in order, beginning behind that sequence; at least one if there is any."""
        if after >= self.last[lane]:
            return []
        if lane is Lane.LIVE and (recent := self._current.recent.read(after, limit, max_bytes)):
            return recent
        return await self._ask(lambda db: table.read(db, lane, after, limit, max_bytes))

    async def gaps(self, lane: Lane) -> list[SpoolGap]:
        """In order; those that are not acknowledged."""
        file = self._current.file
        if not file.may_have_gaps[lane]:
            return []
        found = await self._ask(lambda db: gaps(db, lane))
        file.may_have_gaps[lane] = bool(found)
        return found

    async def acknowledge(self, generation: str, lane: Lane, sequence: int) -> int:
        """The collector has everything up to there: forget it; returns how many results.

        Where this file never sent that much, the collector has something else: nothing is forgotten, and
        all that waits gets a new generation.

        While the disk is full they stay; a later acknowledgement includes them.
        """
        return await self._turns.take(self._acknowledge(generation, lane, sequence))

    async def begin_sending(self) -> None:
        """From now on all that is here or comes may be sent. Raises AgentError if that cannot be noted.

        What a collector has that was noted so nowhere, it has from another file: see ``acknowledge``.
        """
        await self._turns.take(self._begin_sending())

    def end_sending(self) -> None:
        """What comes from now on is sent after the next ``begin_sending``."""
        self._current.file.sending = False

    def count(self) -> int:
        """Results that wait, on disk and in memory."""
        return self._current.file.total + len(self._waiting)

    async def entries(self) -> list[tuple[int, CheckDefinition]]:
        """Every check that may have results here, by index."""
        return await self._turns.take(self._asked(lambda: self._current.entries.all()))

    async def register(
        self, checks: Sequence[CheckDefinition], going: Sequence[CheckDefinition], limits: SpoolLimits
    ) -> None:
        """Take results of these checks from now on, and of those going for a while. Raises AgentError."""
        self._writer.limits = limits
        await self._turns.take(self._register(checks, going))

    def gauges(self) -> Sequence[Gauge]:
        count, writer = self._current.file.count, self._writer
        return (
            Gauge("spool_live_results", "Results that wait in the live lane.", count[Lane.LIVE]),
            Gauge("spool_backlog_results", "Results that wait in the backlog lane.", count[Lane.BACKLOG]),
            Gauge("spool_memory_results", "Results that wait for space on the disk.", len(self._waiting)),
            Gauge("spool_dropped_results", "Results dropped since the start.", self.dropped),
            Gauge("spool_damages", "Damaged files set aside since the start.", self.damages),
            Gauge("spool_bytes", "Of the file, as of the last look at its bounds.", writer.bytes),
            Gauge("spool_writable", "0 while the disk is full.", not writer.is_full),
        )

    def status(self) -> dict[str, object]:
        return {"generation": self.generation} | {
            g.name.removeprefix("spool_"): g.value for g in self.gauges()
        }

    async def _begin(self, checks: Sequence[CheckDefinition], loss: Loss | None) -> None:
        if loss is not None:
            self._waiting.lose(loss)
            self._refused += loss.count
        try:
            await self._register(checks, ())
            await self._writer.write()
            self._writer.bytes = await ask(self._current.file.db, used_bytes)
        except BaseException:
            self._again.end()
            await self._current.close()
            raise

    async def _append(self) -> None:
        if self._writer.is_full:
            self._writer.hold()
        else:
            await self._writer.write()
        self.appended.set()

    async def _write_again(self) -> bool:
        await self._turns.take(self._writer.write())
        self.appended.set()
        return not self._writer.is_full

    async def _ask(self, work: Work[list[T]]) -> list[T]:
        return await self._turns.take(self._asked(lambda: ask(self._current.file.db, work)))

    async def _asked(self, asking: Callable[[], Awaitable[list[T]]]) -> list[T]:
        try:
            return await asking()
        except READ_FAILURES as error:
            await self._recover(error)
            return []

    async def _register(self, checks: Sequence[CheckDefinition], going: Sequence[CheckDefinition]) -> None:
        try:
            await self._current.entries.register(checks, going)
        except READ_FAILURES as error:
            await self._recover(error)
            await self._current.entries.register(checks, going)

    async def _begin_sending(self) -> None:
        file = self._current.file
        given = Given(file.given.generation, file.given.last, file.given.last)
        try:
            await transact(file.db, lambda db: meta.note(db, given))
            file.given = given
        except FAILURES as error:
            await self._recover(error)
            await self._begin_sending()
        self._current.file.sending = True

    async def _acknowledge(self, generation: str, lane: Lane, sequence: int) -> int:
        file = self._current.file
        if generation != file.given.generation:
            return 0
        try:
            if sequence > file.given.sent[lane]:
                await self._renew(lane, sequence)
                return 0
            # Not waited for: what comes back after a loss of power is sent again, and the collector has it.
            deleted, oldest_us = await transact(
                file.db, lambda db: table.forget(db, lane, sequence), durable=False
            )
        except FAILURES as error:
            if not await self._is_recovered(error):
                self._writer.complain(error)
            return 0
        file.note(file.given, {**file.count, lane: file.count[lane] - deleted}, oldest_us)
        if self._writer.is_full:
            self._writer.note_held()
        if lane is Lane.LIVE:
            self._current.pace.live_moved()
            self._current.recent.forget(sequence)
        return deleted

    async def _renew(self, lane: Lane, sequence: int) -> None:
        """The collector has what this file never sent: what waits is something else, and stays."""
        file = self._current.file
        log.error(
            "the collector has results up to %d of the %s lane, and this spool sent none beyond %d: its file"
            " is an old copy, or two agents have one agent_id; the %d results that wait are kept and sent as"
            " those of a new spool",
            sequence,
            lane.name.lower(),
            file.given.sent[lane],
            self.count(),
        )
        given = await transact(file.db, lambda db: table.renumber(db, file.given.last))
        file.sending = False
        self._current.recent.clear()
        file.note(given, file.count, file.oldest_us)
        self.appended.set()

    async def _recover(self, error: Exception) -> None:
        """Raises AgentError where that is not to be had."""
        if not await self._is_recovered(error):
            raise self._current.refusal(error) from None

    async def _is_recovered(self, error: Exception) -> bool:
        if not await self._current.recover(error):
            return False
        await self._writer.write_or_hold()
        self.appended.set()
        return True
