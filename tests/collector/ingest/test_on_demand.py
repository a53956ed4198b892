"""Looks on demand: done when the agent has answered and all it saw is committed, in whichever order."""

from __future__ import annotations

import asyncio

import pytest
from tenantwatch_collector.ingest.on_demand import Runs
from tenantwatch_wire.v1 import agent_pb2

LIVE, BACKLOG = agent_pb2.LANE_LIVE, agent_pb2.LANE_BACKLOG


class Line:
    """What was sent to the agent."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[agent_pb2.RunNow] = asyncio.Queue()

    async def send(self, answer: agent_pb2.ConnectResponse) -> None:
        self.sent.put_nowait(answer.run_now)


def said(asked: agent_pb2.RunNow, last: int) -> agent_pb2.RunResult:
    return agent_pb2.RunResult(request_id=asked.request_id, lane=LIVE, last_sequence=last)


async def begun(runs: Runs, line: Line) -> tuple[asyncio.Task[bool], agent_pb2.RunNow]:
    task = asyncio.create_task(runs.look(["web"]))
    return task, await asyncio.wait_for(line.sent.get(), 60)


@pytest.mark.parametrize("answer_first", [True, False])
async def test_the_answer_and_the_commit_come_in_any_order(answer_first: bool) -> None:
    line = Line()
    runs = Runs(line.send)
    task, asked = await begun(runs, line)
    assert list(asked.check_ids) == ["web"]
    if answer_first:
        runs.answered(said(asked, 7))
    runs.committed(LIVE, 6)
    runs.committed(BACKLOG, 9)
    await asyncio.sleep(0)
    assert not task.done()
    runs.committed(LIVE, 7)
    if not answer_first:
        runs.answered(said(asked, 7))
    assert await task


async def test_a_stream_that_ends_leaves_nobody_waiting() -> None:
    line = Line()
    runs = Runs(line.send)
    task, _ = await begun(runs, line)
    runs.end()
    assert not await task


async def test_an_answer_to_another_request_or_too_late_changes_nothing() -> None:
    line = Line()
    runs = Runs(line.send)
    first, asked = await begun(runs, line)
    second, _ = await begun(runs, line)
    runs.committed(LIVE, 1)
    runs.answered(said(asked, 1))
    assert await first
    runs.answered(said(asked, 1))
    runs.answered(agent_pb2.RunResult(request_id="nobody's", lane=LIVE, last_sequence=0))
    await asyncio.sleep(0)
    assert not second.done()
    runs.end()
    assert not await second
