"""A running collector issues the month that is over though nobody asks, and revises what is corrected."""

from __future__ import annotations

import asyncio
import csv
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.system.ground import TENANT
from tests.system.harness import Caller, Collector

pytestmark = pytest.mark.system
COLUMNS = ("tenant_id", "agent_id", "check_id", "kind", "time", "status", "latency_us", "interval_ms")
NOW = datetime.now(UTC)
END = (NOW - timedelta(hours=90)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
"""Of the newest month that is final in every zone; its last hours are kept whatever day it is."""
LABEL = (END - timedelta(days=1)).strftime("%Y-%m")


async def bring(collector: Collector, folder: Path) -> None:
    """The month's last two hours, and something of now: the agent has sent all that it saw."""
    times = [END - timedelta(minutes=5 * n) for n in range(1, 25)] + [NOW - timedelta(minutes=5)]
    with (folder / "results.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for time in sorted(times):
            written = time.isoformat().replace("+00:00", "Z")
            rows.writerow((TENANT, "a", "web", "http_endpoint", written, "healthy", 80_000, 300_000))
    await collector.command("store", "import", "--create", str(folder / "results.csv"))


def there_before_the_month(database: Path) -> None:
    with closing(sqlite3.connect(database)) as store, store:
        created_us = int((END - timedelta(days=20)).timestamp()) * 1_000_000
        store.execute("UPDATE tenant SET created_at_us = ?", (created_us,))


async def issued(caller: Caller, tenant_id: str, stage: str) -> list[dict[str, Any]]:
    """What was issued of the month, once the last issue is of that stage."""
    async with asyncio.timeout(150):
        while True:
            found = (await caller.get(f"/reports/issued/{tenant_id}"))["reports"]
            months = [each for each in found if each["label"] == LABEL]
            if months and months[-1]["stage"] == stage:
                return months
            await asyncio.sleep(0.1)


async def test_a_month_is_issued_and_revised_though_nobody_asks(tmp_path: Path) -> None:
    async with Collector(tmp_path / "collector") as collector:
        await collector.create_tenant(TENANT)
        tokens = await asyncio.gather(*(collector.create_token("", subject=who) for who in ("ann", "bob")))
        await bring(collector, tmp_path)
        there_before_the_month(collector.database)
        await collector.start()
        async with Caller(collector, tokens[0]) as ann, Caller(collector, tokens[1]) as bob:
            for tenant_id in (TENANT, "platform"):
                (final,) = await issued(ann, tenant_id, "final")
                assert (final["sequence"], final["revision"]) == (1, 0)
            times = {"from": END - timedelta(hours=1), "to": END - timedelta(minutes=30)}
            body = {name: time.isoformat() for name, time in times.items()}
            body |= {"counts_as": "down", "reason": "customers saw it down"}
            await ann.send("POST", f"/sla/{TENANT}/corrections", body, 201)
            await bob.send("POST", f"/sla/{TENANT}/corrections/1/approve", None, 200)
        # A start looks at once, whoever knew what before.
        await collector.kill()
        await collector.start()
        async with Caller(collector, tokens[0]) as ann:
            for tenant_id in (TENANT, "platform"):
                _, revised = await issued(ann, tenant_id, "revised")
                assert (revised["revision"], revised["reason"]) == (1, "corrections were approved")
