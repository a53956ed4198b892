"""The agent's parts put together: what comes from outside too often is taken one by one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from tenantwatch_agent import app
from tenantwatch_agent.app import Agent
from tenantwatch_agent.config.assignment import Assigned, AssignmentAnswer
from tenantwatch_agent.config.current import Configuration
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.systemd import Systemd

FAR = '[[checks]]\nid = "far"\nkind = "host_resources"\n'


@contextlib.asynccontextmanager
async def agent(folder: Path) -> AsyncIterator[tuple[Agent, Configuration]]:
    path = folder / "agent.toml"
    path.write_text(f'data_folder = "{folder}"\n[assignment]\nenabled = true\n')
    configuration = Configuration(path)
    spool = await Spool.open(folder, [], configuration.config.spool)
    one = Agent(configuration, spool, Systemd())
    try:
        yield one, configuration
    finally:
        await one.stop()
        await spool.close()


async def test_versions_of_checks_keep_their_distance_and_none_is_taken_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "ASSIGNMENT_SECONDS", 3_600.0)
    async with agent(tmp_path) as (one, configuration):
        assert await one.assign(Assigned(1, FAR)) == AssignmentAnswer(1)
        waiting = asyncio.create_task(one.assign(Assigned(2, "")))
        await asyncio.sleep(0)
        await one.stop()
        answer = await asyncio.wait_for(waiting, 60)
        assert answer == AssignmentAnswer(2, "the agent is stopping")
        assert configuration.assigned == Assigned(1, FAR)


async def test_a_storm_of_reloads_is_two(tmp_path: Path) -> None:
    async with agent(tmp_path) as (one, configuration):
        for _ in range(1_000):
            one.reload_soon()
        assert len(one._reloads) == 2
        await asyncio.wait_for(asyncio.gather(*one._reloads), 60)
        assert configuration.changes == 2


async def test_checks_that_could_not_be_kept_are_taken_when_they_can_and_the_collector_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "TRY_AGAIN_SECONDS", (0.01, 0.02))
    async with agent(tmp_path) as (one, configuration):
        told: list[Sequence[AssignmentAnswer]] = []
        monkeypatch.setattr(one._sender, "apply", lambda config: told.append(configuration.answers()))
        # Nothing can be written there, as on a full disk.
        (tmp_path / "assigned.part").mkdir()
        answer = await one.assign(Assigned(1, FAR))
        assert "assigned.json: cannot be written" in answer.error
        assert one.answers() == [answer]
        (tmp_path / "assigned.part").rmdir()
        assert one._again._task is not None
        await asyncio.wait_for(one._again._task, 60)
        assert (configuration.assigned, one.answers()) == (Assigned(1, FAR), [AssignmentAnswer(1)])
        assert told[-1] == [AssignmentAnswer(1)]
