"""A collector that is spoken to over the wire alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tenantwatch_collector.app import Collector
from tenantwatch_collector.config import CollectorConfig, GrpcListener, RestListener
from tenantwatch_collector.identity import issue_token
from tenantwatch_collector.store.sqlite import SqliteStore

from tests.collector.ingest.raw import Raw


@pytest.fixture
async def raw(tmp_path: Path) -> AsyncIterator[Raw]:
    store = await SqliteStore.open(tmp_path / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "basic")
    _, token = await issue_token(store, "agent", tenant, "test")
    config = CollectorConfig(
        data_folder=tmp_path, grpc=GrpcListener(listen="127.0.0.1:0"), rest=RestListener(listen="127.0.0.1:0")
    )
    collector = Collector(config, store)
    address, _ = await collector.start()
    yield Raw(address, token, store)
    await collector.stop()
