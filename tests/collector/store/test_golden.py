"""Every question answered alike by all stores that hold the same facts."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import numpy as np
from tenantwatch_collector.engines.rollups import RollupEngine
from tenantwatch_collector.store.base import (
    AlertRecord,
    CheckChange,
    CheckState,
    Delivery,
    Judgement,
    OutboxMessage,
    ResultColumns,
    Store,
    TenantState,
)
from tenantwatch_wire.columns import MetricColumns
from tenantwatch_wire.records import CheckDefinition, Status

from tests.collector.store.conftest import BACKENDS, Place
from tests.collector.store.given import SECOND, T0, position
from tests.servers import PostgresServer

HOUR = 3_600 * SECOND
DEFINITIONS = [CheckDefinition(f"c{n}", "http_endpoint", 60_000, 10_000, f"g{n % 2}") for n in range(4)]
# The stores' own clocks and keys.
_OWN = {"received_at_us", "created_at_us", "commit_key", "columns"}


def opened(tenant_key: int, alert_id: str, n: int) -> AlertRecord:
    return AlertRecord(alert_id, tenant_key, f"t{n}", "n", "d", "error", "active", T0 + n, T0, 1, None, "{}")


async def fill(store: Store) -> None:
    """The same of everything in each store, drawn by one chance."""
    chance = random.Random(4)
    for tenant_id in ("acme", "other"):
        tenant = await store.create_tenant(tenant_id, tenant_id.title(), "basic")
        key = tenant.tenant_key
        definitions = [
            CheckDefinition(f"c{n}", "http_endpoint", 60_000, 10_000, f"g{n % 2}") for n in range(4)
        ]
        checks = await store.register_checks(key, "a1", [(d, True) for d in definitions], complete=True)
        await store.register_checks(key, "a1", [(definitions[3], False)], complete=False)
        first = 1
        for count in (1, 3, 40, 7):
            rows = [checks[chance.randrange(4)].check_key for _ in range(count)]
            times = chance.sample(range(3 * 3_600), count)
            texts = {row: f"text {row}" for row in range(0, count, 3)}
            named = np.arange(0, count, 2, dtype=np.uint32)
            metrics = MetricColumns(
                named, np.zeros(len(named), np.uint32), named.astype(np.float64), ("tls_ms",)
            )
            columns = ResultColumns(
                np.full(count, key), np.array(rows), T0 + SECOND * np.array(times),
                np.array([chance.randrange(4) for _ in rows], np.uint8),
                np.array([chance.randrange(-1, 900) for _ in rows]), texts, metrics,
            )  # fmt: skip
            await store.commit([Delivery(first, position(checks[0], first + count - 1), results=columns)])
            first += count
        await store.write_judgement(
            Judgement(
                2,
                checks=[CheckState(key, c.check_key, Status.UNHEALTHY, T0, 2, 0, "{}") for c in checks[:2]],
                changes=[
                    CheckChange(key, checks[n % 2].check_key, T0 + n * 900 * SECOND, Status(n % 3), T0 + n)
                    for n in range(9)
                ],
                tenants=[TenantState(key, "unhealthy", T0, "[]")],
                alerts=[opened(key, f"{tenant_id}-{n}", n) for n in range(3)],
                messages=[OutboxMessage(0, key, "x", "firing", f"{tenant_id}/x", "log", "{}", T0)],
            )
        )
    # Only now: changing a definition may use up a key of PostgreSQL's.
    for tenant in await store.tenants():
        await store.register_checks(tenant.tenant_key, "a1", [(DEFINITIONS[3], False)], complete=False)
    await RollupEngine(store, lambda: T0 + 48 * HOUR).catch_up()


async def answers(store: Store) -> dict[str, Any]:
    """What the store says to every question, each under its name."""
    rank = {key: n for n, key in enumerate(sorted(check.check_key for check in await store.checks()))}
    found: dict[str, Any] = {
        "tenants": await store.tenants(),
        "checks": sorted(await store.checks(), key=lambda c: c.check_key),
        "touched": [
            (t.commit_id, sorted(zip(t.touched.tenant_key.tolist(), t.touched.bucket.tolist(), strict=True)))
            for t in await store.touched_after(0, 100)
        ],
        "commits": [
            (
                c.commit_id,
                sorted(
                    zip(map(rank.get, c.columns.check_key.tolist()), c.columns.time_us.tolist(), strict=True)
                ),
            )
            for c in await store.commits_after(0, 10_000)
        ],
        "health of all": await store.tenant_health(None),
        "alerts of all": await store.alerts(None, "error", "active", 100),
        "judged": await store.judged_state(),
        "recent": {(r.tenant_id, r.time_us, rank[r.check_key]) for r in await store.recent_results(None, 7)},
        "due": await store.claim_messages("log", T0, SECOND, 10),
    }
    for key in [tenant.tenant_key for tenant in await store.tenants()]:
        columns, _ = await store.results_between(key, T0, T0 + HOUR)
        found[f"{key}"] = [
            await store.check_health(key),
            await store.results(key, T0, T0 + 3 * HOUR, 20, "", None),
            await store.results(key, T0, T0 + 3 * HOUR, 20, "c1", None),
            await store.recent_results(key, 5),
            await store.changes(key, T0 + HOUR, T0 + 2 * HOUR),
            await store.alerts(key, "", "", 2),
            await store.count_open_alerts(key),
            sorted(zip(columns.time_us.tolist(), columns.status.tolist(), strict=True)),
            [await store.rollups(key, width_s, 0, 2**61) for width_s in (900, 3_600, 86_400)],
        ]
    return {name: plain(answer, rank) for name, answer in found.items()}


def plain(value: Any, rank: dict[int, int]) -> Any:
    """Without what is a store's own; checks by their rank."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if field.name not in _OWN]
        if "histogram" in names:
            names.remove("known_at_us")  # that of a rollup is when its results arrived
        if "definition" in names:
            names.remove("since_us")  # that of a check is when the store was told of it
        return {
            name: rank[getattr(value, name)] if name == "check_key" else plain(getattr(value, name), rank)
            for name in names
        }
    if isinstance(value, list | tuple):
        return [plain(each, rank) for each in value]
    return value


async def test_every_question_is_answered_alike_by_all_stores(
    tmp_path: Path, postgres_server: PostgresServer, timescale_server: PostgresServer
) -> None:
    servers = {"plain": postgres_server, "timescale": timescale_server}
    said = {}
    for name in BACKENDS:
        server = servers.get(name)
        url = server.url_of(server.create_database()) if server else ""
        store = await Place(tmp_path / "store.sqlite3", url).open()
        await fill(store)
        said[name] = await answers(store)
        await store.close()
    for name in BACKENDS[1:]:
        for question, answer in said["sqlite"].items():
            assert said[name][question] == answer, (name, question)
