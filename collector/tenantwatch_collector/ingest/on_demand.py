"""Looks on demand: what was asked of one stream's agent, and when all that it saw is committed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tenantwatch_wire.v1 import agent_pb2


@dataclass(slots=True)
class _Run:
    """One request. ``last`` is None until the agent answers; then it names the last of the results."""

    done: asyncio.Future[bool]
    lane: int = 0
    last: int | None = None


class Runs:
    """The requests of one stream. Results and the agent's answer may come in any order."""

    def __init__(self, send: Callable[[agent_pb2.ConnectResponse], Awaitable[None]]) -> None:
        self._send = send
        self._committed: dict[int, int] = {}
        self._open: dict[str, _Run] = {}

    async def look(self, check_ids: Sequence[str]) -> bool:
        """Have the agent look now. True once what it saw is committed, False if its stream ended before."""
        request_id = secrets.token_hex(8)
        run = self._open[request_id] = _Run(asyncio.get_running_loop().create_future())
        try:
            asked = agent_pb2.RunNow(request_id=request_id, check_ids=check_ids)
            await self._send(agent_pb2.ConnectResponse(run_now=asked))
            return await run.done
        finally:
            del self._open[request_id]

    def answered(self, result: agent_pb2.RunResult) -> None:
        """The agent has looked. An answer that nobody waits for any more is passed over."""
        run = self._open.get(result.request_id)
        if run is not None:
            run.lane, run.last = result.lane, result.last_sequence
            self._settle()

    def committed(self, lane: int, sequence: int) -> None:
        """Everything of the lane up to there is in the store."""
        self._committed[lane] = sequence
        if self._open:
            self._settle()

    def end(self) -> None:
        """The stream is over."""
        for run in self._open.values():
            if not run.done.done():
                run.done.set_result(False)

    def _settle(self) -> None:
        for run in self._open.values():
            if run.last is not None and self._committed.get(run.lane, 0) >= run.last and not run.done.done():
                run.done.set_result(True)
