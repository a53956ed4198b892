"""Reports that were issued, at both doors: listed, and told as they were."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import OTHER, TENANT, Served, without_nulls

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-issued")]
ISSUED = "/monitoring/reports/issued"


async def test_what_was_issued_is_listed_and_told_again(here: Served) -> None:
    assert (await here.admin.rest("GET", f"{ISSUED}/{TENANT}"))["reports"] == []
    days = [(datetime.now(UTC) - timedelta(days=back)).date().isoformat() for back in (20, 10)]
    path = f"/monitoring/reports/sla?tenant_id={TENANT}&period=daily&date="
    documents = [await here.admin.rest("GET", f"{path}{day}") for day in days]
    told = await here.tenant.rest("GET", f"{ISSUED}/{TENANT}")
    by_grpc = await here.tenant.call("ListIssuedReports", pb.ListIssuedReportsRequest(tenant_id=TENANT))
    assert without_nulls(by_grpc) == without_nulls(told)
    assert len(told["reports"]) == len(documents)
    first = await here.tenant.rest("GET", f"{ISSUED}/{TENANT}?limit=1")
    rest = await here.tenant.rest("GET", f"{ISSUED}/{TENANT}?limit=1&cursor={first['next_cursor']}")
    assert [*first["reports"], *rest["reports"]] == told["reports"]
    for report in told["reports"]:
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
