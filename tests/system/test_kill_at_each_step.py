"""SIGKILL between any two steps from a failing result to its message: at least once, with one key."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
from tenantwatch_wire.records import Status

from tests.fakes.webhook import Webhook
from tests.system.dying_collector import STEP_FILE_VARIABLE, STEPS
from tests.system.harness import Collector, CollectorSettings
from tests.system.kept import read_rows
from tests.system.many_tenants import Streams, create_tenants

pytestmark = pytest.mark.system


async def _until(collector: Collector, query: str, wanted: int) -> None:
    async with asyncio.timeout(90):
        while len(read_rows(collector.database, query)) != wanted:  # noqa: ASYNC110 - a table tells nobody
            await asyncio.sleep(0.02)


async def _die_telling(collector: Collector, streams: Streams, file: Path, step: str) -> None:
    """Let the check fail, and the collector die after that step of telling it."""
    async with streams.open():
        file.write_text(step)
        telling = asyncio.create_task(streams.tell([0], Status.UNHEALTHY))
        await collector.died()
        assert not file.exists()
        with suppress(grpc.aio.AioRpcError, AssertionError, AttributeError):
            await telling


async def test_every_message_arrives_and_is_one_by_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "step"
    monkeypatch.setitem(os.environ, STEP_FILE_VARIABLE, str(file))
    async with Webhook() as hook:
        module, alone = "tests.system.dying_collector", "[notify]\nlog = false"
        settings = CollectorSettings(webhooks=[hook.url], extra=alone, module=module)
        async with Collector(tmp_path / "collector", settings) as collector:
            secrets = await create_tenants(collector.database, 1)
            streams = Streams(collector.grpc_address, secrets, ["https://api.example.org"])
            await collector.start()
            for done, step in enumerate(STEPS, 1):
                await _die_telling(collector, streams, file, step)
                await collector.start()
                hooks = (
                    "SELECT 1 FROM outbox WHERE channel = 'webhook:hook-0' AND status = 'sent' AND kind = "
                )
                await _until(collector, f"{hooks}'firing'", done)
                async with streams.open():
                    await streams.tell([0], Status.HEALTHY)
                    await _until(collector, f"{hooks}'resolved'", done)
            await collector.terminate()
        rows = read_rows(collector.database, "SELECT dedup_key FROM outbox WHERE channel = 'webhook:hook-0'")
        alerts = read_rows(collector.database, "SELECT alert_id, status FROM alert")
    arrived = [call.json["dedup_key"] for call in hook.calls]
    assert all(call.headers["idempotency-key"] == call.json["dedup_key"] for call in hook.calls)
    assert {str(key) for (key,) in rows} == set(arrived)
    assert (len(alerts), {status for _, status in alerts}) == (len(STEPS), {"resolved"})
    # Twice came only what had arrived and was not noted.
    assert len(arrived) - len(set(arrived)) == 1
