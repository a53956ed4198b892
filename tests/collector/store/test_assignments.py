"""Assigned checks and what agents say of them: alike in every store."""

from __future__ import annotations

import asyncio

from tenantwatch_collector.store.base import AgentRecord, Store

from tests.collector.store.conftest import Place


async def arrived(store: Store, tenant_id: str, *agent_ids: str) -> int:
    tenant = await store.create_tenant(tenant_id, tenant_id, "basic")
    for agent_id in agent_ids:
        await store.agent_arrived(tenant.tenant_key, agent_id, "g", "1.0", "host", "d")
    return tenant.tenant_key


async def agent(store: Store, key: int, agent_id: str) -> AgentRecord:
    return next(one for one in await store.agents(key) if one.agent_id == agent_id)


async def test_every_change_has_the_next_version_and_is_there_after_a_restart(place: Place) -> None:
    store = await place.open()
    key = await arrived(store, "acme")
    assert await store.assignment(key) == await store.assignment(key + 1000)
    assert (await store.assignment(key)).version == 0
    assert await store.put_assigned_check(key, "web", None, '{"a": 1}', "ann") == 1
    assert await store.put_assigned_check(key, "db", "a1", "{}", "ann") == 2
    assert await store.put_assigned_check(key, "web", "a2", '{"a": 2}', "bob") == 3
    assert await store.remove_assigned_check(key, "none") is None
    assert await store.remove_assigned_check(key, "db") == 4
    await store.close()
    store = await place.open()
    kept = await store.assignment(key)
    (check,) = kept.checks
    assert await store.assignment_versions() == {key: 4}
    assert (kept.version, check.tenant_key, check.check_id, check.agent_id) == (4, key, "web", "a2")
    assert (check.definition, check.changed_by) == ('{"a": 2}', "bob")
    assert check.changed_at_us > 0
    await store.close()


async def test_a_tenants_checks_and_agents_are_its_own(store: Store) -> None:
    mine, other = await arrived(store, "mine", "a1"), await arrived(store, "other", "a1", "a2")
    await store.put_assigned_check(mine, "web", None, "{}", "ann")
    assert (await store.assignment(other)).checks == []
    assert await store.remove_assigned_check(other, "web") is None
    await store.assignment_applied(mine, "a1", 1)
    assert [one.agent_id for one in await store.agents(other)] == ["a1", "a2"]
    assert [one.applied_version for one in await store.agents(other)] == [None, None]


async def test_changes_at_once_have_versions_of_their_own(store: Store) -> None:
    key = await arrived(store, "acme")
    versions = await asyncio.gather(
        *(store.put_assigned_check(key, f"c{n}", None, "{}", "ann") for n in range(8))
    )
    assert sorted(versions) == list(range(1, 9))
    assert len((await store.assignment(key)).checks) == 8


async def test_what_an_agent_says_is_kept_until_it_says_something_else(store: Store) -> None:
    key = await arrived(store, "acme", "a1")
    new = await agent(store, key, "a1")
    assert (new.version, new.hostname, new.applied_version, new.answered_at_us) == ("1.0", "host", None, None)
    await store.assignment_applied(key, "a1", 3)
    assert (await agent(store, key, "a1")).applied_version == 3
    await store.assignment_refused(key, "a1", 4, '[["web", "not allowed"]]')
    told = await agent(store, key, "a1")
    assert (told.applied_version, told.refused_version) == (3, 4)
    assert told.refusals == '[["web", "not allowed"]]'
    assert told.answered_at_us is not None
    # It comes again: what it said before still holds until it says more.
    await store.agent_arrived(key, "a1", "g2", "1.1", "host", "d")
    assert (await agent(store, key, "a1")).refused_version == 4
    await store.assignment_applied(key, "a1", 5)
    told = await agent(store, key, "a1")
    assert (told.applied_version, told.refused_version, told.refusals) == (5, None, "[]")


async def test_a_version_that_was_in_force_and_is_refused_now_is_in_force_no_more(store: Store) -> None:
    key = await arrived(store, "acme", "a1")
    await store.assignment_applied(key, "a1", 3)
    await store.assignment_refused(key, "a1", 3, '[["", "not enabled"]]')
    told = await agent(store, key, "a1")
    assert (told.applied_version, told.refused_version) == (None, 3)
