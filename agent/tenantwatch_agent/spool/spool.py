"""The queue itself: what goes in, what is read, and what is forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, TypeVar

import aiosqlite
from tenantwatch_wire.records import CheckDefinition, Lane, Result

from tenantwatch_agent.clock import boottime
from tenantwatch_agent.config.sections import SpoolLimits
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.metrics import Gauge
from tenantwatch_agent.spool import table
from tenantwatch_agent.spool.bounds import add_gap, drop_beyond, used_bytes
from tenantwatch_agent.spool.entries import Entries
from tenantwatch_agent.spool.file import (
    FAILURES,
    NAME,
    READ_FAILURES,
    Loss,
    OpenFile,
    cannot_be_opened,
    is_damage,
    lock,
    new_generation,
    open_or_begin,
    set_aside,
)
from tenantwatch_agent.spool.memory import MAX_IN_MEMORY, Waiting
from tenantwatch_agent.spool.pace import Pace
from tenantwatch_agent.spool.records import Spooled, SpoolGap

MAX_READ_BYTES = 1024 * 1024

T = TypeVar("T")

log = logging.getLogger(__name__)


class Spool:
    """Open with :meth:`open`. One process at a time; methods may be called concurrently."""

    def __init__(
        self, path: Path, lock: IO[str], file: OpenFile, limits: SpoolLimits, clock: Callable[[], float]
    ) -> None:
        self._path = path
        self._lock = lock
        self._limits = limits
        self._clock = clock
        self._waiting = Waiting()
        self._works: set[asyncio.Task[Any]] = set()
        self._turn = asyncio.Lock()
        self._use(file)
        self._full = False
        self.dropped = 0
        """Results that were dropped since the start, for whatever reason."""
        self.damages = 0
        self.bytes = 0
        self.appended = asyncio.Event()
        """Set after results were added; whoever waits for it clears it."""

    @classmethod
    async def open(
        cls,
        folder: Path,
        checks: Sequence[CheckDefinition],
        limits: SpoolLimits,
        clock: Callable[[], float] = boottime,
    ) -> Spool:
        """Open or begin the spool in that folder. Raises AgentError if another process has it."""
        held, path = lock(folder), folder / NAME
        try:
            file, loss = await open_or_begin(path)
            spool = cls(path, held, file, limits, clock)
            await spool._begin(checks, loss)
        except BaseException:
            held.close()
            raise
        return spool

    async def close(self) -> None:
        """Write what still waits in memory, if the disk lets us, and let go of the file."""
        await self.append([])
        while self._works:
            await asyncio.wait(self._works)
        await self._file.close()
        self._lock.close()

    @property
    def generation(self) -> str:
        return self._file.generation

    @property
    def last(self) -> Mapping[Lane, int]:
        """The newest sequence given in each lane."""
        return self._file.last

    async def append(self, results: Sequence[Result], *, urgent: bool = False) -> None:
        """Keep the results; urgent ones go into the live lane whatever stands in it.

        While the disk is full they wait in memory, at most MAX_IN_MEMORY of them; what is beyond is
        dropped, the oldest first, and becomes a gap as soon as something can be written again.
        """
        self.dropped += self._waiting.add(results, urgent)
        await self._whole(self._append())

    async def read(
        self, lane: Lane, after: int, limit: int, max_bytes: int = MAX_READ_BYTES
    ) -> list[Spooled]:
        """Results of the lane in order, beginning behind that sequence; at least one if there is any."""
        if after >= self._file.last[lane]:
            return []
        return await self._whole(self._guarded(lambda db: table.read(db, lane, after, limit, max_bytes)))

    async def acknowledge(self, generation: str, lane: Lane, sequence: int) -> int:
        """The collector has everything up to there: forget it; returns how many results.

        Where this file never sent that much, the collector has something else: nothing is forgotten, and
        all that waits gets a new generation.

        While the disk is full they stay; a later acknowledgement includes them.
        """
        return await self._whole(self._acknowledge(generation, lane, sequence))

    async def begin_sending(self) -> None:
        """From now on all that is here or comes may be sent. Raises AgentError if that cannot be noted.

        What a collector has that was noted so nowhere, it has from another file: see ``acknowledge``.
        """
        await self._whole(self._begin_sending())

    def end_sending(self) -> None:
        """What comes from now on is sent after the next ``begin_sending``."""
        self._sending = False

    async def gaps(self, lane: Lane) -> list[SpoolGap]:
        async def ask(db: aiosqlite.Connection) -> list[SpoolGap]:
            found = await table.gaps(db, lane)
            self._file.may_have_gaps[lane] = bool(found)
            return found

        return await self._whole(self._guarded(ask)) if self._file.may_have_gaps[lane] else []

    def count(self) -> int:
        """Results that wait, on disk and in memory."""
        return sum(self._file.count.values()) + len(self._waiting)

    async def entries(self) -> list[tuple[int, CheckDefinition]]:
        """Every check that may have results here, by index."""
        return await self._whole(self._guarded(lambda _: self._entries.all()))

    async def register(
        self, checks: Sequence[CheckDefinition], going: Sequence[CheckDefinition], limits: SpoolLimits
    ) -> None:
        """Take results of these checks from now on, and of those going for a while. Raises AgentError."""
        self._limits = limits
        await self._whole(self._register(checks, going))

    def gauges(self) -> Sequence[Gauge]:
        count = self._file.count
        return (
            Gauge("spool_live_results", "Results that wait in the live lane.", count[Lane.LIVE]),
            Gauge("spool_backlog_results", "Results that wait in the backlog lane.", count[Lane.BACKLOG]),
            Gauge("spool_memory_results", "Results that wait for space on the disk.", len(self._waiting)),
            Gauge("spool_dropped_results", "Results dropped since the start.", self.dropped),
            Gauge("spool_damages", "Damaged files set aside since the start.", self.damages),
            Gauge("spool_bytes", "Of the file, as of the last look at its bounds.", self.bytes),
            Gauge("spool_writable", "0 while the disk is full.", not self._full),
        )

    def status(self) -> dict[str, object]:
        return {"generation": self.generation} | {
            g.name.removeprefix("spool_"): g.value for g in self.gauges()
        }

    def _use(self, file: OpenFile) -> None:
        self._file = file
        self._sending = False
        self._entries = Entries(file.db)
        self._pace = Pace(self._clock, file.count[Lane.LIVE])

    async def _begin(self, checks: Sequence[CheckDefinition], loss: Loss | None) -> None:
        try:
            await self._entries.register(checks)
            if loss is not None:
                await self._note_loss(loss)
            self.bytes = await used_bytes(self._file.db)
        except READ_FAILURES as error:
            if await self._replaced(error):
                await self._entries.register(checks)
                return
            await self._file.close()
            raise cannot_be_opened(self._path, error) from None

    async def _begin_sending(self) -> None:
        async with self._turn:
            try:
                await table.note_gaps(self._file.db, [], self._file.last, self._file.last)
            except FAILURES as error:
                if not await self._replaced(error):
                    raise cannot_be_opened(self._path, error) from None
            self._file.sent = dict(self._file.last)
            self._sending = True

    async def _register(self, checks: Sequence[CheckDefinition], going: Sequence[CheckDefinition]) -> None:
        async with self._turn:
            try:
                await self._entries.register(checks, going)
            except READ_FAILURES as error:
                if await self._replaced(error):
                    await self._entries.register(checks, going)
                    return
                raise cannot_be_opened(self._path, error) from None

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        """To its end, even if the caller is cancelled: a transaction left half done would block the next."""
        task = asyncio.create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        return await asyncio.shield(task)

    async def _guarded(self, ask: Callable[[aiosqlite.Connection], Awaitable[list[T]]]) -> list[T]:
        """Asked between transactions, so that nothing is seen that may still be taken back."""
        async with self._turn:
            try:
                return await ask(self._file.db)
            except READ_FAILURES as error:
                if not await self._replaced(error):
                    raise cannot_be_opened(self._path, error) from None
                return []

    async def _append(self) -> None:
        async with self._turn:
            if self._waiting:
                try:
                    await self._write()
                except FAILURES as error:
                    if await self._replaced(error):
                        await self._write_or_hold()
                    else:
                        self._hold(error)
        self.appended.set()

    async def _write_or_hold(self) -> None:
        try:
            await self._write()
        except FAILURES as error:
            self._hold(error)

    async def _write(self) -> None:
        """One transaction: the results with their sequences, what was lost before, what is beyond bounds."""
        waiting, lane = len(self._waiting), self._pace.lane(self._file.count[Lane.LIVE])
        last = dict(self._file.last)
        lost = self._waiting.lost(lane, last[lane])
        if lost is not None:
            last[lane] = lost.last_sequence
        rows = []
        for result, urgent in self._waiting.results:
            index = self._entries.index(result.check_id)
            if index is None:
                log.error("a result of check %s, which nobody configured, is dropped", result.check_id)
                self.dropped += 1
                continue
            into = Lane.LIVE if urgent else lane
            last[into] += 1
            rows.append((int(into), last[into], *table.row(index, result)))
        sent = last if self._sending else self._file.sent
        self._file.count = await self._commit(rows, lost, last, sent)
        self._file.given(last, sent)
        self._file.may_have_gaps[lane] |= lost is not None
        self._waiting.written(waiting)
        if self._full:
            self._full = False
            log.warning("the spool can be written again")

    async def _commit(
        self,
        rows: Sequence[tuple[Any, ...]],
        lost: SpoolGap | None,
        last: Mapping[Lane, int],
        sent: Mapping[Lane, int],
    ) -> dict[Lane, int]:
        """Returns how many results each lane holds then."""
        db = self._file.db
        count = {lane: held + sum(row[0] == lane for row in rows) for lane, held in self._file.count.items()}
        dropped = dict.fromkeys(count, 0)
        try:
            await db.execute("BEGIN IMMEDIATE")
            await table.insert(db, rows)
            if lost is not None:
                await add_gap(db, lost)
            await table.note_last(db, last, sent)
            if self._pace.bounds_due(len(rows), sum(count.values()) > self._limits.max_results):
                dropped = await drop_beyond(db, self._limits, count)
                self.bytes = await used_bytes(db)
            await db.commit()
        except BaseException:
            await db.rollback()
            raise
        self.dropped += sum(dropped.values())
        for lane in Lane:
            self._file.may_have_gaps[lane] |= dropped[lane] > 0
        return {lane: held - dropped[lane] for lane, held in count.items()}

    async def _acknowledge(self, generation: str, lane: Lane, sequence: int) -> int:
        async with self._turn:
            if generation != self.generation:
                return 0
            try:
                if sequence > self._file.sent[lane]:
                    await self._renew(lane, sequence)
                    return 0
                deleted = await table.forget(self._file.db, lane, sequence)
            except FAILURES as error:
                if not await self._replaced(error):
                    await self._file.db.rollback()
                    self._complain(error)
                return 0
            self._file.count[lane] -= deleted
            if lane is Lane.LIVE:
                self._pace.live_moved()
            return deleted

    async def _renew(self, lane: Lane, sequence: int) -> None:
        """The collector has what this file never sent: what waits is something else, and stays."""
        log.error(
            "the collector has results up to %d of the %s lane, and this spool sent none beyond %d: its file"
            " is an old copy, or two agents have one agent_id; the %d results that wait are kept and sent as"
            " those of a new spool",
            sequence,
            lane.name.lower(),
            self._file.sent[lane],
            self.count(),
        )
        generation = new_generation()
        last = await table.renumber(self._file.db, generation, self._file.last)
        self._file.generation, self._sending = generation, False
        self._file.given(last, dict.fromkeys(Lane, 0))
        self.appended.set()

    async def _replaced(self, error: Exception) -> bool:
        """A file found damaged in the middle of work makes way for a new one; False if it is not damaged."""
        if not is_damage(error):
            return False
        self.damages += 1
        checks = self._entries.definitions()
        await self._file.close()
        loss = set_aside(self._path, error)
        try:
            file, _ = await open_or_begin(self._path)
        except AgentError as failure:
            # Now the disk is full as well: the next one who comes tries again.
            log.error("no new spool yet: %s", failure)
            return False
        held = sum(self._file.count.values())
        self._use(file)
        await self._entries.register(checks)
        # We counted them ourselves: that is more certain than what a damaged file tells.
        await self._note_loss(replace(loss, count=held))
        self.appended.set()
        return True

    async def _note_loss(self, loss: Loss) -> None:
        if not loss.count:
            return
        first = self._file.last[Lane.LIVE] + 1
        gap = SpoolGap(Lane.LIVE, first, first + loss.count - 1, loss.from_us, loss.to_us, loss.reason)
        last = {**self._file.last, Lane.LIVE: gap.last_sequence}
        await table.note_gaps(self._file.db, [gap], last, self._file.sent)
        self._file.given(last, self._file.sent)
        self._file.may_have_gaps[Lane.LIVE] = True
        self.dropped += loss.count

    def _complain(self, error: Exception) -> None:
        if self._full:
            return
        self._full = True
        log.error(
            "the spool cannot be written (%s): free space under its folder; up to %d results wait in memory"
            " meanwhile",
            error,
            MAX_IN_MEMORY,
        )

    def _hold(self, error: Exception) -> None:
        self._complain(error)
        self.dropped += self._waiting.give_up_excess()
