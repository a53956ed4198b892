"""What terms say of groups is in force from its instant on, in a judge that runs and in one that begins."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tenantwatch_collector.engines.agreed_groups import AgreedGroups
from tenantwatch_collector.engines.judge import Judge
from tenantwatch_collector.sla.grouping import GroupChoice
from tenantwatch_collector.store.base import AgentPosition, Delivery, ResultColumns, Store, Tenant
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tests.collector.engines.judging import judge_of

QUORUM = {"site": {"rule": "quorum"}}
HOUR_US = 3_600_000_000


@dataclass
class Here:
    store: Store
    tenant: Tenant

    async def agree(self, in_force_from_us: int, groups: Mapping[str, Any]) -> None:
        contract = json.dumps({"tier": "basic", "groups": groups})
        await self.store.add_contract(self.tenant.tenant_key, in_force_from_us, "ann", "agreed", contract)

    async def state(self) -> tuple[str, list[tuple[str, str]]]:
        """The tenant's, with its groups' roles and rules, as it is kept."""
        (health,) = await self.store.tenant_health(self.tenant.tenant_key)
        return health.state, [(group["role"], group["rule"]) for group in json.loads(health.groups)]

    async def becomes(self, judge: Judge, wanted: tuple[str, list[tuple[str, str]]]) -> None:
        async with asyncio.timeout(30):
            while await self.state() != wanted:
                await judge.passes.wait_beyond(judge.passes.count)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    store = await open_store(tmp_path / "store.sqlite3")
    yield Here(store, await store.create_tenant("acme", "Acme", "basic"))
    await store.close()


async def one_of_three_fails(here: Here) -> None:
    key = here.tenant.tenant_key
    await here.store.agent_arrived(key, "a", "g", "1", "h", "d")
    definitions = [
        (CheckDefinition(name, "http_endpoint", 600_000, 10_000, "site", 1, 1), True)
        for name in ("eu", "us", "ap")
    ]
    checks = await here.store.register_checks(key, "a", definitions, complete=True)
    columns = ResultColumns(
        np.full(3, key),
        np.array([check.check_key for check in checks]),
        np.full(3, time.time_ns() // 1000),
        np.array([Status.UNHEALTHY, Status.HEALTHY, Status.HEALTHY], np.uint8),
        np.full(3, -1),
    )
    await here.store.commit([Delivery(1, AgentPosition(key, "a", "g", Lane.LIVE, 3), results=columns)])


async def test_versions_come_into_force_at_their_instants(here: Here) -> None:
    key, now_us = here.tenant.tenant_key, time.time_ns() // 1000
    groups = AgreedGroups(here.store)
    assert await groups.read(now_us) == {}
    await here.agree(now_us, QUORUM)
    await here.agree(now_us + HOUR_US, {"site": {"role": "degrading"}})
    await here.agree(now_us + 2 * HOUR_US, {})
    assert await groups.read(now_us) == {key: now_us}
    assert groups.chosen(key) == {"site": GroupChoice(rule="quorum")}
    assert await groups.read(now_us + 1) == {}
    assert await groups.read(now_us + HOUR_US) == {key: now_us + HOUR_US}
    assert groups.chosen(key) == {"site": GroupChoice(role="degrading")}
    # Of two for one instant the newer is in force.
    await here.agree(now_us + HOUR_US, QUORUM)
    assert await groups.read(now_us + HOUR_US) == {key: now_us + HOUR_US}
    assert groups.chosen(key) == {"site": GroupChoice(rule="quorum")}
    assert await groups.read(now_us + 2 * HOUR_US) == {key: now_us + 2 * HOUR_US}
    assert (groups.chosen(key), groups.chosen(key + 1)) == ({}, {})


async def test_broken_terms_of_one_tenant_are_passed_over(here: Here) -> None:
    other = await here.store.create_tenant("other", "Other", "basic")
    await here.agree(0, {"site": {"rule": "most"}})
    contract = json.dumps({"groups": QUORUM})
    await here.store.add_contract(other.tenant_key, 0, "ann", "agreed", contract)
    groups = AgreedGroups(here.store)
    assert await groups.read(1) == {other.tenant_key: 0}
    assert groups.chosen(here.tenant.tenant_key) == {}


async def test_a_judge_goes_by_the_terms_in_force(here: Here) -> None:
    await one_of_three_fails(here)
    judge = judge_of(here.store)
    await judge.start()
    await here.becomes(judge, ("unhealthy", [("critical", "any")]))
    await here.agree(time.time_ns() // 1000, QUORUM)
    await here.becomes(judge, ("degraded", [("critical", "quorum")]))
    await judge.stop()


async def test_terms_that_changed_while_nobody_judged_count_at_once(here: Here) -> None:
    await one_of_three_fails(here)
    before = judge_of(here.store)
    await before.start()
    await here.becomes(before, ("unhealthy", [("critical", "any")]))
    await before.stop()
    await here.agree(time.time_ns() // 1000, {"site": {"role": "degrading", "rule": "all"}})
    after = judge_of(here.store)
    await after.start()
    await here.becomes(after, ("unknown", [("degrading", "all")]))
    await after.stop()
