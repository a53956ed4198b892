"""A caller who asks too often is told to wait, at both doors together, and nobody else is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import TENANT, Served, served

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-too-many")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with served(tmp_path_factory.mktemp("few"), requests_per_minute=60) as started:
        yield started


async def test_too_many_requests_are_refused(here: Served) -> None:
    headers = {"authorization": f"Bearer {here.tenant.token}"}
    path = f"/api/v1/monitoring/tenants/{TENANT}"
    # The bucket fills by one a second meanwhile, however long that takes.
    for _ in range(10_000):
        answer = await here.tenant.http.get(path, headers=headers)
        if answer.status_code != 200:
            break
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json()["title"] == "too many at once"
    await here.admin.rest("GET", f"/monitoring/tenants/{TENANT}")
    for _ in range(10_000):
        try:
            await here.tenant.call("GetTenant", pb.GetTenantRequest(tenant_id=TENANT))
        except grpc.aio.AioRpcError as error:
            refused = error
            break
    assert refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
