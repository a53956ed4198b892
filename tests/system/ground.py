"""A collector with one tenant, ready for agents: what most system tests begin with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system.harness import Agent, Caller, Check, Collector, CollectorSettings

TENANT = "acme"


@dataclass(slots=True)
class Ground:
    """The running collector, its tenant's tokens, and the folder everything is kept in."""

    folder: Path
    collector: Collector
    admin_token: str
    tenant_token: str
    agent_token: str

    def agent(
        self,
        checks: list[Check],
        *,
        agent_id: str = "web-1",
        address: str = "",
        ca_file: Path | None = None,
        extra: str = "",
    ) -> Agent:
        """An agent of the tenant, not started yet; by way of ``address`` where that is given."""
        where = address or self.collector.grpc_address
        return Agent(self.folder / agent_id, agent_id, where, self.agent_token, checks, ca_file, extra)

    def caller(self, token: str = "") -> Caller:
        """Somebody who asks as the tenant, or with the token given."""
        return Caller(self.collector, token or self.tenant_token)


@asynccontextmanager
async def ground(folder: Path, settings: CollectorSettings | None = None) -> AsyncIterator[Ground]:
    """Start a collector and make the tenant; kill it at the end if the test has not ended it."""
    async with Collector(folder / "collector", settings) as collector:
        await collector.create_tenant(TENANT)
        admin, tenant, agent = await asyncio.gather(
            collector.create_token("", subject="ann"),
            collector.create_token(TENANT),
            collector.create_token(TENANT, agent=True),
        )
        await collector.start()
        yield Ground(folder, collector, admin, tenant, agent)


def http_check(check_id: str, url: str, interval_seconds: float = 0.1, **more: object) -> Check:
    """An HTTP check that looks often, so that tests are short."""
    settings: Mapping[str, object] = {
        "id": check_id,
        "kind": "http_endpoint",
        "url": url,
        "interval_seconds": interval_seconds,
        "timeout_seconds": 5,
    }
    return {**settings, **more}
