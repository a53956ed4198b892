"""What reports of many tenants read: sums, counted requests, and the facts of each tenant, by tenant."""

from __future__ import annotations

import time

import numpy as np
from tenantwatch_collector.store.base import (
    AgentPosition,
    CheckChange,
    Delivery,
    Judgement,
    KnownChange,
    RequestRollup,
    ResultColumns,
    Retention,
    RolledUp,
    RollupSpan,
    RollupSum,
    Store,
    StoredCheck,
    WindowRecord,
)
from tenantwatch_wire.columns import MetricColumns
from tenantwatch_wire.records import Lane, Status

from tests.collector.store.given import SECOND, T0, tenant_with_check

START = T0 // (900 * SECOND) * 900 * SECOND
NAMES = "requests_total", "errors_total"


def sum_of(tenant_key: int, start_us: int, requests: int | None = None) -> RollupSum:
    return RollupSum(
        tenant_key, 900, start_us, "1t", 15, 1, 14, 2**40, 5_000, b"\x01\x02", requests, 3, start_us + 7
    )


async def test_sums_and_requests_are_replaced_and_read_by_tenant(store: Store) -> None:
    (one, check), (two, _) = [await tenant_with_check(store, name) for name in ("one", "two")]
    keys = [one.tenant_key, two.tenant_key]
    spans = [RollupSpan(key, 900, START) for key in keys]
    looks = RequestRollup(keys[0], check.check_key, START, 2**40, 4, b"\x80\x01", START + 9)
    first = RolledUp(0, 0, spans=spans, sums=[sum_of(key, START) for key in keys], requests=[looks])
    await store.write_rollups(first)
    assert list(await store.rollup_sums(keys, 900, START, START + 1)) == first.sums
    assert list(await store.rollup_sums(keys[:1], 900, START, START + 1)) == first.sums[:1]
    assert list(await store.rollup_sums(keys, 3600, START, START + 1)) == []
    assert list(await store.rollup_sums(keys, 900, START + 1, START + 2)) == []
    assert list(await store.rollup_sums([], 900, START, START + 1)) == []
    assert list(await store.request_rollups(keys[0], START, START + 1)) == [looks]
    assert list(await store.request_rollups(keys[1], START, START + 1)) == []
    again = RolledUp(0, 0, spans=spans[:1], sums=[sum_of(keys[0], START, 2**41)])
    await store.write_rollups(again)
    assert list(await store.rollup_sums(keys, 900, START, START + 1)) == [again.sums[0], first.sums[1]]
    assert list(await store.request_rollups(keys[0], START, START + 1)) == []


