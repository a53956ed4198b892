"""The loop's lateness is known, and no sample taken meanwhile passes for the target's latency."""

from __future__ import annotations

import asyncio
import time

import pytest
from tenantwatch_agent import lag as lag_module
from tenantwatch_agent.checks.base import Outcome, OwnTime
from tenantwatch_agent.checks.own_waits import OwnWaits
from tenantwatch_agent.clock import boottime
from tenantwatch_agent.lag import LAGGED_SECONDS, TICK_SECONDS, LoopLag, Span, marked
from tenantwatch_wire.records import Status

BLOCKED_SECONDS = 0.2


async def test_a_blocked_loop_is_seen_by_every_open_span() -> None:
    lag = LoopLag()
    with lag.watch() as outer, lag.watch() as inner:
        # Blocks on purpose: this is what is measured.
        time.sleep(BLOCKED_SECONDS)  # noqa: ASYNC251
        await asyncio.sleep(0)
    assert outer.worst_seconds >= BLOCKED_SECONDS - TICK_SECONDS
    assert inner.late_seconds >= inner.worst_seconds >= BLOCKED_SECONDS - TICK_SECONDS


async def test_a_block_that_outlasts_the_span_is_seen_too() -> None:
    with LoopLag().watch() as span:
        time.sleep(BLOCKED_SECONDS)  # noqa: ASYNC251
    assert span.worst_seconds >= BLOCKED_SECONDS - TICK_SECONDS


async def test_what_was_late_before_does_not_count() -> None:
    lag = LoopLag()
    with lag.watch() as outer:
        time.sleep(BLOCKED_SECONDS)  # noqa: ASYNC251
        with lag.watch() as inner:
            pass
    assert outer.worst_seconds > inner.worst_seconds


async def test_nothing_ticks_while_nobody_watches() -> None:
    lag = LoopLag()
    with lag.watch(), lag.watch():
        assert lag._timer is not None
    assert lag._timer is None


def span_of(seconds: float) -> Span:
    span = Span(LoopLag())
    span.note(0.0, seconds)
    return span


def test_a_sample_of_a_late_agent_carries_no_times() -> None:
    seen = Outcome(
        Status.HEALTHY,
        "HTTP 200",
        250_000,
        {"tls_ms": OwnTime(200.0), "http_status": 200.0, "oldest_job_ms": 7.0},
    )
    late = marked(seen, span_of(0.25))
    assert (late.status, late.latency_us) == (Status.HEALTHY, None)
    assert late.metrics == {"http_status": 200.0, "oldest_job_ms": 7.0, "agent_lag_ms": 250.0}
    assert late.text == "HTTP 200 (the agent itself was 250 ms late: no times were taken)"
    assert marked(seen, span_of(LAGGED_SECONDS / 2)) is seen


def test_slowness_seen_by_a_late_agent_is_unknown_and_a_failure_stays_one() -> None:
    slow = Outcome(Status.DEGRADED, "took 900 ms, more than 500 ms", 900_000, by_latency=True)
    assert marked(slow, span_of(0.25)).status is Status.UNKNOWN
    assert marked(Outcome(Status.UNHEALTHY, "HTTP 500"), span_of(0.25)).status is Status.UNHEALTHY


def test_what_a_look_waited_for_within_the_agent_is_not_the_targets_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(OwnWaits, "seconds", 2.0)
    span = span_of(0.0)
    slow = Outcome(Status.DEGRADED, "took 2100 ms, more than 500 ms", 2_100_000, by_latency=True)
    assert marked(slow, span).status is Status.UNKNOWN
    # It waited, but nothing of the target's stood still meanwhile.
    assert marked(Outcome(Status.UNHEALTHY, "refused"), span).status is Status.UNHEALTHY


def test_what_failed_while_the_agent_stood_still_is_unknown() -> None:
    cut = marked(Outcome(Status.UNHEALTHY, "it closes the connection"), span_of(3_600))
    assert cut.status is Status.UNKNOWN
    assert cut.text == "it closes the connection (the agent itself was 3600000 ms late: no times were taken)"
    assert marked(Outcome(Status.HEALTHY, "HTTP 200"), span_of(3_600)).status is Status.HEALTHY


async def test_a_suspend_counts_as_lateness(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = 0.0
    monkeypatch.setattr(lag_module, "boottime", lambda: boottime() + slept)
    with LoopLag().watch() as span:
        slept = 3_600.0
    assert span.worst_seconds >= 3_599
