"""One look of one check: its attempts, each within the timeout, become one result, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

from tenantwatch_wire import limits
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tenantwatch_agent.checks import own_waits, reach
from tenantwatch_agent.checks.base import Outcome
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.egress import OwnEgress, depends_on_egress
from tenantwatch_agent.errors import CheckerFailed
from tenantwatch_agent.lag import LoopLag, Span, marked
from tenantwatch_agent.vitals import Vitals

_CANCELLATIONS = 3
_GRACE_SECONDS = 0.2
_OWN_PART = 0.5
_AGAIN = (Status.UNHEALTHY, Status.UNKNOWN)

log = logging.getLogger(__name__)


class Looker:
    """Looks with any check; notes when a failure was our own.

    ``slots`` is entered for each attempt. ``keeps_times`` is for somebody who looks on: they stay, beside how
    late we were ourselves.
    """

    def __init__(
        self,
        vitals: Vitals,
        egress: OwnEgress | None = None,
        *,
        slots: AbstractAsyncContextManager[object] | None = None,
        keeps_times: bool = False,
    ) -> None:
        self._slots = slots or contextlib.nullcontext()
        self._keeps_times = keeps_times
        self._vitals = vitals
        self._egress = egress
        self._lag = LoopLag()

    async def look(self, one: ConfiguredCheck) -> Result:
        """Once, and again as often as its retries allow while it fails; what the last attempt saw counts."""
        time_us, outcome = await self._attempt(one)
        attempts, before = 1, ""
        while outcome.status in _AGAIN and attempts <= one.retries:
            before = before or outcome.text
            await asyncio.sleep(one.retry_delay_seconds)
            _, outcome = await self._attempt(one)
            attempts += 1
        if outcome.status is Status.UNHEALTHY and self._egress is not None and depends_on_egress(one):
            outcome = await self._unless_cut_off(outcome, self._egress)
        if one.retries:
            outcome = _with_attempts(outcome, attempts, before)
        return _result(one.definition, time_us, outcome)

    async def _attempt(self, one: ConfiguredCheck) -> tuple[int, Outcome]:
        """When it began, and what it saw; at once anew where our standing still may have made it fail."""
        time_us, outcome, span = await self._once(one)
        if span.spoils(outcome) and not span.slept:
            time_us, outcome, span = await self._once(one)
        return time_us, self._timed(outcome, span)

    async def _once(self, one: ConfiguredCheck) -> tuple[int, Outcome, Span]:
        # For the attempt alone: while a check waits for its next one, others look.
        async with self._slots:
            time_us = time.time_ns() // 1000
            with self._lag.watch() as span:
                outcome = await self._bounded(one, span)
        return time_us, outcome, span

    def _timed(self, outcome: Outcome, span: Span) -> Outcome:
        if span.has_times:
            return outcome
        self._vitals.lagged_looks += 1
        if self._keeps_times:
            return replace(outcome, metrics={**outcome.metrics, "agent_lag_ms": span.late_ms})
        return marked(outcome, span)

    async def _bounded(self, one: ConfiguredCheck, span: Span) -> Outcome:
        try:
            return await _within(one, span)
        except _TimedOut as timeout:
            if timeout.name:
                return Outcome(Status.UNKNOWN, _no_thread(one, timeout.name))
            text = f"no answer within {one.timeout_seconds:g} s, in phase {timeout.phase}"
            # Where we ourselves stood still for most of that time, the target may well have answered.
            ours = timeout.own_seconds > one.timeout_seconds * _OWN_PART
            return Outcome(Status.UNKNOWN if ours else Status.UNHEALTHY, text)
        except CheckerFailed as error:
            return Outcome(Status.UNKNOWN, str(error))
        except Exception as error:
            log.exception("check %s failed by a fault of its own", one.definition.check_id)
            return Outcome(Status.UNKNOWN, f"the check itself failed: {type(error).__name__}")

    async def _unless_cut_off(self, outcome: Outcome, egress: OwnEgress) -> Outcome:
        """Our own failure is unknown time, never the tenant's."""
        reason = await egress.reason_down()
        if not reason:
            return outcome
        self._vitals.cut_off_looks += 1
        return replace(outcome, status=Status.UNKNOWN, text=f"{reason}; seen meanwhile: {outcome.text}")


def _with_attempts(outcome: Outcome, attempts: int, before: str) -> Outcome:
    text = outcome.text
    if attempts > 1:
        text = f"{text} (attempt {attempts}; the first: {before})".lstrip()
    return replace(outcome, text=text, metrics={**outcome.metrics, "attempts": float(attempts)})


class _TimedOut(Exception):
    """How much of the time was ours, what the check was about, and the name that it had no thread for."""

    def __init__(self, own_seconds: float, phase: str, name: str) -> None:
        super().__init__(own_seconds)
        self.own_seconds = own_seconds
        self.phase = phase
        self.name = name


def _no_thread(one: ConfiguredCheck, name: str) -> str:
    return (
        f"no thread was free within {one.timeout_seconds:g} s to look up {name!r}: the agent waits for other"
        " names, which nobody answers for"
    )


async def _within(one: ConfiguredCheck, span: Span) -> Outcome:
    """Raises _TimedOut in time, also where a library answers a cancellation with more waiting."""
    task = asyncio.ensure_future(_contained(one, span))
    try:
        await asyncio.wait([task], timeout=one.timeout_seconds)
    except asyncio.CancelledError:
        await _give_up(task)
        raise
    if not task.done():
        timed_out = _TimedOut(span.own_seconds, one.check.phase, span.waits.waits_for)
        await _give_up(task)
        raise timed_out
    return task.result()


async def _contained(one: ConfiguredCheck, span: Span) -> Outcome:
    """What a plugin of Python raises to end the program ends its look; what it returns is an outcome."""
    task = asyncio.current_task()
    reach.bind(one.reach)
    own_waits.bind(span.waits)
    try:
        outcome = await one.check.look()
    except Exception:
        raise
    except BaseException as error:
        if isinstance(error, GeneratorExit) or (task is not None and task.cancelling()):
            raise
        raise CheckerFailed(f"the check itself failed: {type(error).__name__}") from None
    if problem := _malformed(outcome):
        raise CheckerFailed(f"the check itself failed: it returned {problem}")
    return outcome


def _malformed(outcome: Any) -> str:
    """Why it is no outcome that can be kept; empty for one that can."""
    if not isinstance(outcome, Outcome) or not isinstance(outcome.text, str):
        return "no Outcome with a text"
    if outcome.status not in list(Status):
        return "a status that is none"
    return "" if isinstance(outcome.metrics, Mapping) else "metrics that are no table"


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
    text = _visible(" ".join(outcome.text.replace("\x00", " ").split())[: limits.MAX_TEXT_LENGTH])
    latency_us = _figure(outcome.latency_us)
    metrics = {
        name: figure
        for name, value in outcome.metrics.items()
        if isinstance(name, str) and name.isprintable() and 0 < len(name) <= limits.MAX_ID_LENGTH
        if (figure := _figure(value)) is not None
    }
    return Result(
        definition.check_id,
        time_us,
        Status(outcome.status),
        None if latency_us is None else min(max(0, int(latency_us)), limits.MAX_LATENCY_US),
        text[: limits.MAX_TEXT_LENGTH],
        dict(list(metrics.items())[-limits.MAX_METRICS_PER_RESULT :]),
    )


def _visible(text: str) -> str:
    """What a terminal would obey, or nobody would see, is written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _figure(value: Any) -> float | None:
    """None for what is not measured, and for what no number is."""
    try:
        figure = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return figure if math.isfinite(figure) else None
