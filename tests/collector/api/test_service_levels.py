"""Service levels and what was agreed, at both doors: the same answers, and admins alone change anything."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from tenantwatch_collector.access.permissions import Role
from tenantwatch_collector.identity import issue_token
from tenantwatch_collector.store.base import CorrectionRecord
from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import OTHER, TENANT, Served, without_nulls

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-service-levels")]
SLA = f"/monitoring/sla/{TENANT}"
# Later than the test, so that both doors are asked about one finished day.
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()


def utc(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat(timespec="seconds").replace("+00:00", "Z")


async def test_metrics_are_the_same_at_both_doors(here: Served) -> None:
    async with here.agent([("web", "http_endpoint", Status.HEALTHY, {})]):
        pass
    as_of = utc(seconds=-1)
    asked = {"tenant_id": TENANT, "period": "daily", "date": YESTERDAY, "as_of": as_of}
    by_rest = await here.tenant.rest("GET", f"{SLA}?period=daily&date={YESTERDAY}&as_of={as_of}")
    by_grpc = await here.tenant.call("GetServiceLevel", ParseDict(asked, pb.GetServiceLevelRequest()))
    assert by_rest["period"] == "daily"
    assert without_nulls(by_grpc) == without_nulls(by_rest)
    told = await here.tenant.call("ExplainServiceLevel", ParseDict(asked, pb.ExplainServiceLevelRequest()))
    text = await here.tenant.http.get(
        f"/api/v1{SLA}/explain?period=daily&date={YESTERDAY}&as_of={as_of}",
        headers={"authorization": f"Bearer {here.tenant.token}"},
    )
    assert told["text"] == text.text


async def test_facts_of_a_time_without_checks_are_exported_too(here: Served) -> None:
    told = await here.tenant.http.get(
        f"/api/v1{SLA}/export?period=daily&date=2000-01-01&as_of=2000-01-01T00:00:00Z",
        headers={"authorization": f"Bearer {here.tenant.token}"},
    )
    assert (told.status_code, '{"change":' in told.text) == (200, False), told.text


async def test_a_report_by_grpc_is_the_signed_document(here: Served) -> None:
    request = pb.GetServiceLevelReportRequest(tenant_id=TENANT, period="daily", date=YESTERDAY)
    metadata = (("authorization", f"Bearer {here.tenant.token}"),)
    file = await here.tenant.stub.GetServiceLevelReport(request, metadata=metadata)
    document = json.loads(file.content)
    assert file.name == f"{document['report_id']}.json"
    by_rest = await here.tenant.rest("GET", f"/monitoring/reports/sla?period=daily&date={YESTERDAY}")
    assert set(by_rest) == set(document)
    assert {"report_period", "generated_at", "overall_compliance", "tenant_compliance"} <= set(document)
    for wrong in ({"period": "hourly"}, {"format": "docx"}, {"date": "yesterday"}, {"days": 0}):
        code, text = await here.tenant.refused(
            "GetServiceLevelReport", pb.GetServiceLevelReportRequest(tenant_id=TENANT, **wrong)
        )
        assert (code, next(iter(wrong)) in text) == (grpc.StatusCode.INVALID_ARGUMENT, True)


async def test_terms_are_set_by_grpc_and_read_by_both(here: Served) -> None:
    new = {"tenant_id": TENANT, "contract": {"tier": "enterprise"}, "reason": "upgrade"}
    told = await here.admin.call("SetTerms", ParseDict(new, pb.SetTermsRequest()))
    tiers = [version["contract"]["tier"] for version in told["versions"]]
    assert (tiers[0], tiers[-1]) == ("professional", "enterprise")
    # At once is when they are kept: not a moment before they were known.
    assert told["versions"][-1]["in_force_from"] == told["versions"][-1]["recorded_at"]
    by_rest = await here.tenant.rest("GET", f"{SLA}/terms")
    by_grpc = await here.tenant.call("GetTerms", pb.GetTermsRequest(tenant_id=TENANT))
    assert without_nulls(by_grpc) == without_nulls(by_rest)
    await _only_for_admins(here, "SetTerms", ParseDict(new, pb.SetTermsRequest()))


async def test_terms_tell_their_targets_and_whose_terms_the_time_before_them_is_judged_on(
    here: Served,
) -> None:
    await here.store.create_tenant("earlier", "Earlier", "basic")
    new = {
        "contract": {
            "tier": "enterprise",
            "targets": {"response_time_ms": "250.5"},
            "effective_from": (begins := utc(days=-30)),
        },
        "reason": "backwards",
    }
    asked = ParseDict({**new, "tenant_id": "earlier"}, pb.SetTermsRequest())
    saved = await here.admin.call("SetTerms", asked)
    first, second = saved["versions"]
    assert (first["targets"]["availability_percentage"], second["targets"]) == (
        "99",
        {
            "availability_percentage": "99.9",
            "response_time_ms": "250.5",
            "error_rate_percentage": "0.5",
            "recovery_time_minutes": "15",
        },
    )
    (note,) = saved["notes"]
    assert note.startswith(f"the contract begins {begins[:19]}")
    assert note.endswith("the time between is judged on the terms of version 0")
    read = await here.admin.rest("GET", "/monitoring/sla/earlier/terms")
    assert read["notes"] == [note]


async def test_whoever_saves_terms_hears_what_the_checks_cannot_prove(here: Served) -> None:
    """A check each minute against 26 s of outage in a month, at both doors, when saved and when read."""
    async with here.agent([("web", "http_endpoint", Status.HEALTHY, {})]):
        pass
    contract = {"tier": "enterprise", "targets": {"availability_percentage": "99.999"}}
    new = {"contract": contract, "reason": "five nines"}
    saved = await here.admin.rest("PUT", f"{SLA}/terms", new)
    (warning,) = saved["resolution"]["warnings"]
    assert "error budget of 25.92 s is 0.4 looks of check 'a1/web', which comes every 60 s" in warning
    assert "set its interval to 2 s or less" in warning
    asked = ParseDict({**new, "tenant_id": TENANT}, pb.SetTermsRequest())
    assert (await here.admin.call("SetTerms", asked))["resolution"]["warnings"] == [warning]
    read = await here.tenant.call("GetTerms", pb.GetTermsRequest(tenant_id=TENANT))
    assert read["resolution"]["warnings"] == [warning]


async def test_the_keys_of_reports_are_the_same_at_both_doors(here: Served) -> None:
    by_rest = await here.tenant.rest("GET", "/monitoring/reports/keys")
    by_grpc = await here.tenant.call("ListReportKeys", pb.ListReportKeysRequest())
    assert without_nulls(by_grpc) == without_nulls(by_rest)
    report = await here.tenant.rest("GET", f"/monitoring/reports/sla?period=daily&date={YESTERDAY}")
    assert [key["key_id"] for key in by_rest["keys"]] == [report["signature"]["key_id"]]


async def test_maintenance_keeps_the_collectors_own_time_of_announcement(here: Served) -> None:
    async with here.agent([("web", "http_endpoint", Status.HEALTHY, {})]):
        pass
    before = datetime.now(UTC)
    new = {
        "tenant_id": TENANT,
        "from": utc(hours=1),
        "to": utc(hours=2),
        "reason": "move",
        "checks": ["a1/web"],
    }
    window = (await here.admin.call("AnnounceMaintenance", _announcement(new)))["window"]
    assert before <= datetime.fromisoformat(window["announced_at"]) <= datetime.now(UTC)
    claimed = {**new, "announced_at": "2020-01-01T00:00:00Z"}
    claimed.pop("tenant_id")
    await here.admin.rest("POST", f"{SLA}/maintenance", claimed, 422)
    request = pb.CancelMaintenanceRequest(tenant_id=TENANT, window_id=window["window_id"])
    assert await here.admin.call("CancelMaintenance", request) == {}
    assert (await here.admin.refused("CancelMaintenance", request))[0] is grpc.StatusCode.NOT_FOUND
    weekly = {"rule": "FREQ=WEEKLY;BYDAY=SU", "first": "2026-01-04T02:00:00", "duration_s": 3600}
    await here.admin.call(
        "AnnounceMaintenance", _announcement({**weekly, "tenant_id": TENANT, "reason": "x"})
    )
    by_grpc = await here.tenant.call("ListMaintenance", pb.ListMaintenanceRequest(tenant_id=TENANT))
    by_rest = await here.tenant.rest("GET", f"{SLA}/maintenance")
    assert without_nulls(by_grpc) == without_nulls(by_rest)
    assert len(by_rest["windows"]) == 2
    await _only_for_admins(here, "AnnounceMaintenance", _announcement(new))


async def test_series_in_force_are_bounded(here: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs some work for every report; a cancelled one makes room."""
    windows = f"/monitoring/sla/{OTHER}/maintenance"
    kept = (await here.admin.rest("GET", windows))["windows"]
    in_force = [each for each in kept if each["recurrence"] and each["cancelled_at"] is None]
    monkeypatch.setattr("tenantwatch_collector.api.series.MAX_SERIES", len(in_force) + 1)
    weekly = {"rule": "FREQ=WEEKLY", "first": "2026-01-04T02:00:00", "duration_s": 60, "reason": "x"}
    window = await here.admin.rest("POST", windows, weekly, 201)
    refused = await here.admin.rest("POST", windows, weekly, 422)
    assert "series of windows in force" in refused["detail"]
    await here.admin.rest("DELETE", f"{windows}/{window['window_id']}", status=204)
    await here.admin.rest("POST", windows, weekly, 201)
    monkeypatch.undo()
    hourly = {**weekly, "rule": "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24)))}
    monkeypatch.setattr("tenantwatch_collector.api.series.MAX_A_YEAR", 9000)
    window = await here.admin.rest("POST", windows, hourly, 201)
    refused = await here.admin.rest("POST", windows, hourly, 422)
    assert "a tenant's series give at most 9000 windows a year; with this one 17" in refused["detail"]
    await here.admin.rest("DELETE", f"{windows}/{window['window_id']}", status=204)
    monkeypatch.undo()
    wrong = {**weekly, "rule": "FREQ=WEEKLY;BYMONTHDAY=1"}
    refused = await here.admin.rest("POST", windows, wrong, 422)
    assert refused["detail"] == "BYMONTHDAY goes with FREQ=DAILY or MONTHLY or YEARLY, not with WEEKLY"


async def test_a_correction_needs_a_second_person(here: Served) -> None:
    new = {"from": utc(hours=-2), "to": utc(hours=-1), "counts_as": "up", "reason": "our own network"}
    request = ParseDict({**new, "tenant_id": TENANT}, pb.CreateCorrectionRequest())
    entered = (await here.admin.call("CreateCorrection", request))["correction"]
    approve = pb.ApproveCorrectionRequest(tenant_id=TENANT, number=entered["number"])
    assert "second person" in (await here.admin.refused("ApproveCorrection", approve))[1]
    of_the_same = replace(here.admin, token=await a_token(here, "One ADMIN "))
    assert "second person" in (await of_the_same.refused("ApproveCorrection", approve))[1]
    nobodys = replace(here.admin, token=await a_token(here, ""))
    for operation, asked in (("ApproveCorrection", approve), ("CreateCorrection", request)):
        assert "names nobody" in (await nobodys.refused(operation, asked))[1]
    approved = (await here.second_admin.call("ApproveCorrection", approve))["correction"]
    assert approved["approver"] != approved["author"]
    by_grpc = await here.tenant.call("ListCorrections", pb.ListCorrectionsRequest(tenant_id=TENANT))
    by_rest = await here.tenant.rest("GET", f"{SLA}/corrections")
    assert without_nulls(by_grpc) == without_nulls(by_rest)
    await _only_for_admins(here, "CreateCorrection", request)
    await _only_for_admins(here, "ApproveCorrection", approve)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", "must have at least 1 character"),
        (" \n\t ", "must say something: it is blank"),
        ("\u200b\u2028", "must say something: it is blank"),
        ("our own\x00network", "must hold no control characters"),
        ("\x1b[2J", "must hold no control characters"),
        ("x" * 1001, "must have at most 1000 characters"),
    ],
)
async def test_a_reason_says_something_that_can_be_printed(here: Served, reason: str, words: str) -> None:
    """At every door that takes one: corrections, windows, terms."""
    correction = {"from": utc(hours=-2), "to": utc(hours=-1), "counts_as": "up", "reason": reason}
    window = {"from": utc(hours=1), "to": utc(hours=2), "reason": reason}
    for method, path, new in (
        ("POST", "corrections", correction),
        ("POST", "maintenance", window),
        ("PUT", "terms", {"contract": {}, "reason": reason}),
    ):
        refused = await here.admin.rest(method, f"{SLA}/{path}", new, 422)
        assert f"reason: {words}" in refused["detail"]
    request = ParseDict({**correction, "tenant_id": TENANT}, pb.CreateCorrectionRequest())
    words = words if reason else "is missing"  # an empty text is none in a message
    assert f"reason: {words}" in (await here.admin.refused("CreateCorrection", request))[1]


