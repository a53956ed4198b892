"""People of one's own issuer at both doors: a real key set over HTTP, a JWT, and what it opens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio
from tenantwatch_collector.access.settings import JwtSection
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.access.issuer import AUDIENCE, ISSUER, KEY, OTHER, jwks, signed
from tests.collector.api.served import OTHER as OTHER_TENANT
from tests.collector.api.served import TENANT, Caller, Served, served
from tests.fakes.http_target import HttpTarget

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-jwt")]
REPORT = {"tenant_id": TENANT, "alert_name": "a", "severity": "info", "description": "d"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    folder: Path = tmp_path_factory.mktemp("jwt")
    async with HttpTarget() as issuer:
        issuer.body = jwks(KEY)
        section = JwtSection(issuer=ISSUER, audience=AUDIENCE, keys_url=f"{issuer.url}/keys")
        async with served(folder, jwt=section) as started:
            yield started


def bearer_of(here: Served, token: str) -> Caller:
    return Caller(here.admin.http, here.admin.stub, here.admin.query, token)


async def test_a_person_is_known_by_the_subject_and_bounded_by_roles(here: Served) -> None:
    ann = bearer_of(here, signed(sub="ann@example.com", roles=["operator"]))
    made = await ann.rest("POST", "/monitoring/alerts", REPORT, 201)
    known = await ann.rest("POST", f"/monitoring/alerts/{made['alert_id']}/acknowledge", {})
    assert known["acknowledgement"]["who"] == "ann@example.com"
    (entry,) = (await here.admin.rest("GET", "/monitoring/audit?action=alert.acknowledge"))["entries"]
    assert (entry["subject"], entry["roles"]) == ("ann@example.com", ["operator"])
    await ann.rest("DELETE", f"/monitoring/tenants/{OTHER_TENANT}", status=403)
    assert (await ann.call("GetTenant", pb.GetTenantRequest(tenant_id=TENANT)))["tenant"]


async def test_a_tenants_person_reaches_that_tenant_alone(here: Served) -> None:
    bob = bearer_of(here, signed(sub="bob", roles=["tenant-viewer", "admin"], tenant_id=OTHER_TENANT))
    await bob.rest("GET", f"/monitoring/tenants/{OTHER_TENANT}")
    await bob.rest("GET", f"/monitoring/tenants/{TENANT}", status=404)
    await bob.rest("POST", "/monitoring/alerts", REPORT, 403)
    code, _ = await bob.refused("GetTenant", pb.GetTenantRequest(tenant_id=TENANT))
    assert code is grpc.StatusCode.NOT_FOUND


async def test_a_forged_one_opens_neither_door(here: Served) -> None:
    for token in (signed(OTHER), signed(aud="else"), signed(exp=1)):
        nobody = bearer_of(here, token)
        refused = await nobody.rest("GET", f"/monitoring/tenants/{TENANT}", status=401)
        assert token.rpartition(".")[0] not in refused["detail"]
        code, _ = await nobody.refused("GetTenant", pb.GetTenantRequest(tenant_id=TENANT))
        assert code is grpc.StatusCode.UNAUTHENTICATED
