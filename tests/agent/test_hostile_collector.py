"""A collector that is broken or hostile: what it costs this agent is bounded, and nothing is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc.aio import ServicerContext as Context
from tenantwatch_agent.commands.status import _troubles
from tenantwatch_wire.records import Lane, Status
from tenantwatch_wire.v1 import agent_pb2

from tests.agent.fake_collector import FakeCollector
from tests.agent.on_stream import Ground, emptied, ground, quicken


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


async def connected(collector: FakeCollector, times: int = 1) -> None:
    await collector.until(lambda: len(collector.of_kind("dictionary")) >= times, 30)


def told(caplog: pytest.LogCaptureFixture, part: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if part in record.getMessage()]


ACKNOWLEDGED = agent_pb2.Acknowledgement(lane=agent_pb2.LANE_LIVE, sequence=2**63)
REFUSED = agent_pb2.Refusal(reason="no", lane=agent_pb2.LANE_LIVE, first_sequence=1, last_sequence=2**64 - 1)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"acknowledgement": ACKNOWLEDGED}, f"acknowledges result {2**63}, which was never sent to it"),
        ({"refusal": REFUSED}, f"acknowledges result {2**64 - 1}, which was never sent"),
        ({"acknowledgement": agent_pb2.Acknowledgement(sequence=1)}, "names a lane 0, and there is none"),
        ({"run_now": agent_pb2.RunNow()}, "asks for looks as no collector does"),
        ({"run_now": agent_pb2.RunNow(request_id="x" * 200)}, "asks for looks as no collector does"),
    ],
)
async def test_what_no_collector_says_ends_the_stream_and_loses_nothing(
    message: dict[str, Any], reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collector = FakeCollector()
    collector.acknowledging = False
    async with collector, ground(tmp_path, collector) as one:
        await one.look(3, Status.UNHEALTHY)
        generation = one.spool.generation
        one.sender.start()
        await collector.until(lambda: bool(collector.batches), 30)
        await collector.send(**message)
        await connected(collector, 2)
        assert len(told(caplog, reason)) == 1
        assert one.spool.generation == generation
        collector.acknowledging = True
        await one.look(1, Status.UNHEALTHY)
        await emptied(one)
        assert one.is_all_at(collector)
        assert one.vitals.refused_batches == 0


class HasEverything(FakeCollector):
    """Says of the first streams that all there ever was is there."""

    def __init__(self, streams: int) -> None:
        super().__init__()
        self.left = streams

    def _welcome(self) -> agent_pb2.Welcome:
        welcome = super()._welcome()
        if self.left:
            self.left -= 1
            for position in welcome.committed:
                position.sequence = 2**63
        return welcome


async def test_a_welcome_of_what_was_never_sent_is_waited_out_ever_longer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with HasEverything(5) as collector, ground(tmp_path, collector) as one:
        await one.look(3)
        one.sender.start()
        # The dictionary comes before the agent makes up its mind.
        await connected(collector, 6)
        assert one.sender._backoff.refusals == 5
        assert len(told(caplog, "the collector has what this spool never sent")) == 1
        await emptied(one)
        assert one.is_all_at(collector)


async def test_a_flood_of_long_words_is_a_short_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        await connected(collector)
        for _ in range(50):
            await collector.send(slow_down=agent_pb2.SlowDown(delay_ms=0, reason="busy\n" * 100_000))
        # Its answer shows that all before it was read.
        await collector.send(configuration=agent_pb2.Configuration(version=4))
        await collector.until(lambda: bool(collector.of_kind("configuration_applied")), 30)
        (line,) = told(caplog, "asks to slow down")
        assert len(line) < 400
        assert "\n" not in line
        await collector.send(refusal=agent_pb2.Refusal(reason="\x1b[2J" + "go away " * 100_000))
        await connected(collector, 2)
        (line,) = told(caplog, "ends the stream")
        assert len(line) < 400
        assert line.isprintable()


async def test_a_batch_that_is_refused_twice_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collector = FakeCollector()
    collector.acknowledging = False
    async with collector, ground(tmp_path, collector) as one:
        await one.look(3, Status.UNHEALTHY)
        one.sender.start()
        await collector.until(lambda: bool(collector.batches), 30)
        for _ in range(20):
            await collector.send(
                refusal=agent_pb2.Refusal(
                    reason="garbled", lane=agent_pb2.LANE_LIVE, first_sequence=1, last_sequence=3
                )
            )
        await emptied(one)
        await collector.send(configuration=agent_pb2.Configuration(version=4))
        await collector.until(lambda: bool(collector.of_kind("configuration_applied")), 30)
        assert one.vitals.refused_batches == 1
        assert len(told(caplog, "aside: garbled")) == 1


class WithATwin(FakeCollector):
    """Ends a stream as the real one does when another agent of the same id opens its own."""

    def __init__(self) -> None:
        super().__init__()
        self.twin = asyncio.Event()

    async def Connect(self, requests: AsyncIterator[agent_pb2.ConnectRequest], context: Context) -> None:
        serving = asyncio.create_task(super().Connect(requests, context))
        twin = asyncio.create_task(self.twin.wait())
        await asyncio.wait([serving, twin], return_when=asyncio.FIRST_COMPLETED)
        twin.cancel()
        if serving.done():
            return serving.result()
        serving.cancel()
        self.twin.clear()
        reason = "another agent with this agent_id connected; each agent needs an agent_id of its own"
        await context.abort(grpc.StatusCode.ABORTED, reason)


def warning(one: Ground) -> str:
    return str(one.sender.status()["warning"])


async def test_another_agent_of_the_same_id_is_told_of_and_made_room_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with WithATwin() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        await connected(collector)
        assert warning(one) == ""
        for times in (2, 3, 4):
            collector.twin.set()
            await connected(collector, times)
        lines = told(caplog, "another agent that calls itself 'web-1' takes this one's place")
        assert len(lines) == 3
        assert all("agent_id of its own" in line for line in lines)
        assert not told(caplog, "no collector at")
        # Also while the stream is open, by turns.
        assert "'web-1'" in warning(one)
        status = {
            "stream": {"connected_seconds": 1, "trouble": "", "warning": warning(one)},
            "spool": {"writable": True},
            "configuration": {"refused": "", "assignment_refused": ""},
            "egress_down": "",
        }
        assert _troubles(status) == [warning(one)]
        await one.look(5)
        await emptied(one)
        assert one.is_all_at(collector)


async def test_streams_that_end_soon_are_told_of_while_one_is_open(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        for times in range(1, 7):
            await connected(collector, times)
            await collector.send(refusal=agent_pb2.Refusal(reason="not today"))
        await connected(collector, 7)
        await collector.send(configuration=agent_pb2.Configuration(version=4))
        await collector.until(lambda: bool(collector.of_kind("configuration_applied")), 30)
        assert warning(one).startswith("the last 6 streams ended soon after they began: ")
        assert "not today" in warning(one)


async def test_an_acknowledgement_that_says_nothing_new_costs_no_transaction(tmp_path: Path) -> None:
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        await one.look(3)
        one.sender.start()
        await emptied(one)
        assert one.sender._conversation is not None
        lane = one.sender._conversation._outgoing.lanes[Lane.LIVE]
        acknowledged = 0

        async def acknowledge(*_: object) -> int:
            nonlocal acknowledged
            acknowledged += 1
            return 0

        one.spool.acknowledge = acknowledge  # type: ignore[assignment, method-assign]
        for sequence in (3, 2, 1, 3):
            assert await lane.committed(sequence) == 0
        assert acknowledged == 0
