"""When each check looks: a fixed phase of its interval, never beside itself, never beyond its timeout.

Times are the monotonic clock's, so a change of the wall clock moves nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

from tenantwatch_wire import limits
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tenantwatch_agent.checks.base import Check, Outcome
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.errors import CheckerFailed
from tenantwatch_agent.vitals import Vitals

MAX_CONCURRENT = 64
FIRST_WITHIN_SECONDS = 5.0
"""The first looks of all checks are spread over this, or over the interval if that is shorter."""

_CANCELLATIONS = 3
_GRACE_SECONDS = 0.2

Keep = Callable[[Sequence[Result]], Awaitable[object]]

log = logging.getLogger(__name__)


class Schedule:
    """One task per check; ``keep`` is awaited with every result."""

    def __init__(self, agent_id: str, checks: Iterable[ConfiguredCheck], keep: Keep, vitals: Vitals) -> None:
        self._agent_id = agent_id
        self._checks = {one.definition.check_id: one for one in checks}
        self._keep = keep
        self._vitals = vitals
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        self._looking = {check_id: asyncio.Lock() for check_id in self._checks}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._repeat(one), name=check_id) for check_id, one in self._checks.items()
        ]

    async def stop(self) -> None:
        """No further looks; those under way are given up, since nobody knows how they would have ended."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []

    async def run_now(self, check_ids: Sequence[str]) -> list[str]:
        """Look with these checks (none named: all) and keep the results; returns the ids that are unknown."""
        unknown = [check_id for check_id in check_ids if check_id not in self._checks]
        wanted = [self._checks[c] for c in check_ids or self._checks if c in self._checks]
        await asyncio.gather(*(self._look_and_keep(one) for one in wanted))
        return unknown

    async def _repeat(self, one: ConfiguredCheck) -> None:
        interval = one.definition.interval_ms / 1000
        due = time.monotonic() + _phase(self._agent_id, one.definition) * min(interval, FIRST_WITHIN_SECONDS)
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            try:
                await self._look_and_keep(one)
            except Exception:
                log.exception("check %s: its result was not kept", one.definition.check_id)
            behind = math.floor((time.monotonic() - due) / interval)
            self._vitals.missed_runs += max(0, behind)
            due += interval * (1 + max(0, behind))

    async def _look_and_keep(self, one: ConfiguredCheck) -> None:
        async with self._looking[one.definition.check_id], self._slots:
            result = await look(one.definition, one.check)
            self._vitals.looks += 1
            # What was seen is kept, even when the agent is stopping just now.
            keeping = asyncio.ensure_future(self._keep([result]))
            try:
                await asyncio.shield(keeping)
            except asyncio.CancelledError:
                await keeping
                raise


async def look(definition: CheckDefinition, check: Check) -> Result:
    """Look once, within the timeout; whatever happens is a result."""
    time_us = time.time_ns() // 1000
    try:
        outcome = await _bounded(check, definition.timeout_ms / 1000)
    except TimeoutError:
        text = f"no answer within {definition.timeout_ms / 1000:g} s, in phase {check.phase}"
        outcome = Outcome(Status.UNHEALTHY, text)
    except CheckerFailed as error:
        outcome = Outcome(Status.UNKNOWN, str(error))
    except Exception as error:
        log.exception("check %s failed by a fault of its own", definition.check_id)
        outcome = Outcome(Status.UNKNOWN, f"the check itself failed: {type(error).__name__}")
    return _result(definition, time_us, outcome)


async def _bounded(check: Check, timeout_seconds: float) -> Outcome:
    """Raises TimeoutError in time, also where a library answers a cancellation with more waiting."""
    task = asyncio.ensure_future(check.look())
    try:
        await asyncio.wait([task], timeout=timeout_seconds)
    except asyncio.CancelledError:
        await _give_up(task)
        raise
    if not task.done():
        await _give_up(task)
        raise TimeoutError
    return task.result()


async def _give_up(task: asyncio.Future[Outcome]) -> None:
    # psycopg, cancelled once, asks a silent server to end the query and waits; cancelled again, it lets go.
    for _ in range(_CANCELLATIONS):
        task.cancel()
        await asyncio.wait([task], timeout=_GRACE_SECONDS)
        if task.done():
            break
    task.add_done_callback(_forget)


def _forget(task: asyncio.Future[Outcome]) -> None:
    if not task.cancelled():
        task.exception()


def _result(definition: CheckDefinition, time_us: int, outcome: Outcome) -> Result:
    """Within the limits of the wire, whatever the far end put into it."""
    text = " ".join(outcome.text.replace("\x00", " ").split())[: limits.MAX_TEXT_LENGTH]
    latency_us = outcome.latency_us
    return Result(
        definition.check_id,
        time_us,
        outcome.status,
        None if latency_us is None else min(max(0, latency_us), limits.MAX_LATENCY_US),
        text.encode("utf-8", "replace").decode(),
        {name: value for name, value in outcome.metrics.items() if math.isfinite(value)},
    )


def _phase(agent_id: str, definition: CheckDefinition) -> float:
    """0..1, the same after every restart and different from check to check."""
    digest = hashlib.sha256(f"{agent_id}\n{definition.check_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
