"""Rules on stored history: the same alerts as those that would have been told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tenantwatch_collector.alerts.builtin import NAMES
from tenantwatch_collector.alerts.condition import Condition, CustomRule
from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Policy, Severity
from tenantwatch_collector.alerts.window import Aggregation
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.rehearsal import Rehearsal, columns_of
from tenantwatch_collector.store.base import AgentPosition, Delivery, StoredResult
from tenantwatch_collector.store.sqlite import SqliteStore
from tenantwatch_wire.records import CheckDefinition, Lane, Status

SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND
WEB = CheckDefinition("web", "http_endpoint", 10_000, 5_000, confirm_failures=2, confirm_successes=1)
STALE = WEB.stale_after_ms // 1000
Told = list[tuple[str, str, int, int | None]]


async def told(
    folder: Path, results: Sequence[tuple[int, Status, float | None]], on: str, *rules: CustomRule
) -> Told:
    """(type, severity, opened, resolved) in seconds after T0; a result is time, status and cpu_percent."""
    store = await SqliteStore.open(folder / "store.sqlite3")
    try:
        tenant = await store.create_tenant("acme", "Acme", "basic")
        for each in (replace(WEB, confirm_failures=9), WEB):  # a rehearsal is of what is defined now
            (check,) = await store.register_checks(tenant.tenant_key, "a1", [(each, True)], complete=True)
        stored = [
            StoredResult(
                "acme", "a1", "web", "http_endpoint", T0 + at * SECOND, status, 1000, "",
                {} if cpu is None else {"cpu_percent": cpu}, 0, check.check_key, 0,
            )
            for at, status, cpu in results
        ]  # fmt: skip
        position = AgentPosition(tenant.tenant_key, "a1", "g", Lane.LIVE, len(stored))
        await store.commit([Delivery(1, position, results=columns_of(tenant.tenant_key, stored))])
        book = AlertBook((), Routing(Policy(TICKS_PER_SECOND)), "", off=set(NAMES) - {on, "agent_silent"})
        book.name_tenants({tenant.tenant_key: tenant})
        book.put_rules(rules, T0)
        play = Rehearsal(store, book, tenant)
        last = {alert.alert_id: alert async for alert in play.run(T0, T0 + 3600 * SECOND)}
        assert play.read == len(results)
    finally:
        await store.close()
    return [
        (
            alert.alert_type,
            alert.severity,
            (alert.first_occurred_us - T0) // SECOND,
            None if alert.resolved_at_us is None else (alert.resolved_at_us - T0) // SECOND,
        )
        for alert in last.values()
        if alert.alert_type != "agent_silent" or on == "agent_silent"
    ]


GOOD, BAD = Status.HEALTHY, Status.UNHEALTHY
OUTAGE = [(0, GOOD, None), (10, BAD, None), (20, BAD, None), (30, BAD, None), (40, GOOD, None)]


@pytest.mark.parametrize(
    ("on", "wanted"),
    [
        ("check", [("http_endpoint", "error", 20, 40)]),
        ("tenant_down", [("tenant_down", "critical", 20, 40)]),
        ("agent_silent", [("agent_silent", "warning", 40 + STALE, None)]),
        ("no_data", []),
    ],
)
async def test_built_in_rules_are_replayed(tmp_path: Path, on: str, wanted: Told) -> None:
    assert await told(tmp_path, OUTAGE, on) == wanted


def rule(condition: Condition, threshold: float = 0.0, **more: object) -> CustomRule:
    return CustomRule("mine", "cpu_percent", condition, threshold, Severity.WARNING, **more)  # type: ignore[arg-type]


READ = [(0, 95.0), (5, 95.0), (10, 95.0), (15, 95.0), (20, 50.0), (30, 95.0), (35, 20.0), (50, 99.0)]


@pytest.mark.parametrize(
    ("custom", "wanted"),
    [
        (rule(Condition.GREATER_THAN, 90.0, for_seconds=10), [(10, 20)]),
        (rule(Condition.GREATER_THAN, 90.0), [(0, 20), (30, 35), (50, None)]),
        (rule(Condition.LESS_THAN, 60.0, window_seconds=20, aggregation=Aggregation.MIN), [(20, None)]),
        (rule(Condition.GREATER_THAN, 80.0, window_seconds=20), [(0, 30)]),
        (rule(Condition.CHANGES_BY_PERCENT, 60.0), [(30, None)]),
        (rule(Condition.ABSENT, window_seconds=14), [(49, 50), (64, None)]),
    ],
)
async def test_rules_on_metrics_are_replayed(
    tmp_path: Path, custom: CustomRule, wanted: list[tuple[int, int | None]]
) -> None:
    found = await told(tmp_path, [(at, GOOD, cpu) for at, cpu in READ], "", custom)
    assert found == [("cpu_percent", "warning", opened, resolved) for opened, resolved in wanted]
