"""An import in a process of its own beside a collector with an agent: neither is disturbed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.http_target import HttpTarget
from tests.system.ground import TENANT, ground, http_check
from tests.system.kept import Kept

pytestmark = pytest.mark.system
RESULTS = 6_000


def history(file: Path) -> Path:
    """An hour of many results, two days ago."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    file.write_text(
        "".join(
            json.dumps(
                {
                    "tenant_id": TENANT,
                    "agent_id": "elsewhere",
                    "check_id": "old",
                    "kind": "tcp_connection",
                    "time": (begin + timedelta(seconds=0.6 * n)).isoformat().replace("+00:00", "Z"),
                    "status": "healthy",
                }
            )
            + "\n"
            for n in range(RESULTS)
        )
    )
    return file


async def test_an_import_beside_a_running_collector_disturbs_nobody(tmp_path: Path) -> None:
    async with HttpTarget() as web, ground(tmp_path) as here:
        async with here.agent([http_check("web", f"{web.url}/health")]) as agent, here.caller() as tenant:
            await agent.start()
            await tenant.wait_checks(TENANT, {"web": "healthy"})
            file = str(history(tmp_path / "history.ndjson"))
            imported = await asyncio.gather(
                here.collector.command("store", "import", "--create", file),
                here.collector.command("store", "import", "--create", file),
            )
            assert sum(int(said.split()[0]) for said in imported) == RESULTS
            assert "holds: books" in await here.collector.command("store", "verify", "--all")
            await tenant.wait_checks(TENANT, {"web": "healthy"})
            await agent.terminate()
        await here.collector.terminate()
        kept = Kept.by(here.collector.database)
        kept.assert_exactly_once()
        assert sum(count for key, count in kept.instants.items() if key[0] == "old") == RESULTS
