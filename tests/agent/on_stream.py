"""What tests of the stream stand on: a spool and a sender, and delays that fit a test."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from tenantwatch_agent.clock import boottime
from tenantwatch_agent.config import load_config
from tenantwatch_agent.config.assignment import Assigned, AssignmentAnswer
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.stream import Sender, backoff, conversation, outgoing, requests, sender
from tenantwatch_agent.vitals import Vitals
from tenantwatch_wire.records import Result, Status

from tests.agent.fake_collector import FakeCollector

START_US = time.time_ns() // 1000 - 3_600_000_000


class Assigning:
    """Takes what is assigned, but for version 13."""

    def __init__(self) -> None:
        self.taken: list[Assigned] = []

    async def assign(self, assigned: Assigned) -> AssignmentAnswer:
        if assigned.version == 13:
            return AssignmentAnswer(13, "not on this agent", (("far", "not allowed"),))
        self.taken.append(assigned)
        return AssignmentAnswer(assigned.version)

    def answers(self) -> list[AssignmentAnswer]:
        return [AssignmentAnswer(self.taken[-1].version)] if self.taken else []


class Ground:
    """A spool and a sender, without checks that would add results by themselves."""

    def __init__(self, spool: Spool, sender: Sender, vitals: Vitals, assignments: Assigning) -> None:
        self.spool = spool
        self.sender = sender
        self.vitals = vitals
        self.assignments = assignments
        self.number = 0

    async def look(self, count: int = 1, status: Status = Status.HEALTHY, *, urgent: bool = False) -> None:
        first = self.number + 1
        self.number += count
        results = [Result("web", START_US + n, status) for n in range(first, self.number + 1)]
        await self.spool.append(results, urgent=urgent)

    def is_all_at_besides_shop(self, collector: FakeCollector) -> bool:
        seen = [row for row in collector.committed.values() if row[0] == "web"]
        return seen == [("web", START_US + n) for n in range(1, self.number + 1)]

    def is_all_at(self, collector: FakeCollector) -> bool:
        return collector.committed == {n: ("web", START_US + n) for n in range(1, self.number + 1)}


@contextlib.asynccontextmanager
async def ground(
    folder: Path, collector: FakeCollector, max_results: int = 100_000, clock: Callable[[], float] = boottime
) -> AsyncIterator[Ground]:
    (folder / "token").write_text(collector.token)
    path = folder / "agent.toml"
    path.write_text(
        f'agent_id = "web-1"\ndata_folder = "{folder}"\n[spool]\nmax_results = {max_results}\n'
        f'[collector]\naddress = "{collector.address}"\ntoken_file = "{folder}/token"\n'
        '[[checks]]\nid = "web"\nkind = "http_endpoint"\nurl = "http://127.0.0.1/"\n'
    )
    config, vitals = load_config(path), Vitals()
    spool = await Spool.open(folder, [one.definition for one in config.checks], config.spool, clock)

    async def run_now(check_ids: Sequence[str]) -> list[str]:
        await one.look(urgent=True)
        return [check_id for check_id in check_ids if check_id != "web"]

    assignments = Assigning()
    one = Ground(spool, Sender(config, spool, run_now, assignments, vitals), vitals, assignments)
    try:
        yield one
    finally:
        await one.sender.stop(timeout_seconds=1)
        await spool.close()


async def emptied(one: Ground) -> None:
    """Every acknowledgement has reached the spool."""
    async with asyncio.timeout(60):
        while one.spool.count():
            # Each question is answered by the spool's own thread: others have their turn meanwhile.
            await one.spool.entries()


def quicken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delays that are minutes of a night in the field and would be seconds of every test run."""
    monkeypatch.setattr(backoff, "BACKOFF_SECONDS", (0.02, 0.1))
    monkeypatch.setattr(backoff, "TWIN_SECONDS", (0.02, 0.1))
    monkeypatch.setattr(backoff, "STEADY_SECONDS", 3_600.0)
    monkeypatch.setattr(backoff, "CROWDED_SECONDS", 0.1)
    for module in (sender, conversation, requests):
        monkeypatch.setattr(module, "REFUSED_SECONDS", 0.1)
    monkeypatch.setattr(outgoing, "COALESCE_SECONDS", 0.2)
