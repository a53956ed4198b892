"""One look of a check by itself, as the schedule makes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tenantwatch_agent.checks.base import Check
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.look import Looker
from tenantwatch_agent.vitals import Vitals
from tenantwatch_wire.records import CheckDefinition, Result, Status


async def look(definition: CheckDefinition, check: Check) -> Result:
    """Within the definition's timeout; whatever happens is a result."""
    one = ConfiguredCheck(definition, check, definition.timeout_ms / 1000)
    return await Looker(Vitals()).look(one)


async def until(looking: Callable[[], Awaitable[Result]], holds: Callable[[Result], bool]) -> Result:
    """The first of many looks for which it holds; what a server comes to, it comes to in its own time."""
    async with asyncio.timeout(60):
        while True:
            result = await looking()
            if holds(result):
                return result


async def given_up(looking: Callable[[int], Awaitable[Result]], phase: str, first_ms: int = 300) -> None:
    """See that a look's timeout, which is handed over in milliseconds, ends it in that phase.

    How long a look takes to come to it only the machine knows.
    """
    for timeout_ms in (first_ms, 10 * first_ms, 100 * first_ms):
        result = await looking(timeout_ms)
        if f"in phase {phase}" in result.text:
            break
    text = f"no answer within {timeout_ms / 1000:g} s, in phase {phase}"
    assert (result.status, result.text) == (Status.UNHEALTHY, text)
