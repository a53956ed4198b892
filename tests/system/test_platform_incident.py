"""Many tenants fail at once: one page for the platform, whenever the collector dies, and no storm."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_wire.records import Status

from tests.system.ground import Ground, ground
from tests.system.harness import CollectorSettings
from tests.system.kept import read_rows
from tests.system.many_tenants import Streams, create_tenants
from tests.system.test_kill_while_telling import FatalWebhook

pytestmark = pytest.mark.system

TENANTS, ALONE = 40, 39
SHARED = "https://api.example.org/v1"


OWED = "SELECT 1 FROM outbox WHERE status = 'owed'"
OPEN = "SELECT 1 FROM alert WHERE status <> 'resolved'"


async def _incident(here: Ground) -> Any:
    """The platform's alert, once it lists all that fail together."""
    async with here.caller(here.admin_token) as admin, asyncio.timeout(90):
        while True:
            found = (await admin.get("/alerts?tenant_id=platform"))["alerts"]
            if found and found[0]["alert_data"]["tenant_count"] == str(TENANTS - 1):
                return found[0]
            await asyncio.sleep(0.05)


async def _until_none(here: Ground, *queries: str) -> None:
    async with asyncio.timeout(90):
        while any(read_rows(here.collector.database, query) for query in queries):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_one_page_for_the_platform_and_one_for_who_fails_alone(tmp_path: Path) -> None:
    async with FatalWebhook() as hook:
        settings = CollectorSettings(webhooks=[f"{hook.url}/tenantwatch"])
        async with ground(tmp_path, settings) as here:
            await here.collector.terminate()
            secrets = await create_tenants(here.collector.database, TENANTS)
            own = [f"https://t{n}.example.org/" if n == ALONE else SHARED for n in range(TENANTS)]
            streams = Streams(here.collector.grpc_address, secrets, own)
            await here.collector.start()
            async with streams.open():
                await streams.tell(range(TENANTS), Status.HEALTHY)
                # It dies while the far end takes the first message that it sends.
                hook.arm(here.collector.kill, answers_first=False)
                failing = asyncio.create_task(streams.tell(range(TENANTS), Status.UNHEALTHY))
                async with asyncio.timeout(90):
                    await hook.killed.wait()
                await asyncio.wait([failing])
                failing.exception()
            await here.collector.start()
            async with streams.open():
                await streams.tell(range(TENANTS), Status.UNHEALTHY)
                incident = await _incident(here)
                assert incident["metric_name"] == "dependency:api.example.org"
                affected = set(incident["alert_data"]["tenants"].split(", "))
                assert affected == {f"t{n}" for n in range(TENANTS)} - {f"t{ALONE}"}
                await _acknowledged_and_seen_by_nobody_else(here, incident)
                await streams.tell(range(TENANTS), Status.HEALTHY)
                await _until_none(here, OPEN, OWED)
            await here.collector.terminate()
        _assert_told(here.collector.database, hook, incident["alert_id"])


async def _acknowledged_and_seen_by_nobody_else(here: Ground, incident: Any) -> None:
    async with here.caller(here.admin_token) as admin, here.caller() as tenant:
        path = f"/alerts/{incident['alert_id']}"
        assert await tenant.get(path, 404)
        assert (await tenant.get("/alerts"))["alerts"] == []
        done = await admin.send("POST", f"{path}/acknowledge", {"notes": "on it"}, 200)
        assert (done["status"], done["acknowledgement"]["notes"]) == ("acknowledged", "on it")
        told = (await admin.get(path))["timeline"]
        assert {"opened", "firing", "acknowledged"} <= {entry["kind"] for entry in told}
        of_t0 = (await admin.get("/alerts?tenant_id=t0"))["alerts"][0]
        kinds = [entry["kind"] for entry in (await admin.get(f"/alerts/{of_t0['alert_id']}"))["timeline"]]
        assert kinds[:2] == ["opened", "withheld"] or "firing" in kinds


def _assert_told(database: Path, hook: FatalWebhook, incident: str) -> None:
    keys = [call.json["dedup_key"] for call in hook.calls]
    tenants = {call.json["dedup_key"]: call.json["alert"]["tenant_id"] for call in hook.calls}
    assert f"{incident}/firing/0" in keys
    assert f"{incident}/resolved/0" in keys
    assert len(keys) > len(set(keys)), "what was under way when it died must come again, with its key"
    alone = [key for key, tenant in tenants.items() if tenant == f"t{ALONE}"]
    assert [key.split("/")[1] for key in sorted(alone)] == ["firing", "resolved"]
    # Fewer than make an incident may have been told before it began; nobody since.
    others = {tenant for tenant in tenants.values() if tenant not in ("platform", f"t{ALONE}")}
    assert len(others) < 5, sorted(others)
    rows = read_rows(database, "SELECT tenant_key, count(*) FROM alert GROUP BY tenant_key")
    assert {count for _, count in rows} == {1}, json.dumps(rows)
    assert len(rows) == TENANTS + 1
    assert read_rows(database, "SELECT 1 FROM alert WHERE status <> 'resolved'") == []
