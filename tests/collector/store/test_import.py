"""Importing into every store there is: each result once, also beside a collector that runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import replace

import pytest
from tenantwatch_collector.engines import judge as judging
from tenantwatch_collector.engines.rollups import BUCKET_S, RollupEngine
from tenantwatch_collector.store.base import CheckChange, Store, Tenant
from tenantwatch_collector.transfer.forms import Line
from tenantwatch_collector.transfer.importing import AT_ONCE, Done, Importer
from tenantwatch_collector.transfer.record import moment
from tenantwatch_wire.records import CheckDefinition, Status

from tests.collector.engines.judging import judge_of
from tests.collector.store.conftest import Place

SECOND = 1_000_000
T0 = (time.time_ns() // 1000 // (86_400 * SECOND) - 2) * 86_400 * SECOND
"""A midnight two days ago."""


def lines(seconds: Iterable[int], status: str = "healthy", agents: tuple[str, ...] = ("a1",)) -> list[Line]:
    return [
        Line(
            number,
            "",
            {
                "tenant_id": "acme",
                "agent_id": agent,
                "check_id": "web",
                "kind": "http_endpoint",
                "time": moment(T0 + second * SECOND),
                "status": status,
                "latency_us": 1000 + second,
                "metrics": {"tls_ms": 1.5},
            },
        )
        for number, second in enumerate(seconds, 2)
        for agent in agents
    ]


async def run(store: Store, some: Iterable[Line]) -> Done:
    return await Importer(store, create=True, configured_since_us=0).run(some, lambda done: None)


async def kept(store: Store) -> tuple[int, Tenant]:
    tenant = await store.tenant("acme")
    assert tenant is not None
    return len(await store.results_from(tenant.tenant_key, T0, T0 + 86_400 * SECOND, 50_000)), tenant


async def test_two_imports_at_once_store_each_result_once(place: Place) -> None:
    first, second = await place.open(), await place.open()
    try:
        await run(first, lines([0], agents=("a1", "a2")))  # the tenant and the checks
        both = lines(range(1, AT_ONCE), agents=("a1", "a2"))
        done = await asyncio.gather(run(first, both), run(second, both))
        assert sum(each.stored for each in done) == len(both)
        assert sum(each.already for each in done) == len(both)
        assert (await kept(first))[0] == len(both) + 2
        books = {account.agent_id: account for account in await first.accounts()}
        assert {a.agent_id: (a.acknowledged, a.results) for a in books.values()} == {
            "a1": (AT_ONCE, AT_ONCE),
            "a2": (AT_ONCE, AT_ONCE),
        }
    finally:
        await first.close()
        await second.close()


async def test_an_import_that_was_broken_off_is_gone_on_with(store: Store) -> None:
    class Broken(Exception):
        pass

    def breaking(some: list[Line], after: int) -> Iterable[Line]:
        yield from some[:after]
        raise Broken

    some = lines(range(AT_ONCE + 500))
    with pytest.raises(Broken):
        await run(store, breaking(some, AT_ONCE + 100))
    assert (await kept(store))[0] == AT_ONCE
    done = await run(store, some)
    assert (done.stored, done.already) == (500, AT_ONCE)
    assert (await kept(store))[0] == len(some)


async def test_a_running_collector_judges_and_rolls_up_what_another_process_imported(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "_FLUSH_SECONDS", 0.05)
    running, beside = await place.open(), await place.open()
    judge = judge_of(running)
    await judge.start()
    try:
        down = lines(range(3600, 4200, 60), "unhealthy")
        done = await run(beside, [*lines(range(0, 3600, 60)), *down, *lines(range(4200, 7200, 60))])
        assert done.stored == 120
        tenant = (await kept(beside))[1]
        levels = await changed(beside, tenant, 4)
        assert levels == [Status.HEALTHY, Status.UNHEALTHY, Status.HEALTHY, Status.UNKNOWN]
        await RollupEngine(running).catch_up()
        found = await beside.rollups(tenant.tenant_key, BUCKET_S, T0, T0 + 7200 * SECOND)
        assert [rollup.unhealthy for rollup in found] == [0, 0, 0, 0, 10, 0, 0, 0]
        assert sum(rollup.healthy for rollup in found) == 110
        assert await beside.alerts(None, "", "", 10) == [], "nobody is told of what is long past"
    finally:
        await judge.stop()
        await running.close()
        await beside.close()


async def changed(store: Store, tenant: Tenant, count: int) -> list[Status]:
    """The levels of the changes, once there are so many."""
    found: list[CheckChange] = []
    async with asyncio.timeout(30):
        while len(found) < count:
            found = list(await store.changes(tenant.tenant_key, T0, T0 + 86_400 * SECOND))
            await asyncio.sleep(0.02)
    return [change.level for change in found]


def defined(seconds: Iterable[int], **told: object) -> list[Line]:
    """Lines that say all of what their check was."""
    settings = {"group": "front", "interval_ms": 60_000, "timeout_ms": 10_000}
    settings |= {"confirm_failures": 3, "confirm_successes": 2}
    found = lines(seconds, "unhealthy")
    return [replace(each, values={**(each.values or {}), **settings, **told}) for each in found]


async def groups(store: Store) -> list[tuple[str, int, int | None]]:
    checks = await store.tenant_checks((await kept(store))[1].tenant_key)
    return [(c.group, second(c.active_since_us), second(c.active_until_us)) for c in checks]  # type: ignore[misc]


def second(time_us: int | None) -> int | None:
    return None if time_us is None else (time_us - T0) // SECOND


MOVED = [*defined(range(0, 600, 60)), *defined(range(600, 1200, 60), group="back", confirm_failures=20)]


async def test_what_a_check_was_at_the_time_is_imported(store: Store) -> None:
    """However often; lines that do not say all of it say nothing of it."""
    for _ in range(2):
        await run(store, [*MOVED, *lines(range(1200, 1800, 60))])
    assert await groups(store) == [("front", 0, 600), ("back", 600, None)]


async def test_what_an_agent_defined_no_import_changes(store: Store) -> None:
    tenant = await store.create_tenant("acme", "Acme", "basic")
    web = CheckDefinition("web", "http_endpoint", 1_000, 1_000, "mine")
    await store.register_checks(tenant.tenant_key, "a1", [(web, True)], complete=True)
    await store.register_checks(tenant.tenant_key, "a1", [], complete=True)
    before = await store.tenant_checks(tenant.tenant_key)
    assert (await run(store, MOVED)).stored == 20
    assert await store.tenant_checks(tenant.tenant_key) == before


async def test_imported_results_are_judged_as_their_check_was_defined_then(store: Store) -> None:
    """Ten failures were an outage by the first definition, ten more are none by the second."""
    judge = judge_of(store)
    await judge.start()
    try:
        healthy = [replace(each, values={**(each.values or {}), "status": "healthy"}) for each in MOVED]
        # In another order than in a file: the first five minutes, then all the others.
        await run(store, [*MOVED[:5], *healthy[5:10], *MOVED[10:]])
        newest = (await store.pulse()).newest_commit
        judge.definitions_changed()
        judge.heard_of(newest)
        await judge.caught_up()
        found = await store.changes((await kept(store))[1].tenant_key, T0, 2**62)
        told = [(second(c.time_us), c.level) for c in found]
        assert told[:2] == [(0, Status.UNHEALTHY), (300, Status.HEALTHY)]
        assert Status.UNHEALTHY not in [level for _, level in told[2:]]
    finally:
        await judge.stop()
