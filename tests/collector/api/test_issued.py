"""Reports that were issued, at both doors: listed, and told as they were."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import OTHER, TENANT, Served, without_nulls

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-issued")]
ISSUED = "/monitoring/reports/issued"
BEGINS = (datetime.now(UTC) - timedelta(days=60)).isoformat()


async def daily(here: Served) -> list[Any]:
    """What the collector issues by itself is of months and longer."""
    reports = (await here.admin.rest("GET", f"{ISSUED}/{TENANT}"))["reports"]
    return [each for each in reports if each["period_type"] == "daily"]


async def begun_long_ago(here: Served) -> None:
    """Of time before the contract no report is kept."""
    path = f"/monitoring/sla/{TENANT}/terms"
    (first, *_) = (await here.admin.rest("GET", path))["versions"]
    new = {"contract": {**first["contract"], "effective_from": BEGINS}, "reason": "a test"}
    await here.admin.rest("PUT", path, new)


async def test_what_was_issued_is_listed_and_told_again(here: Served) -> None:
    assert await daily(here) == []
    await begun_long_ago(here)
    days = [(datetime.now(UTC) - timedelta(days=back)).date().isoformat() for back in (20, 10)]
    path = f"/monitoring/reports/sla?tenant_id={TENANT}&period=daily&date="
    documents = [await here.admin.rest("GET", f"{path}{day}") for day in days]
    by_grpc = await here.tenant.call("ListIssuedReports", pb.ListIssuedReportsRequest(tenant_id=TENANT))
    told = await here.tenant.rest("GET", f"{ISSUED}/{TENANT}")
    # The collector may have issued one more in between: the newest is the last.
    known = [without_nulls(each) for each in by_grpc["reports"]]
    assert known == [without_nulls(each) for each in told["reports"]][: len(known)]
    assert len(await daily(here)) == len(documents)
    first = await here.tenant.rest("GET", f"{ISSUED}/{TENANT}?limit=1")
    rest = await here.tenant.rest("GET", f"{ISSUED}/{TENANT}?limit=1&cursor={first['next_cursor']}")
    assert [*first["reports"], *rest["reports"]] == told["reports"][:2]
    for report in await daily(here):
        where = f"{report['period_type']}/{report['label']}/{report['sequence']}"
        document = await here.tenant.rest("GET", f"{ISSUED}/{TENANT}/{where}")
        assert document in documents
        names = {name: report[name] for name in ("period_type", "label", "sequence")}
        request = pb.GetIssuedReportRequest(tenant_id=TENANT, **names)
        metadata = (("authorization", f"Bearer {here.tenant.token}"),)
        answer = await here.tenant.stub.GetIssuedReport(request, metadata=metadata)
        assert json.loads(answer.content) == document
    await here.tenant.rest("GET", f"{ISSUED}/{TENANT}/daily/none/1", status=404)
    await here.tenant.rest("GET", f"{ISSUED}/{OTHER}", status=404)


async def test_the_platforms_are_listed_for_who_reaches_all_of_it(here: Served) -> None:
    await begun_long_ago(here)
    day = (datetime.now(UTC) - timedelta(days=30)).date().isoformat()
    document = await here.admin.rest("GET", f"/monitoring/reports/sla?period=daily&date={day}")
    told = (await here.admin.rest("GET", f"{ISSUED}/platform"))["reports"]
    (report,) = [each for each in told if (each["period_type"], each["label"]) == ("daily", day)]
    again = await here.admin.rest("GET", f"{ISSUED}/platform/daily/{day}/{report['sequence']}")
    assert again == document
    await here.tenant.rest("GET", f"{ISSUED}/platform", status=404)