async def test_a_wider_span_leaves_the_requests_of_its_quarters(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    looks = RequestRollup(tenant.tenant_key, check.check_key, START, 5, 4, b"\x01", START + 9)
    quarter = RollupSpan(tenant.tenant_key, 900, START)
    await store.write_rollups(RolledUp(0, 0, spans=[quarter], requests=[looks]))
    await store.write_rollups(RolledUp(0, 0, spans=[quarter._replace(width_s=3600)]))
    assert list(await store.request_rollups(tenant.tenant_key, START, START + 1)) == [looks]


async def test_sums_and_requests_end_with_the_history(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    later = START + 86_400 * SECOND
    key = tenant.tenant_key
    flush = RolledUp(0, 0)
    for start in (START, later):
        flush.spans.append(RollupSpan(key, 900, start))
        flush.sums.append(sum_of(key, start))
        flush.requests.append(RequestRollup(key, check.check_key, start, 5, 4, b"\x01", start))
    await store.write_rollups(flush)
    await store.retain(Retention(0, later))
    assert [each.start_us for each in await store.rollup_sums([key], 900, 0, 2**60)] == [later]
    assert [each.start_us for each in await store.request_rollups(key, 0, 2**60)] == [later]


def counted(check: StoredCheck, first: int, totals: list[float], names: tuple[str, ...] = NAMES) -> Delivery:
    """One result a minute, each with these metrics, the second one half of the first."""
    count = len(totals)
    status = np.zeros(count, np.uint8)
    status[-1] = Status.UNKNOWN
    columns = ResultColumns(
        np.full(count, check.tenant_key, np.int64),
        np.full(count, check.check_key, np.int64),
        T0 + 60 * SECOND * np.arange(count, dtype=np.int64),
        status,
        np.full(count, -1, np.int64),
        {},
        MetricColumns(
            np.repeat(np.arange(count, dtype=np.uint32), 2),
            np.tile(np.array([0, 1], np.uint32), count),
            np.array([value for total in totals for value in (total, total / 2)]),
            names,
        ),
    )
    place = AgentPosition(check.tenant_key, "a1", "g", Lane.LIVE, first + count - 1)
    return Delivery(first, place, results=columns)


async def test_counters_are_read_where_both_were_measured(store: Store) -> None:
    (one, check), (two, other) = [await tenant_with_check(store, name) for name in ("one", "two")]
    commit = await store.commit([counted(check, 1, [10.0, 20.0, 30.0])])
    await store.commit([counted(other, 1, [10.0, 20.0], ("requests_total_of_us", "errors_total"))])
    assert list(await store.counting_tenants(NAMES)) == [one.tenant_key]
    assert list(await store.counting_tenants(NAMES, [one.tenant_key])) == [one.tenant_key]
    assert list(await store.counting_tenants(NAMES, [two.tenant_key])) == []
    found = await store.counter_readings(one.tenant_key, NAMES, T0, T0 + 10**9)
    assert sorted((each.time_us - T0, each.total, each.errors) for each in found) == [
        (0, 10.0, 5.0),
        (60 * SECOND, 20.0, 10.0),
    ], "the unknown one measured nothing"
    assert {(each.check_key, each.received_at_us) for each in found} == {
        (check.check_key, commit.received_at_us)
    }
    assert len(await store.counter_readings(one.tenant_key, NAMES, T0 + 1, T0 + 10**9)) == 1
    assert list(await store.counter_readings(two.tenant_key, NAMES, T0, T0 + 10**9)) == []


async def test_the_facts_of_many_are_those_of_each(store: Store) -> None:
    known = [await tenant_with_check(store, name) for name in ("one", "two", "three")]
    (one, check), (two, _), (three, _) = known
    now_us = time.time_ns() // 1000
    changes = [
        CheckChange(one.tenant_key, check.check_key, T0, Status.HEALTHY, T0 + 5),
        CheckChange(one.tenant_key, check.check_key, T0 + 100, Status.UNHEALTHY, T0 + 200),
    ]
    await store.write_judgement(Judgement(cursor=0, changes=changes))
    await store.add_contract(two.tenant_key, T0, "ann", "because", '{"tier": "basic"}')
    await store.add_window(WindowRecord(two.tenant_key, 0, T0, T0 + 5, "", None, "patches", "ann", 0))
    keys = [one.tenant_key, two.tenant_key]
    found = await store.tenant_facts(keys, now_us, now_us)
    assert list(found) == keys, "and not the third's"
    for key in keys:
        assert list(found[key].contracts) == list(await store.contracts(key))
        assert list(found[key].checks) == list(await store.tenant_checks(key))
        assert list(found[key].windows) == list(await store.windows(key))
        assert list(found[key].corrections) == list(await store.corrections(key))
    assert [len(found[key].log) for key in keys] == [2, 0]
    assert three.tenant_key not in found


async def test_the_log_of_changes_tells_what_was_known_when(store: Store) -> None:
    acme, other = [(await store.create_tenant(name, name, "basic")).tenant_key for name in ("acme", "other")]

    async def log(to_us: int, known_until_us: int, tenant_key: int = acme) -> list[KnownChange]:
        facts = await store.tenant_facts([tenant_key], to_us, known_until_us)
        return list(facts[tenant_key].log)

    changes = [
        CheckChange(acme, 7, 100, Status.HEALTHY, 110),
        CheckChange(acme, 7, 200, Status.UNHEALTHY, 230),
        CheckChange(acme, 7, 200, Status.HEALTHY, 300),
    ]
    await store.write_judgement(Judgement(cursor=0, changes=changes))
    assert await log(1000, 299) == [
        KnownChange(7, 100, Status.HEALTHY, 110),
        KnownChange(7, 200, Status.UNHEALTHY, 230),
    ]
    assert len(await log(1000, 300)) == 3
    assert len(await log(200, 300)) == 1
    assert await log(1000, 300, other) == []
    silent = CheckChange(acme, 7, 400, Status.UNKNOWN, 900)
    await store.write_judgement(Judgement(cursor=0, changes=[silent]))
    assert (await log(401, 401))[-1] == KnownChange(7, 400, Status.UNKNOWN, 900)
    assert len(await log(400, 1000)) == 3