@pytest.mark.parametrize("zone", ["localtime", "Factory", "Mars/Olympus"])
async def test_a_zone_of_no_place_is_refused_in_words(here: Served, zone: str) -> None:
    new = {"contract": {"timezone": zone}, "reason": "move"}
    refused = await here.admin.rest("PUT", f"{SLA}/terms", new, 422)
    assert "write an IANA name such as Europe/Berlin" in refused["detail"]
    weekly = {"rule": "FREQ=WEEKLY", "first": "2026-01-04T02:00:00", "duration_s": 3600, "timezone": zone}
    refused = await here.admin.rest("POST", f"{SLA}/maintenance", {**weekly, "reason": "x"}, 422)
    assert refused["detail"].startswith(f"'{zone}' is no ")
    assert "pydantic" not in refused["detail"]


@pytest.mark.parametrize(
    "operation", ["GetServiceLevel", "ExplainServiceLevel", "GetTerms", "ListMaintenance", "ListCorrections"]
)
async def test_what_is_anothers_does_not_exist(here: Served, operation: str) -> None:
    kind = getattr(pb, f"{operation}Request")
    others = await here.tenant.refused(operation, kind(tenant_id=OTHER))
    none = await here.tenant.refused(operation, kind(tenant_id="none"))
    assert others[0] is none[0] is grpc.StatusCode.NOT_FOUND
    assert others[1].replace(OTHER, "none") == none[1]


