"""Pages: each thing once, whatever comes and goes meanwhile, and no cursor but those that were given."""

from __future__ import annotations

import pytest
from tenantwatch_collector.api.pages import Page, cursor_of, place_of
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_wire.v1 import query_pb2

from tests.collector.api.served import TENANT, Served

pytestmark = pytest.mark.xdist_group("api-pages")


def test_pages_follow_one_another() -> None:
    items = list(range(0, 20, 2))
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page, cursor = Page(3, cursor).of(items, lambda item: item)
        seen += page
        items = sorted([*items, seen[-1] - 1])  # what comes before the cursor is not shown any more
    assert seen == list(range(0, 20, 2))
    assert Page(3).of([], lambda item: item) == ([], None)


@pytest.mark.parametrize(
    "cursor", ["x", "WyJhIl0", "W10", "WzFd" * 200, cursor_of(1, 2), cursor_of(2**63), "é"]
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(RefusedForEver, match="earlier answer"):
        place_of(cursor, int)
    with pytest.raises(RefusedForEver, match="earlier answer"):
        Page(1, cursor).of([1], lambda item: item)


@pytest.mark.asyncio(loop_scope="module")
async def test_alerts_are_paged_alike_at_both_doors(here: Served) -> None:
    for number in range(5):
        body = {"tenant_id": TENANT, "alert_name": f"n{number}", "severity": "info", "description": "d"}
        await here.admin.rest("POST", "/monitoring/alerts", body, 201)
    everything = (await here.admin.rest("GET", "/monitoring/alerts"))["alerts"]
    seen, cursor, by_grpc, following = [], "", [], ""
    for _ in range(3):
        told = await here.tenant.rest("GET", f"/monitoring/alerts?limit=2&cursor={cursor}")
        seen += [alert["alert_id"] for alert in told["alerts"]]
        cursor = told["next_cursor"]
        request = query_pb2.ListAlertsRequest(limit=2, cursor=following)
        metadata = (("authorization", f"Bearer {here.tenant.token}"),)
        answer = await here.tenant.query.ListAlerts(request, metadata=metadata)
        by_grpc += [alert.alert_id for alert in answer.alerts]
        following = answer.next_cursor
    assert seen == by_grpc == [alert["alert_id"] for alert in everything]
    assert not cursor
    assert not following


@pytest.mark.asyncio(loop_scope="module")
async def test_every_list_that_grows_has_pages(here: Served) -> None:
    description = (await here.admin.http.get("/openapi.json")).json()
    schemas = description["components"]["schemas"]
    lists = {
        name
        for name, schema in schemas.items()
        if name.endswith("List") and any(p.get("type") == "array" for p in schema["properties"].values())
    }
    bounded = {"GroupList", "RouteList"}  # as many as there are checks, and as the file and 100 more have
    assert {name for name in lists if "next_cursor" not in schemas[name]["properties"]} <= bounded
    for path in ("tenants", "alerts", "alert-rules", "silences", "audit", f"agents/{TENANT}"):
        await here.admin.rest("GET", f"/monitoring/{path}?limit=1001", status=422)
        await here.admin.rest("GET", f"/monitoring/{path}?limit=0", status=422)
