"""The judge over a database that fails at any call: the same changes and alerts, none lost or twice."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from tenantwatch_collector.alerts.condition import Condition, CustomRule
from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.alerts.window import Aggregation
from tenantwatch_collector.store.base import AgentPosition, Delivery, ResultColumns, Store, StoredRule
from tenantwatch_collector.store.sqlite import SqliteStore
from tenantwatch_wire.columns import MetricColumns
from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tests.collector.engines.faults import FailingStore
from tests.collector.engines.judging import judge_of, let_it_be_impatient

OUTCOMES = [Status.HEALTHY, Status.UNHEALTHY, Status.UNHEALTHY, Status.HEALTHY, Status.UNHEALTHY]

QUEUE = [9.0, 1.0, 1.0, 9.0, 1.0]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    let_it_be_impatient(monkeypatch)


async def judged(folder: Path, first: int = 0, last: int = 0, **how: object) -> list[tuple[object, ...]]:
    """Levels, alerts and messages after all outcomes were judged while those calls failed."""
    store = await SqliteStore.open(folder / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "basic")
    definition = CheckDefinition("web", "http_endpoint", 60_000, 10_000, "", 1, 1)
    (check,) = await store.register_checks(tenant.tenant_key, "a", [(definition, True)], complete=True)
    over = CustomRule(
        "peak", "queue", Condition.GREATER_THAN, 5.0, Severity.ERROR,
        window_seconds=2, aggregation=Aggregation.MAX,
    )  # fmt: skip
    await store.put_alert_rule(StoredRule("peak", None, None, over.definition(), 0, "ann"))
    faulty = FailingStore(store, **how)  # type: ignore[arg-type]
    judge = judge_of(cast(Store, faulty))
    await judge.start()
    faulty.fail(first, last)
    begun_us = time.time_ns() // 1000 - 60_000_000
    for number, status in enumerate(OUTCOMES, 1):
        columns = ResultColumns(
            np.array([tenant.tenant_key]), np.array([check.check_key]),
            np.array([begun_us + number * 1_000_000]), np.array([status], np.uint8), np.array([-1]),
            metrics=MetricColumns(
                np.zeros(1, np.uint32), np.zeros(1, np.uint32), np.array([QUEUE[number - 1]]), ("queue",)
            ),
        )  # fmt: skip
        position = AgentPosition(tenant.tenant_key, "a", "g", Lane.LIVE, number)
        commit = await store.commit([Delivery(number, position, results=columns)])
        seen = judge.passes.count
        judge.committed(commit)
        while judge._through < commit.commit_id or judge._behind:
            seen = await asyncio.wait_for(judge.passes.wait_beyond(seen), 60)
    await judge.stop()
    changes = await store.changes(tenant.tenant_key, 0, 2**62)
    alerts = await store.alerts(tenant.tenant_key, "", "", 100)
    messages = await store.claim_messages("log", 2**61, 1, 100)
    await store.close()
    return [
        *((change.time_us - begun_us, change.level) for change in changes),
        *((alert.alert_type, alert.status) for alert, _ in alerts),
        *((message.kind, message.channel) for message in messages),
    ]


@pytest.mark.parametrize("afterwards", [False, True], ids=["before", "after"])
async def test_a_database_that_fails_at_any_call_costs_no_change_and_no_alert(
    tmp_path: Path, afterwards: bool
) -> None:
    wanted = await judged(tmp_path)
    assert len(wanted) > len(OUTCOMES) - 1, "changes, an alert and its message"
    assert ("queue", "resolved") in wanted
    assert ("queue", "active") in wanted
    for call in range(1, 31, 2):
        folder = tmp_path / str(call)
        assert await judged(folder, call, call + 3, afterwards=afterwards) == wanted, f"calls {call} and on"


async def test_a_fault_that_nobody_foresaw_is_survived(tmp_path: Path) -> None:
    wanted = await judged(tmp_path)
    assert await judged(tmp_path / "faulty", 5, 6, error=ValueError("a bug of ours")) == wanted


async def test_the_last_result_of_a_check_that_nobody_runs_speaks_no_longer_than_others(
    tmp_path: Path,
) -> None:
    """Imported, or of a tenant that is suspended: then its state is not known, and nobody is alerted."""
    store = await SqliteStore.open(tmp_path / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "basic")
    definition = CheckDefinition("web", "http_endpoint", 60_000, 10_000)
    (check,) = await store.register_checks(tenant.tenant_key, "a", [(definition, False)], complete=False)
    seen_us = time.time_ns() // 1000 - 3_600_000_000
    columns = ResultColumns(
        np.array([tenant.tenant_key]), np.array([check.check_key]),
        np.array([seen_us]), np.array([Status.HEALTHY], np.uint8), np.array([1000]),
    )  # fmt: skip
    await store.commit(
        [Delivery(1, AgentPosition(tenant.tenant_key, "a", "g", Lane.LIVE, 1), results=columns)]
    )
    judge = judge_of(store)
    await judge.start()
    try:
        await asyncio.wait_for(judge.caught_up(), 60)
    finally:
        await judge.stop()
    changes = await store.changes(tenant.tenant_key, 0, 2**62)
    alerts = await store.alerts(tenant.tenant_key, "", "", 100)
    await store.close()
    assert [(change.time_us - seen_us, change.level) for change in changes] == [
        (0, Status.HEALTHY),
        (definition.stale_after_ms * 1000, Status.UNKNOWN),
    ]
    assert not alerts
