"""What the collector may ask for at once is bounded, and each request is answered once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tenantwatch_agent.config import load_config
from tenantwatch_agent.config.assignment import Assigned, AssignmentAnswer
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.stream import requests
from tenantwatch_agent.stream.ending import StreamEnded
from tenantwatch_agent.stream.requests import Requests
from tenantwatch_wire import limits
from tenantwatch_wire.v1 import agent_pb2


class Asked:
    """Looks and assignments that end when the test lets them; ``until`` waits for what was begun or said."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.looks: list[list[str]] = []
        self.taken: list[int] = []
        self.said: list[agent_pb2.ConnectRequest] = []
        self._moved = asyncio.Event()

    async def run_now(self, check_ids: Sequence[str]) -> list[str]:
        self.looks.append(list(check_ids))
        self._moved.set()
        await self.release.wait()
        return []

    async def assign(self, assigned: Assigned) -> AssignmentAnswer:
        self.taken.append(assigned.version)
        self._moved.set()
        await self.release.wait()
        return AssignmentAnswer(assigned.version)

    def answers(self) -> Sequence[AssignmentAnswer]:
        return ()

    async def write(self, request: agent_pb2.ConnectRequest) -> None:
        self.said.append(request)
        self._moved.set()

    async def until(self, looks: int = 0, taken: int = 0, said: int = 0) -> None:
        async with asyncio.timeout(60):
            while len(self.looks) < looks or len(self.taken) < taken or len(self.said) < said:
                self._moved.clear()
                await self._moved.wait()


async def opened(folder: Path, asked: Asked) -> tuple[Requests, Spool]:
    path = folder / "agent.toml"
    path.write_text(f'data_folder = "{folder}"\n')
    config = load_config(path)
    spool = await Spool.open(folder, [], config.spool)
    return Requests(config, spool, asked.run_now, asked, asked.write), spool


async def test_a_request_that_is_repeated_looks_once_and_is_answered_once(tmp_path: Path) -> None:
    asked = Asked()
    requests_, spool = await opened(tmp_path, asked)
    for _ in range(10_000):
        requests_.look(agent_pb2.RunNow(request_id="r", check_ids=["web"]))
    await asked.until(looks=1)
    asked.release.set()
    await asked.until(said=1)
    assert asked.looks == [["web"]]
    # It is over: the next one of that id is another one.
    await asyncio.gather(*requests_._tasks)
    requests_.look(agent_pb2.RunNow(request_id="r", check_ids=["web"]))
    await asked.until(said=2)
    await requests_.stop()
    await spool.close()
    assert [one.run_result.request_id for one in asked.said] == ["r", "r"]


async def test_requests_under_way_are_bounded_in_number_and_size(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Asked()
    requests_, spool = await opened(tmp_path, asked)
    for number in range(10 * requests.MAX_RUNS):
        requests_.look(agent_pb2.RunNow(request_id=f"r{number}", check_ids=["web"]))
    await asked.until(looks=requests.MAX_RUNS)
    assert len(requests_._tasks) == len(asked.looks) == requests.MAX_RUNS
    assert caplog.text.count("more looks than can be under way") == 1
    asked.release.set()
    await asked.until(said=requests.MAX_RUNS)
    await asyncio.gather(*requests_._tasks)
    asked.release.clear()
    names = ["x"] * limits.MAX_CHECKS_PER_AGENT
    for number in range(5):
        requests_.look(agent_pb2.RunNow(request_id=f"wide{number}", check_ids=names))
    assert len(requests_._tasks) == requests.MAX_RUN_CHECKS // len(names)
    with pytest.raises(StreamEnded):
        requests_.look(agent_pb2.RunNow(request_id="wider", check_ids=[*names, "x"]))
    await requests_.stop()
    await spool.close()


async def test_of_many_versions_that_wait_the_newest_are_taken_in_order(tmp_path: Path) -> None:
    asked = Asked()
    requests_, spool = await opened(tmp_path, asked)
    requests_.assign(agent_pb2.Configuration(version=1))
    await asked.until(taken=1)
    for version in range(2, 100):
        requests_.assign(agent_pb2.Configuration(version=version))
    asked.release.set()
    await asked.until(said=5)
    await requests_.stop()
    await spool.close()
    assert asked.taken == [1, 96, 97, 98, 99]
    assert [one.configuration_applied.version for one in asked.said] == asked.taken
