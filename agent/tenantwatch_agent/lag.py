"""How late the agent's own event loop runs: what was measured meanwhile is not the target's latency.

Whoever looks opens a span around it::

    with lag.watch() as span:
        outcome = await check.look()
    outcome = marked(outcome, span)

``span.worst_seconds`` is the longest lateness inside the span, ``span.late_seconds`` all of it together: a
timeout is the agent's own doing where the latter makes up much of the time that was allowed. Timers run only
while a span is open: an agent at rest is not woken. What a look waited for within the agent (``span.waits``)
is as little the target's.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import TracebackType

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Outcome, OwnTime
from tenantwatch_agent.checks.own_waits import OwnWaits
from tenantwatch_agent.clock import boottime

TICK_SECONDS = 0.02
LAGGED_SECONDS = 0.05
"""From this lateness on a sample is marked; less is within the noise of a busy machine."""
STOOD_STILL_SECONDS = 1.0
"""The agent was stopped: what it saw fail meanwhile, it may itself have let fail, since servers hang up on
clients that are silent for a second or two."""
SLEPT_SECONDS = 5.0
"""Its machine slept, perhaps: at first its network may be away as well."""


class LoopLag:
    """One for each event loop; any number of spans may be open."""

    def __init__(self) -> None:
        self._spans: set[Span] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def watch(self) -> Span:
        """A span to enter with ``with``, on the loop's own thread."""
        return Span(self)

    def _open(self, span: Span) -> None:
        self._spans.add(span)
        if self._timer is None:
            self._wind()

    def _close(self, span: Span) -> None:
        # A blocked loop ends the span before its late timer comes to run.
        span.note(self._due, boottime())
        self._spans.discard(span)
        if not self._spans and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wind(self) -> None:
        self._due = boottime() + TICK_SECONDS
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        now = boottime()
        for span in self._spans:
            span.note(self._due, now)
        self._wind()


class Span:
    """From ``with`` to its end."""

    def __init__(self, lag: LoopLag) -> None:
        self._lag = lag
        self._opened_at = 0.0
        self.worst_seconds = 0.0
        self.late_seconds = 0.0
        self.waits = OwnWaits()

    def __enter__(self) -> Span:
        self._opened_at = boottime()
        self._lag._open(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lag._close(self)

    def note(self, due: float, now: float) -> None:
        """A timer due then came to run only now; what was late before the span began does not count."""
        late = max(0.0, now - max(due, self._opened_at))
        self.worst_seconds = max(self.worst_seconds, late)
        self.late_seconds += late

    @property
    def own_seconds(self) -> float:
        """All that a timeout has to be forgiven."""
        return self.late_seconds + self.waits.seconds

    @property
    def late_ms(self) -> float:
        return max(self.worst_seconds, self.waits.seconds) * 1000

    @property
    def has_times(self) -> bool:
        """Whether what was measured within is the target's."""
        return self.late_ms < LAGGED_SECONDS * 1000

    def spoils(self, outcome: Outcome) -> bool:
        """Whether it failed while the agent stood still, and may have failed by that."""
        return self.worst_seconds >= STOOD_STILL_SECONDS and outcome.status is not Status.HEALTHY

    @property
    def slept(self) -> bool:
        return self.worst_seconds >= SLEPT_SECONDS


def marked(outcome: Outcome, span: Span) -> Outcome:
    """As it is where the loop kept up; else without the times that we took, saying so. What only they said is
    unknown, and after a standstill every failure."""
    if span.has_times:
        return outcome
    metrics = {name: value for name, value in outcome.metrics.items() if not isinstance(value, OwnTime)}
    return replace(
        outcome,
        status=Status.UNKNOWN if outcome.by_latency or span.spoils(outcome) else outcome.status,
        text=f"{outcome.text} (the agent itself was {span.late_ms:.0f} ms late: no times were taken)",
        latency_us=None,
        metrics=metrics | {"agent_lag_ms": span.late_ms},
    )
