"""The dead man's switch beats only while every engine makes progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tenantwatch_collector.notify.heartbeat import Heartbeat, HeartbeatSection
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.vitals import Vitals

from tests.fakes.http1 import HttpServer, Request, Response


class Listener(HttpServer):
    """The outside service: keeps every beat."""

    def __init__(self) -> None:
        super().__init__()
        self.beats: asyncio.Queue[Request] = asyncio.Queue()
        self.status = 200

    async def answer(self, request: Request) -> Response:
        self.beats.put_nowait(request)
        return Response(self.status)


@asynccontextmanager
async def beating(url: str, vitals: Vitals, patience_seconds: float, **passes: Signal) -> AsyncIterator[None]:
    section = HeartbeatSection.model_validate({"url": url, "interval_seconds": 15})
    # The shortest interval that may be configured is long for a test.
    quick = section.model_copy(update={"interval_seconds": 0.02})
    heartbeat = Heartbeat(quick, passes, vitals, patience_seconds)
    heartbeat.start()
    try:
        yield
    finally:
        await heartbeat.stop()
        await heartbeat.stop()


def count(vitals: Vitals, outcome: str) -> float:
    value = vitals.registry.get_sample_value("tenantwatch_heartbeats_total", {"outcome": outcome})
    return value or 0.0


async def test_each_beat_needs_a_pass_of_every_engine(caplog: pytest.LogCaptureFixture) -> None:
    judge, notifier, vitals = Signal(), Signal(), Vitals()
    async with (
        Listener() as listener,
        beating(f"{listener.url}/ping", vitals, 0.05, judge=judge, notifier=notifier),
    ):
        for _ in range(3):
            request = await next_beat(listener, judge, notifier)
            assert (request.method, request.path) == ("GET", "/ping")
        # The judge hangs: whatever the notifier does, nobody hears of it, and the log says why. On a busy
        # machine it may have done so before.
        caplog.clear()
        async with asyncio.timeout(60):
            while "the judge has not finished a pass" not in caplog.text:
                await asyncio.sleep(0.005)
                notifier.fire()
        while not listener.beats.empty():
            listener.beats.get_nowait()
        await next_beat(listener, judge, notifier)
    assert "the judge works again" in caplog.text


async def next_beat(listener: Listener, *passes: Signal) -> Request:
    """Engines go on while the beat is awaited, as they do in earnest."""
    async with asyncio.timeout(60):
        while listener.beats.empty():
            for engine in passes:
                engine.fire()
            await asyncio.sleep(0.005)
    for engine in passes:
        engine.fire()
    return listener.beats.get_nowait()


async def test_a_beat_that_does_not_arrive_is_told_once_and_keeps_the_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    vitals, judge = Vitals(), Signal()
    async with Listener() as listener:
        listener.status = 404
        async with beating(f"{listener.url}/secret", vitals, 60, judge=judge), asyncio.timeout(60):
            while count(vitals, "failed") < 3:
                judge.fire()
                await asyncio.sleep(0.005)
    told = [r.getMessage() for r in caplog.records if r.name.startswith("tenantwatch")]
    assert told == ["the heartbeat does not arrive: answered 404"]
