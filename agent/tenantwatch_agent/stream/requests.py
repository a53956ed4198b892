"""What the collector asks of this agent beside results: looks at once, and other checks.

All of it is bounded, whatever the collector is: what cannot be a collector's request ends the stream, and
what is more than can be under way is left out instead of waiting in memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol

from tenantwatch_wire import limits
from tenantwatch_wire.records import Lane
from tenantwatch_wire.v1 import agent_pb2

from tenantwatch_agent.config import AgentConfig
from tenantwatch_agent.config.assignment import Assigned, AssignmentAnswer
from tenantwatch_agent.logs import Seldom
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.stream.ending import REFUSED_SECONDS, StreamEnded

MAX_RUNS = 64
"""Requests to look now that are under way at once."""
MAX_RUN_CHECKS = 2 * limits.MAX_CHECKS_PER_AGENT
"""Checks that all requests under way name together."""
MAX_ASSIGNMENTS = 4
"""Versions that wait for their turn; of more the newest are taken."""

RunNow = Callable[[Sequence[str]], Awaitable[list[str]]]
Write = Callable[[agent_pb2.ConnectRequest], Awaitable[None]]

log = logging.getLogger(__name__)


class Assignments(Protocol):
    """What the stream hands to the configuration in force, and says of it."""

    async def assign(self, assigned: Assigned) -> AssignmentAnswer:
        """Take it, or nothing of it."""

    def answers(self) -> Sequence[AssignmentAnswer]:
        """Of the version in force, and of one that is refused; nothing while nothing was assigned."""


class Requests:
    """Those of one stream, each answered on it; ``stop`` at its end."""

    def __init__(
        self, config: AgentConfig, spool: Spool, run_now: RunNow, assignments: Assignments, write: Write
    ) -> None:
        self._config = config
        self._spool = spool
        self._run_now = run_now
        self._assignments = assignments
        self._write = write
        self._tasks: set[asyncio.Task[None]] = set()
        self._runs: dict[str, int] = {}
        self._given: deque[Assigned] = deque(maxlen=MAX_ASSIGNMENTS)
        self._is_assigning = False
        self._seldom = Seldom()

    def look(self, request: agent_pb2.RunNow) -> None:
        """Look and answer; one that is under way is answered once. Raises StreamEnded."""
        names = len(request.check_ids)
        if not 0 < len(request.request_id) <= limits.MAX_ID_LENGTH or names > limits.MAX_CHECKS_PER_AGENT:
            raise StreamEnded("the collector asks for looks as no collector does", REFUSED_SECONDS)
        if request.request_id in self._runs:
            return
        # Where none is named all are meant.
        many = names or len(self._config.checks)
        if self._runs and (len(self._runs) >= MAX_RUNS or sum(self._runs.values()) + many > MAX_RUN_CHECKS):
            if self._seldom():
                log.warning("the collector asks for more looks than can be under way; they are left out")
            return
        self._runs[request.request_id] = many
        self._beside(self._look(request))

    def assign(self, given: agent_pb2.Configuration) -> None:
        """Take these checks and answer, one version after the other."""
        self._given.append(Assigned(given.version, given.checks_toml))
        if not self._is_assigning:
            self._is_assigning = True
            self._beside(self._assign())

    async def say_what_is_assigned(self) -> None:
        for one in self._assignments.answers():
            await self._applied(one)

    async def stop(self) -> None:
        """What is under way is not answered any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        """An answer that could not be written ended with its stream; who asked will ask again."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("a request of the collector was not answered: %s", error)

    async def _look(self, request: agent_pb2.RunNow) -> None:
        try:
            unknown = await self._run_now(list(request.check_ids))
            answer = agent_pb2.RunResult(
                request_id=request.request_id,
                lane=agent_pb2.LANE_LIVE,
                last_sequence=self._spool.last[Lane.LIVE],
                unknown_check_ids=unknown,
            )
            await self._write(agent_pb2.ConnectRequest(run_result=answer))
        finally:
            del self._runs[request.request_id]

    async def _assign(self) -> None:
        try:
            while self._given:
                # Applied to its end though it ends this stream: the next one says what became of it.
                taking = asyncio.ensure_future(self._assignments.assign(self._given.popleft()))
                await self._applied(await asyncio.shield(taking))
        finally:
            self._is_assigning = False

    async def _applied(self, answer: AssignmentAnswer) -> None:
        applied = agent_pb2.ConfigurationApplied(
            version=answer.version,
            error=answer.error[: limits.MAX_TEXT_LENGTH],
            configuration_digest=self._config.digest,
            refused=[
                agent_pb2.RefusedCheck(
                    check_id=check_id[: limits.MAX_ID_LENGTH], reason=reason[: limits.MAX_TEXT_LENGTH]
                )
                for check_id, reason in answer.refused
            ],
        )
        await self._write(agent_pb2.ConnectRequest(configuration_applied=applied))