async def test_what_a_nameless_token_entered_is_not_approved(here: Served) -> None:
    """As corrections of earlier versions were: its author could be the approver."""
    token_id, _ = await issue_token(here.store, Role.ADMIN, None, "")
    tenant = await here.store.tenant(TENANT)
    assert tenant is not None
    now_us = time.time_ns() // 1000
    old = CorrectionRecord(tenant.tenant_key, 0, now_us - 9, now_us - 5, "up", "why not", token_id, now_us)
    kept = await here.store.add_correction(old)
    approve = pb.ApproveCorrectionRequest(tenant_id=TENANT, number=kept.number)
    assert "enter it again" in (await here.second_admin.refused("ApproveCorrection", approve))[1]


async def a_token(here: Served, subject: str) -> str:
    return (await issue_token(here.store, Role.ADMIN, None, "", subject=subject))[1]


def _announcement(body: dict[str, Any]) -> pb.AnnounceMaintenanceRequest:
    return ParseDict(body, pb.AnnounceMaintenanceRequest())


async def _only_for_admins(here: Served, operation: str, request: Any) -> None:
    assert (await here.tenant.refused(operation, request))[0] is grpc.StatusCode.PERMISSION_DENIED


async def test_a_contract_that_has_begun_keeps_its_beginning(here: Served) -> None:
    """What was measured and reported is not put before the contract by later terms."""
    await here.store.create_tenant("begun", "Begun", "professional")
    path = "/monitoring/sla/begun/terms"

    async def agree(begins: str | None, status: int = 200) -> Any:
        new = {"contract": {"effective_from": begins}, "reason": "a beginning"}
        return await here.admin.rest("PUT", path, new, status)

    # Nothing rests on it yet; and it may be moved while it lies ahead.
    await agree(utc(days=30))
    await agree(begins := utc(hours=-1))
    for moved in (utc(hours=-2), utc(days=1)):
        told = await agree(moved, 422)
        assert told["detail"].startswith("contract.effective_from: the contract begins ")
        assert "repeat its beginning or leave it out" in told["detail"]
    await agree(begins)
    told = await agree(None)
    assert len(told["versions"]) == 5


