"""Every path there is, as the collector lists them: closed without a token, bounded by tenant, documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.collector.api.served import OTHER, TENANT, Served

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-every-path")]
ROOT = Path(__file__).parents[3]
PREFIX = "/api/v1/monitoring"
# Reading, though the body says what: a tenant may have its own checks run.
READING = {("post", f"{PREFIX}/health-checks"), ("post", f"{PREFIX}/health-checks/{{tenant_id}}")}


async def operations(here: Served) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, description) of everything under /api."""
    described = (await here.admin.http.get("/openapi.json")).json()
    return [
        (method, path, operation)
        for path, methods in described["paths"].items()
        if path.startswith("/api/")
        for method, operation in methods.items()
    ]


def filled(path: str, tenant_id: str) -> str:
    numbers = path.replace("{window_id}", "1").replace("{number}", "1").replace("{silence_id}", "1")
    numbers = numbers.replace("{sequence}", "1")
    return re.sub(r"\{\w+\}", "none", numbers.replace("{tenant_id}", tenant_id))


async def test_nothing_answers_without_a_token(here: Served) -> None:
    for method, path, _ in await operations(here):
        answer = await here.admin.http.request(method, filled(path, TENANT))
        assert answer.status_code == 401, f"{method} {path}"


async def test_another_tenant_is_as_if_there_were_none(here: Served) -> None:
    headers = {"authorization": f"Bearer {here.tenant.token}"}
    reading = [(m, p) for m, p, _ in await operations(here) if "{tenant_id}" in p]
    for method, path in [(m, p) for m, p in reading if m == "get" or (m, p) in READING]:
        query = "?tier=basic" if path.endswith("what-if") else ""
        for tenant_id in (OTHER, "none"):
            answer = await here.admin.http.request(method, filled(path, tenant_id) + query, headers=headers)
            assert answer.status_code == 404, f"{method} {path} {answer.text}"
            assert answer.json()["detail"] == f"there is no tenant {tenant_id!r} that you can reach"


async def test_every_path_is_documented(here: Served) -> None:
    pages = "".join((ROOT / "docs" / page).read_text() for page in ("api.md", "service-levels.md"))
    for _, path, operation in await operations(here):
        words = [part for part in path.removeprefix(PREFIX).split("/") if part and "{" not in part]
        assert [word for word in words if f"/{word}" not in pages] == [], path
        assert {"401", "403", "404", "422"} <= set(operation["responses"]), path
