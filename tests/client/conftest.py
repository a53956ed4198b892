"""A real collector for the tests of the client: one process for all of them in a worker."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tenantwatch_client import Client

from tests.system.harness import Collector


@dataclass(frozen=True, slots=True)
class Served:
    """``token`` is an admin's. ``address`` is for agents. ``name()`` is a tenant's that no other test has."""

    url: str
    token: str
    address: str
    _numbers: Iterator[int]

    def name(self) -> str:
        return f"Tenant {next(self._numbers)}"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    collector = Collector(tmp_path_factory.mktemp("served"))
    with asyncio.Runner() as runner:
        token = runner.run(collector.create_token(""))
        runner.run(collector.start())
        try:
            yield Served(collector.rest_url, token, collector.grpc_address, itertools.count())
        finally:
            runner.run(collector.terminate())


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with Client(served.url, served.token) as made:
        yield made


@pytest.fixture
def tenant(served: Served, client: Client) -> str:
    return client.tenants.create(served.name())["tenant_id"]
