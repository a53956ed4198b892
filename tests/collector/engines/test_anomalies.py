"""What is unusual, from stored rollups: found by the engine, told by the alerts, shown by a replay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tenantwatch_collector.alerts.builtin import ANOMALY, NAMES
from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Policy
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.anomalies import HOUR_US, AnomalyEngine
from tenantwatch_collector.engines.findings import Finding
from tenantwatch_collector.engines.rehearsal import Rehearsal
from tenantwatch_collector.store.base import BUCKET_US, Judgement, RolledUp, Rollup, RollupSpan, Tenant
from tenantwatch_collector.store.sqlite import SqliteStore
from tenantwatch_wire.records import CheckDefinition

T0 = 480_000 * HOUR_US
NOW = T0 + 48 * HOUR_US


async def two_days(store: SqliteStore) -> Tenant:
    """Two days at 100 ms, then a quarter of an hour at 100 ms, one at 900 ms, and one at 100 ms again."""
    tenant = await store.create_tenant("acme", "Acme", "basic")
    definition = CheckDefinition("web", "http_endpoint", 60_000, 10_000)
    (check,) = await store.register_checks(tenant.tenant_key, "a1", [(definition, True)], complete=True)
    spans = [(3600, T0 + i * HOUR_US, 100) for i in range(48)]
    spans += [(900, NOW + i * BUCKET_US, took) for i, took in enumerate((100, 900, 100))]
    rolled = RolledUp(1, 1)
    for width, start, took in spans:
        rolled.spans.append(RollupSpan(tenant.tenant_key, width, start))
        rolled.rollups.append(
            Rollup(
                tenant.tenant_key, check.check_key, width, start, 15, 0, 0, 0, 15, 15_000 * took,
                took * 1000, b"", width * 1000, 0, 0, 0, start,
            )
        )  # fmt: skip
    await store.write_rollups(rolled)
    return tenant


def book_of(tenant: Tenant) -> AlertBook:
    book = AlertBook(("slack",), Routing(Policy(TICKS_PER_SECOND)), "", off=set(NAMES) - {ANOMALY})
    book.name_tenants({tenant.tenant_key: tenant})
    return book


async def test_an_unusual_quarter_of_an_hour_is_found_with_its_figures(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "store.sqlite3")
    tenant, found = await two_days(store), list[Sequence[Finding]]()
    for _ in range(2):
        # As after a restart: nothing is kept besides what is stored.
        engine = AnomalyEngine(store, found.append)
        for number in range(3):
            await engine.look(NOW + number * BUCKET_US)
    await store.close()
    assert [finding.holds for (finding,) in found] == 2 * [False, True, False]
    assert found[1][0].text == (
        "took 900 ms on average over a quarter of an hour; usual are 100 ms, give or take 5 ms"
    )
    book = book_of(tenant)
    book.find(found[1][0], NOW)
    book.tick(NOW)
    judgement = Judgement(0)
    book.collect(judgement)
    (message,) = judgement.messages
    assert (message.kind, message.channel) == ("firing", "slack")


async def test_a_replay_shows_what_was_unusual(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "store.sqlite3")
    tenant = await two_days(store)
    play = Rehearsal(store, book_of(tenant), tenant)
    alerts = {one.alert_id: one async for one in play.run_anomalies(T0, NOW + 4 * BUCKET_US)}
    await store.close()
    (alert,) = alerts.values()
    assert (alert.alert_name, alert.severity) == ("unusually slow", "info")
    assert alert.alert_description.startswith("web on a1: took 900 ms")
    assert (alert.first_occurred_us - NOW, alert.resolved_at_us) == (2 * BUCKET_US, NOW + 3 * BUCKET_US)
