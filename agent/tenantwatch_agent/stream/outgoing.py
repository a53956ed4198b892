"""What goes out and when: news at once, the rest in company, a backlog in the room that is left."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence

from tenantwatch_wire.records import Lane, Status
from tenantwatch_wire.v1 import agent_pb2

from tenantwatch_agent.spool import Spool, Spooled
from tenantwatch_agent.stream.ending import Renewed
from tenantwatch_agent.stream.lane import LaneSender, Write

COALESCE_SECONDS = 1.0
MAX_BACKLOG_BATCH = 1_000
"""A live batch never waits long behind one of these."""


class Outgoing:
    """Sends both lanes of one stream within its window."""

    def __init__(
        self,
        spool: Spool,
        write: Write,
        window: int,
        max_results: int,
        indices: Mapping[int, int],
        ending: asyncio.Event,
    ) -> None:
        self._spool = spool
        self._generation = spool.generation
        self._write = write
        self._window = window
        self._max_results = max_results
        self._indices = indices
        self._ending = ending
        self.lanes = {lane: LaneSender(lane, spool, write) for lane in Lane}
        self._live, self._backlog = self.lanes[Lane.LIVE], self.lanes[Lane.BACKLOG]
        self._last_status: dict[int, Status] = {}
        self._due: float | None = None
        self._is_news = False
        self._pause_until = 0.0
        self.said_farewell = False

    async def committed(self, lane: Lane, sequence: int) -> int:
        """The collector has what was sent up to there. Returns how many results were forgotten."""
        forgotten = await self.lanes[lane].committed(sequence)
        self._spool.appended.set()
        return forgotten

    def pause(self, seconds: float) -> None:
        self._pause_until = time.monotonic() + seconds

    async def run(self, finishing: asyncio.Event) -> None:
        """Until we are finishing and nothing is left; then say farewell."""
        while True:
            self._spool.appended.clear()
            await asyncio.sleep(max(0.0, self._pause_until - time.monotonic()))
            live = await self._send_live(finishing)
            if self._spool.generation != self._generation:
                raise Renewed("a new spool was begun")
            if live or await self._send_backlog():
                continue
            if finishing.is_set() and self._is_done():
                self.said_farewell = True
                await self._write(agent_pb2.ConnectRequest(farewell=agent_pb2.Farewell(reason="stopping")))
                return
            await self._something_happened()

    def _is_done(self) -> bool:
        return not any(lane.batch or lane.in_flight for lane in self.lanes.values())

    @property
    def _on_the_way(self) -> int:
        return sum(len(lane.in_flight) for lane in self.lanes.values())

    async def _send_live(self, finishing: asyncio.Event) -> bool:
        """True if something was sent; what waits for company is due later."""
        lane = self._live
        await lane.report_gaps()
        if self._on_the_way >= self._window:
            return False
        self._note_news(await lane.fill(self._max_results))
        if not lane.batch:
            return False
        now = time.monotonic()
        self._due = now + COALESCE_SECONDS if self._due is None else self._due
        full = lane.is_full or len(lane.batch) >= self._max_results
        if not (self._is_news or full or finishing.is_set() or now >= self._due):
            return False
        self._due, self._is_news = None, False
        await self._send(lane)
        return True

    async def _send_backlog(self) -> bool:
        """Half of the window is the most that it may hold: the other half is for what is live."""
        lane = self._backlog
        await lane.report_gaps()
        mine = len(lane.in_flight)
        if self._on_the_way >= self._window or mine >= max(1, self._window // 2):
            return False
        await lane.fill(min(self._max_results, MAX_BACKLOG_BATCH))
        if not lane.batch:
            return False
        await self._send(lane)
        return True

    async def _send(self, lane: LaneSender) -> None:
        if self._spool.generation != self._generation:
            raise Renewed("a new spool was begun")
        if self._ending.is_set():
            # From here on an index may mean another check than the dictionary says.
            raise Renewed("the dictionary is no longer true")
        await lane.send(self._indices)

    def _note_news(self, fresh: Sequence[Spooled]) -> None:
        """A trouble, or its end: such news do not wait for company."""
        for one in fresh:
            status = one.result.status
            before = self._last_status.get(one.index, status)
            self._is_news |= status is not Status.HEALTHY or before is not Status.HEALTHY
            self._last_status[one.index] = status

    async def _something_happened(self) -> None:
        """Results, acknowledgements, or the end of the wait for company."""
        # With a full window only an acknowledgement helps, however long something has been due.
        waits = self._due is None or self._on_the_way >= self._window
        timeout = None if self._due is None or waits else max(0.0, self._due - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._spool.appended.wait()
