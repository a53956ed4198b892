"""The dashboard's first page with thousands of tenants."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import httpx2
from tenantwatch_collector.health.timeline import CheckTimeline
from tenantwatch_collector.store.base import CheckState, Judgement, Store, TenantState
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire.records import CheckDefinition, Status

from tests.benchmarks.report import Figure, figure
from tests.system.harness import Collector

TENANTS, CHECKS = 5000, 10
ROUNDS = 15
AIM_SECONDS = 0.3
_PAGES = "/admin/monitoring"
METHOD = (
    f"the first page of {TENANTS} tenants with {CHECKS} checks each; a running collector on SQLite, loopback"
    f" without TLS, from the request to the last byte; median of {ROUNDS}; against the aim"
)


async def measure(folder: Path) -> list[Figure]:
    async with Collector(folder / "collector") as collector:
        await collector.command("tenant", "list")
        store = await open_store(collector.database)
        await _fill(store)
        await store.close()
        token = await collector.create_token("")
        await collector.start()
        async with httpx2.AsyncClient(base_url=collector.rest_url, trust_env=False, timeout=60) as browser:
            answer = await browser.post(f"{_PAGES}/sign-in", data={"token": token})
            assert answer.status_code == 303, answer.text
            took = [await _timed(browser) for _ in range(ROUNDS + 3)][3:]
        await collector.terminate()
    p50 = sorted(took)[math.ceil(len(took) / 2) - 1]
    return [figure("dashboard_first", p50, "s", AIM_SECONDS, METHOD)]


async def _timed(browser: httpx2.AsyncClient) -> float:
    started = time.perf_counter()
    answer = await browser.get(f"{_PAGES}/health")
    assert "tenant-0000" in answer.text, answer.text[:200]
    return time.perf_counter() - started


async def _fill(store: Store) -> None:
    definitions = [
        (CheckDefinition(f"check-{n}", "http_endpoint", 60_000, 10_000), True) for n in range(CHECKS)
    ]
    now_us = time.time_ns() // 1000
    memories = {level: _memory(level, now_us) for level in (Status.HEALTHY, Status.UNHEALTHY)}
    found = Judgement(cursor=0)
    for number in range(TENANTS):
        tenant = await store.create_tenant(f"tenant-{number:04}", f"Tenant {number}", "standard")
        checks = await store.register_checks(tenant.tenant_key, "a", definitions, complete=True)
        state, level = ("unhealthy", Status.UNHEALTHY) if number % 100 == 0 else ("healthy", Status.HEALTHY)
        found.tenants.append(TenantState(tenant.tenant_key, state, now_us, "[]"))
        found.checks += [
            CheckState(tenant.tenant_key, check.check_key, level, now_us, 0, now_us, memories[level])
            for check in checks
        ]
    await store.write_judgement(found)


def _memory(level: Status, now_us: int) -> str:
    """As the engine keeps a check that was in that level once and again."""
    timeline = CheckTimeline(1, 1, 150_000_000)
    for age_us in (60_000_000, 0):
        timeline.apply(now_us - age_us, level, 1000)
    return json.dumps(timeline.to_json())
