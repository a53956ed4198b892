"""When each check looks: at a fixed phase of its interval, never beside itself, never in a burst.

Times are those of the clock that also counts while the machine sleeps: a change of the wall clock moves
nothing, and after a suspend the runs that nobody made are counted, and the checks begin again one by one.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import itertools
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any

from tenantwatch_wire.records import CheckDefinition, Result

from tenantwatch_agent.checks.base import asked_by
from tenantwatch_agent.clock import boottime
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.egress import OwnEgress
from tenantwatch_agent.look import Looker
from tenantwatch_agent.operands import Operands
from tenantwatch_agent.vitals import Vitals

FIRST_WITHIN_SECONDS = 5.0
"""The first looks of all checks are spread over this, or over the interval if that is shorter."""
TICK_SECONDS = 1.0
"""The longest sleep: what is due after a suspend is seen within it, and the watchdog hears of us."""
SLEPT_SECONDS = 5.0
"""A tick that comes later than this was no ordinary delay: the machine was suspended or stood still."""
ASKED_AGAIN_SECONDS = 1.0
"""The least between two looks of a check that somebody asks for: nobody hammers its target through us."""

STUCK_SECONDS = 60.0
"""So long after the longest look under way must have ended, none having ended means that none will."""

Keep = Callable[[Sequence[Result]], Awaitable[object]]

log = logging.getLogger(__name__)


class _Entry:
    """One check's place in the schedule."""

    __slots__ = ("asked", "asked_at", "due", "first", "interval", "one", "phase", "under_way")

    def __init__(self, one: ConfiguredCheck, phase: float) -> None:
        self.one = one
        self.phase = phase
        self.interval = one.definition.interval_ms / 1000
        self.under_way = False
        self.asked: asyncio.Task[None] | None = None
        """A look that somebody asked for and that has not begun."""
        self.asked_at = float("-inf")
        self.due = 0.0
        self.first = True

    def begin(self, now: float) -> None:
        self.due = now + self.phase * min(self.interval, FIRST_WITHIN_SECONDS)
        self.first = True

    def missed(self, now: float) -> int:
        """Whole runs that should have been made since it was due."""
        return max(0, math.floor((now - self.due) / self.interval))

    def advance(self, now: float) -> None:
        """To its next run after now; the first look is early, the second finds the check's own phase."""
        if self.first:
            self.first = False
            offset = self.phase * self.interval
            self.due = math.floor((now - offset) / self.interval + 1) * self.interval + offset
            if self.due < now + self.interval / 2:
                self.due += self.interval
        else:
            self.due += self.interval * (1 + self.missed(now))