async def test_a_period_that_is_over_is_never_breached_any_more(here: Served) -> None:
    """Nor is one of which nothing was measured about to be."""
    await here.store.create_tenant("idle", "Idle", "professional")
    for question in ("period=monthly", f"period=daily&date={utc(days=-3)[:10]}"):
        told = await here.admin.rest("GET", f"/monitoring/sla/idle?{question}")
        assert told["time_to_breach_s"] is None


async def test_who_asks_of_time_before_a_contract_keeps_nobody_from_agreeing_on_it(here: Served) -> None:
    await here.store.create_tenant("early", "Early", "professional")
    path = "/monitoring/reports/sla?tenant_id=early&period=daily&date="
    told = await here.admin.rest("GET", f"{path}{utc(days=-20)[:10]}")
    assert told["stage"] == "provisional"
    assert [each["kind"] for each in told["tenants"][0]["exclusions"]] == ["out_of_scope"]
    assert (await here.admin.rest("GET", "/monitoring/reports/issued/early"))["reports"] == []
    new = {"contract": {"effective_from": utc(days=-15)}, "reason": "as signed"}
    await here.admin.rest("PUT", "/monitoring/sla/early/terms", new)


async def test_results_that_count_are_not_put_before_the_contract(here: Served) -> None:
    async with here.agent([("web", "http_endpoint", Status.HEALTHY, {})]):
        pass
    # An answer waits until all that was received is judged.
    await here.tenant.rest("GET", f"{SLA}?period=daily")
    new = {"contract": {"effective_from": utc(days=1)}, "reason": "tomorrow"}
    told = await here.admin.rest("PUT", f"{SLA}/terms", new, 422)
    assert "there are results from before that instant" in told["detail"]
    asked = ParseDict({**new, "tenant_id": TENANT}, pb.SetTermsRequest())
    code, text = await here.admin.refused("SetTerms", asked)
    assert (code, "contract.effective_from" in text) == (grpc.StatusCode.INVALID_ARGUMENT, True)
