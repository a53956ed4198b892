"""Rounds on schedule go on, whatever became of one, and tell their counts."""

from __future__ import annotations

import asyncio
import logging

import pytest
from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api import rounds
from tenantwatch_collector.api.looks import NewHealthCheck, NotChecked, Round
from tenantwatch_collector.errors import TooMany
from tenantwatch_collector.identity import Caller
from tenantwatch_collector.vitals import Vitals


async def test_each_round_tells_its_counts_and_one_that_is_refused_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, rounds.__name__)
    callers: list[Caller] = []
    third = asyncio.Event()

    async def look(caller: Caller, _: NewHealthCheck) -> Round:
        callers.append(caller)
        if len(callers) == 1:
            raise TooMany("a round is under way", 30)
        if len(callers) == 3:
            third.set()
        gone = NotChecked(tenant_id="gone", reason="no agent is connected")
        return Round(
            total_checked=3, healthy=2, degraded=0, unhealthy=1, unknown=0, results=[], not_checked=[gone]
        )

    vitals = Vitals()
    scheduled = rounds.Rounds(look, 0.001, vitals)
    scheduled.start()
    async with asyncio.timeout(30):
        await third.wait()
    await scheduled.stop()
    await scheduled.stop()
    assert [each.getMessage() for each in caplog.records if each.name == rounds.__name__][:2] == [
        "this round is left out: a round is under way",
        "round: 3 checked: 2 healthy, 0 degraded, 1 unhealthy, 0 unknown, 1 not checked",
    ]
    assert vitals.registry.get_sample_value("tenantwatch_round_tenants", {"outcome": "unhealthy"}) == 1
    assert all(caller.tenant is None and Permission.CHECKS_RUN in caller.permissions for caller in callers)


async def test_none_is_made_unless_it_is_wanted() -> None:
    callers: list[Caller] = []

    async def look(caller: Caller, _: NewHealthCheck) -> Round:
        callers.append(caller)
        raise TooMany("a round is under way", 30)

    scheduled = rounds.Rounds(look, 0, Vitals())
    scheduled.start()
    for _ in range(100):
        await asyncio.sleep(0)  # the turns in which a schedule of no pause would have looked
    await scheduled.stop()
    assert callers == []