class Schedule:
    """``keep`` is awaited with every result; ``on_tick`` is called once a second while looks end in time."""

    def __init__(
        self,
        agent_id: str,
        checks: Iterable[ConfiguredCheck],
        keep: Keep,
        vitals: Vitals,
        *,
        max_concurrent: int = 64,
        egress: OwnEgress | None = None,
        clock: Callable[[], float] = boottime,
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._agent_id = agent_id
        self._keep = keep
        self._vitals = vitals
        self._clock = clock
        self._on_tick = on_tick
        self._entries: dict[str, _Entry] = {}
        self._heap: list[tuple[float, int, _Entry]] = []
        self._number = itertools.count()
        self._operands = Operands()
        self._turns: dict[str, asyncio.Lock] = {}
        self._under_way: dict[asyncio.Task[None], ConfiguredCheck] = {}
        self._progress_at = clock()
        self._is_stuck = False
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._max_concurrent = 0
        self._slots: asyncio.Semaphore
        self.latest: dict[str, Result] = {}
        """The newest result of each check."""
        self.apply(checks, max_concurrent, egress)

    def start(self) -> None:
        now = self._clock()
        for entry in self._entries.values():
            entry.begin(now)
        self._order()
        self._task = asyncio.create_task(self._run(), name="schedule")

    async def failed(self) -> None:
        """Returns only by raising what ended the schedule, which nothing should."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def stop(self) -> None:
        """No further looks; those under way are given up, since nobody knows how they would have ended."""
        tasks = [*self._under_way, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._task = None

    def apply(self, checks: Iterable[ConfiguredCheck], max_concurrent: int, egress: OwnEgress | None) -> None:
        """These checks from now on. Those configured as before keep their state, phase and next run; looks
        under way of the others are carried to their end, and their results kept.
        """
        if max_concurrent != self._max_concurrent:
            self._slots, self._max_concurrent = asyncio.Semaphore(max_concurrent), max_concurrent
        self._looker = Looker(self._vitals, egress, slots=self._slots)
        before, now = self._entries, self._clock()
        self._entries = {}
        for one in checks:
            entry = before.get(one.definition.check_id)
            if entry is None or not _alike(entry.one, one):
                entry = _Entry(one, _phase(self._agent_id, one.definition))
                entry.begin(now)
                self._operands.waits_no_more(one.definition.check_id)
            self._entries[one.definition.check_id] = entry
        self.latest = {check_id: r for check_id, r in self.latest.items() if check_id in self._entries}
        self._turns = {c: turn for c, turn in self._turns.items() if turn.locked() or c in self._entries}
        self._operands.keep_only(self._entries)
        self._order()

    def definitions_under_way(self) -> list[CheckDefinition]:
        """Of the checks that look just now, configured or no longer."""
        return [one.definition for one in self._under_way.values()]

    async def run_now(self, check_ids: Sequence[str], keep: Keep | None = None) -> list[str]:
        """Look with these checks (none named: all) and keep the results; returns the ids that are unknown.

        Whoever asks before a look has begun shares it.
        """
        named = dict.fromkeys(check_ids)
        wanted = [self._entries[c] for c in named or self._entries if c in self._entries]
        looks = [self._asked_for(entry, keep or self._keep) for entry in wanted]
        # Who asked may go away: others may wait for the same look.
        await asyncio.gather(*map(asyncio.shield, looks))
        return [check_id for check_id in named if check_id not in self._entries]

    def _asked_for(self, entry: _Entry, keep: Keep) -> asyncio.Task[None]:
        if entry.asked is None:
            entry.asked = self._start(entry.one, self._when_asked(entry, keep))
        return entry.asked

    async def _when_asked(self, entry: _Entry, keep: Keep) -> None:
        def begun() -> None:
            entry.asked, entry.asked_at = None, self._clock()

        await asyncio.sleep(max(0.0, entry.asked_at + ASKED_AGAIN_SECONDS - self._clock()))
        await self._look_and_keep(entry.one, keep, begun)

    def _start(self, one: ConfiguredCheck, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=one.definition.check_id)
        self._under_way[task] = one
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._progress_at = self._clock()
        if not task.cancelled():
            # Whoever asked hears of it, if he is still there.
            task.exception()

    async def _run(self) -> None:
        last = self._clock()
        while True:
            now = self._clock()
            if now - last > SLEPT_SECONDS:
                self._woken(now, now - last)
            last = now
            if not self._has_stopped(now):
                self._on_tick()
            while self._heap and self._heap[0][0] <= now:
                self._begin(heapq.heappop(self._heap)[2], now)
            self._changed.clear()
            until = self._heap[0][0] - self._clock() if self._heap else TICK_SECONDS
            try:
                async with asyncio.timeout(min(max(until, 0.0), TICK_SECONDS)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _has_stopped(self, now: float) -> bool:
        """Nobody comes to an end any more: a spool or a lock holds them all."""
        if not self._under_way:
            self._progress_at = now
        still_seconds = now - self._progress_at - STUCK_SECONDS
        is_stuck = still_seconds > 0 and still_seconds > max(
            one.definition.timeout_ms / 1000 for one in self._under_way.values()
        )
        if is_stuck and not self._is_stuck:
            log.error("no look has come to its end for %.0f s: none of them will", now - self._progress_at)
        self._is_stuck = is_stuck
        return is_stuck

    def _woken(self, now: float, slept_seconds: float) -> None:
        log.warning("nothing ran for %.0f s: the machine slept or stood still", slept_seconds)
        self._progress_at = now
        self._operands.begin_again()
        for entry in self._entries.values():
            if entry.due <= now:
                self._vitals.missed_runs += entry.missed(now)
                entry.begin(now)
        self._order()

    def _begin(self, entry: _Entry, now: float) -> None:
        self._vitals.missed_runs += entry.missed(now)
        if entry.under_way:
            self._vitals.missed_runs += 1
        elif not (entry.first and self._waits_for_others(entry)):
            self._look_with(entry)
        entry.advance(now)
        heapq.heappush(self._heap, (entry.due, next(self._number), entry))

    def _waits_for_others(self, entry: _Entry) -> bool:
        """Of whose results it would make nothing yet; its second run waits for nobody."""
        asked = asked_by(entry.one.check) & self._entries.keys()
        return self._operands.awaited(entry.one.definition.check_id, asked)

    def _look_with(self, entry: _Entry) -> None:
        self._operands.waits_no_more(entry.one.definition.check_id)
        entry.under_way = True
        self._start(entry.one, self._scheduled(entry))

    def _note_seen(self, check_id: str) -> None:
        for waiter in self._operands.seen(check_id):
            entry = self._entries[waiter]
            if not entry.under_way:
                self._look_with(entry)

    async def _scheduled(self, entry: _Entry) -> None:
        try:
            await self._look_and_keep(entry.one, self._keep)
        except Exception:
            log.exception("check %s: its result was not kept", entry.one.definition.check_id)
        finally:
            entry.under_way = False

    async def _look_and_keep(
        self, one: ConfiguredCheck, keep: Keep, begun: Callable[[], None] = lambda: None
    ) -> None:
        check_id = one.definition.check_id
        async with self._turns.setdefault(check_id, asyncio.Lock()):
            begun()
            result = await self._looker.look(one)
            self._vitals.looks += 1
            if check_id in self._entries:
                self.latest[check_id] = result
            # What was seen is kept, even when the agent is stopping just now.
            keeping = asyncio.ensure_future(keep([result]))
            try:
                await asyncio.shield(keeping)
            except asyncio.CancelledError:
                await keeping
                raise
            self._note_seen(check_id)

    def _order(self) -> None:
        self._heap = [(entry.due, next(self._number), entry) for entry in self._entries.values()]
        heapq.heapify(self._heap)
        self._changed.set()


def _alike(before: ConfiguredCheck, one: ConfiguredCheck) -> bool:
    return before is one or bool(one.fingerprint and before.fingerprint == one.fingerprint)


def _phase(agent_id: str, definition: CheckDefinition) -> float:
    """0..1, the same after every restart and different from check to check."""
    digest = hashlib.sha256(f"{agent_id}\n{definition.check_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
