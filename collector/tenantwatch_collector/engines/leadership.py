"""Whose turn it is: of all collectors on one store exactly one drives the engines.

Each asks the store for the lease once a second. Whoever has it judges, rolls up and deletes; the others stand
by and begin when it is given back, or runs out because its holder died. What a holder that was paused still
wants to write, the store refuses: the lease has a new term by then. Every collector looks at what the others
have done, several times a second: the one judges what another received, the others show what it judged.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Protocol

from tenantwatch_collector.engines.judge import Judge
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import Pulse, Store, StoreUnavailable

LEASE_SECONDS = 5.0
RENEW_SECONDS = 1.0
LOOK_SECONDS = 0.2

log = logging.getLogger(__name__)


class Engine(Protocol):
    """What only one collector may drive. It takes up what is stored at each start; ``stop`` is safe twice."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Leadership:
    """Start once, stop as often as you like. ``changed`` fires when there may be something new to show."""

    def __init__(self, store: Store, judge: Judge, others: list[Engine], changed: Signal) -> None:
        self._store = store
        self._judge = judge
        self._engines: list[Engine] = [judge, *others]
        self._changed = changed
        self._holder = secrets.token_hex(8)
        self._term: int | None = None
        self._driving: int | None = None
        self._turns = Signal()
        self._definitions_changed = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def leads(self) -> bool:
        """Whether this collector drives the engines."""
        return self._driving is not None

    async def start(self) -> None:
        """Drive the engines at once if nobody else does."""
        await self._ask()
        await self._turn()
        loops = {"lease": self._keep_asking(), "turns": self._keep_turning(), "looks": self._keep_looking()}
        self._tasks = [asyncio.create_task(loop, name=name) for name, loop in loops.items()]

    async def stop(self) -> None:
        """Let the engines finish, and another collector take over at once."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []
        await self._end()
        if self._term is not None:
            self._term = None
            try:
                await self._store.release_lease(self._holder)
            except StoreUnavailable as error:
                log.info("the lease runs out by itself: %s", error)

    def definitions_changed(self) -> None:
        """Checks are new, changed or retired: for the engines here, or wherever they are driven."""
        if self.leads:
            self._judge.definitions_changed()
        else:
            self._definitions_changed = True

    async def caught_up(self) -> None:
        """Return once all that is committed now is judged and written, here or elsewhere."""
        if self.leads:
            await self._judge.caught_up()
            return
        newest = (await self._store.pulse()).newest_commit
        while True:
            if (await self._store.pulse()).judged_through >= newest:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _keep_asking(self) -> None:
        await _again_and_again(self._ask, RENEW_SECONDS)

    async def _ask(self) -> None:
        term = await self._store.take_lease(self._holder, LEASE_SECONDS, self._judge.judged_through)
        if term != self._term:
            self._term = term
            self._turns.fire()

    async def _keep_turning(self) -> None:
        while True:
            seen = self._turns.count
            if self._term == self._driving:
                await self._turns.wait_beyond(seen)
            await _calmly(self._turn, RENEW_SECONDS)

    async def _turn(self) -> None:
        """Bring the engines to where the lease says. A new term is a new beginning, whoever had the last."""
        if self._term == self._driving:
            return
        await self._end()
        term = self._term
        if term is None:
            log.info("another collector judges: this one stands by")
            return
        log.info("this collector judges now (term %d)", term)
        self._driving = term
        self._store.judge_under(term)
        try:
            for engine in self._engines:
                await engine.start()
        except BaseException:
            await self._end()
            raise

    async def _end(self) -> None:
        self._driving = None
        for engine in self._engines:
            await engine.stop()

    async def _keep_looking(self) -> None:
        before: Pulse | None = None

        async def look() -> None:
            nonlocal before
            if self._definitions_changed and not self.leads:
                self._definitions_changed = False
                await self._tell_of_definitions()
            now = await self._store.pulse()
            self._heed(before or now, now)
            before = now

        await _again_and_again(look, LOOK_SECONDS)

    async def _tell_of_definitions(self) -> None:
        try:
            await self._store.note_definitions()
        except BaseException:
            self._definitions_changed = True
            raise

    def _heed(self, before: Pulse, now: Pulse) -> None:
        if not self.leads:
            if now != before:
                self._changed.fire()
            self._judge.passes.fire()
            return
        # What was there at the last look and has not come from our own ingest since is another's.
        self._judge.heard_of(before.newest_commit)
        if now.definitions != before.definitions:
            self._judge.definitions_changed()
        if now.commands:
            self._judge.commanded()


async def _again_and_again(work: Callable[[], Awaitable[None]], pause_seconds: float) -> None:
    while True:
        await asyncio.sleep(pause_seconds)
        await _calmly(work, pause_seconds)


async def _calmly(work: Callable[[], Awaitable[None]], pause_seconds: float) -> None:
    """What fails is tried again: the rooms themselves say that the store is away."""
    try:
        await work()
    except StoreUnavailable as error:
        log.debug("the lease waits: %s", error)
        await asyncio.sleep(pause_seconds)
    except Exception:
        log.exception("the lease waits, it failed in a way nobody foresaw")
        await asyncio.sleep(RENEW_SECONDS)
