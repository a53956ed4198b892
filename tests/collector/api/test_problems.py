"""Every failure is problem details, whatever went wrong and wherever; and bodies end somewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tenantwatch_collector.api.rest.bodies import MAX_BODY_BYTES

from tests.collector.api.served import TENANT, Served

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-problems")]
PATH = f"/monitoring/health-checks/{TENANT}"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/monitoring/nowhere", None, 404),
        ("PATCH", PATH, None, 405),
        ("POST", PATH, {"check_typ": "x"}, 422),
        ("POST", PATH, ["comprehensive"], 422),
        ("GET", f"{PATH}?limit=0", None, 422),
        ("GET", f"{PATH}?hours=1000000", None, 422),
    ],
)
async def test_refusals_are_problems(here: Served, method: str, path: str, body: object, status: int) -> None:
    assert (await here.admin.rest(method, path, body, status))["title"]


async def test_no_token_and_a_wrong_one(here: Served) -> None:
    for headers in ({}, {"authorization": "Bearer tw_none"}, {"authorization": "Bearer a.b.c"}):
        answer = await here.admin.http.get(f"/api/v1{PATH}", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_bodies_are_bounded_whatever_their_headers_say(here: Served) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(2 * MAX_BODY_BYTES // 1024):
            yield b" " * 1024

    headers = {"authorization": f"Bearer {here.admin.token}", "content-type": "application/json"}
    answer = await here.admin.http.post(f"/api/v1{PATH}", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


async def test_deep_json_is_refused(here: Served) -> None:
    headers = {"authorization": f"Bearer {here.admin.token}", "content-type": "application/json"}
    deep = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    answer = await here.admin.http.post(f"/api/v1{PATH}", content=deep, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
