"""Worked cases sent as an agent's stream give the same reports over REST; reports live and are checked."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.system.ground import Ground, ground
from tests.system.harness import Caller
from tests.system.worked_cases import (
    CASES,
    DAY,
    ENTERPRISE,
    KINDS,
    YESTERDAY,
    deliver,
    make_tenant,
    results_of,
    send,
)

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("service-levels"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    async with ground(tmp_path_factory.mktemp("service-levels")) as started:
        yield started


def moved(expected: dict[str, Any], by: int) -> dict[str, Any]:
    """The case's report at another day."""
    period = {name: value + by for name, value in expected["period"].items()}
    incidents = [
        {**i, "start": i["start"] + by, "end": None if i["end"] is None else i["end"] + by}
        for i in expected["incidents"]
    ]
    return {**expected, "period": period, "incidents": incidents}


@pytest.mark.parametrize("name", ["A01", "A02", "A03", "A05a", "A05c", "A09a", "A09c", "A09e", "A19"])
async def test_a_case_sent_by_an_agent_gives_its_report(here: Ground, name: str) -> None:
    case = CASES[name]
    by = YESTERDAY - case["expected"]["period"]["start"]
    tenant_id = f"case-{name.lower()}"
    tier = {"99.9": "enterprise", "99.5": "professional"}[case["input"]["targets"]["availability_percentage"]]
    contract = {"tier": tier, "policies": case["input"]["policy"], "groups": _ruled(case)}
    await send(here, tenant_id, case["input"], by, contract)
    async with here.caller(here.admin_token) as admin:
        told = await admin.get(f"/sla/{tenant_id}?period=daily&date={_day(YESTERDAY)}")
    found = told["detail"]["report"]
    found.pop("burn")
    expected = moved(case["expected"], by)
    expected.pop("burn")
    # In the running system response times are those of HTTP endpoints, in case files those of all checks.
    expected["response"]["count"] = _successes_of_endpoints(case)
    assert found == expected
    assert told["availability"] == float(case["expected"]["availability_pct"])


def _ruled(case: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the case's groups have that they would not have without terms."""
    return {
        KINDS[group["id"]]: {"rule": group["rule"]}
        for group in case["input"]["groups"]
        if group["rule"] != "any"
    }


def _successes_of_endpoints(case: Mapping[str, Any]) -> int:
    timed = {c["id"] for c in case["input"]["checks"] if KINDS[c["group"]] == "http_endpoint"}
    period = case["expected"]["period"]
    return sum(
        check in timed and status in ("healthy", "degraded") and period["start"] <= at < period["end"]
        for check, at, status, _ in results_of(case["input"])
    )


async def test_a_report_is_final_when_every_agent_is_past_the_end_and_then_revised(here: Ground) -> None:
    """Five days ago: the 72 hours are over. What the agent still owes holds the report back; what comes late
    revises it."""
    case = CASES["A02"]
    by = YESTERDAY - 4 * DAY - case["expected"]["period"]["start"]
    period = {name: at + by for name, at in case["expected"]["period"].items()}
    start = period["start"]
    token = await make_tenant(here, "old", ENTERPRISE)
    runs = [run | {"to": min(run["to"], period["end"] - by - 600)} for run in case["input"]["runs"]]
    asked = f"/reports/sla?tenant_id=old&period=daily&date={_day(start)}"
    async with here.caller(here.admin_token) as admin:
        await deliver(here, token, case["input"] | {"runs": runs}, by, until_now=False)
        early = await admin.get(asked)
        assert (early["stage"], early["revision"]) == ("provisional", 0)
        rest = [{"check": "http", "from": period["end"] - by - 600, "to": period["end"] - by, "every": 300}]
        rest = [run | {"status": "healthy", "latency_us": 120_000} for run in rest]
        await deliver(here, token, case["input"] | {"runs": rest}, by, spool="h")
        final = await admin.get(asked)
        assert (final["stage"], final["revision"], final["reason"]) == ("final", 0, "")
        assert await admin.get(asked) == final
        assert final["tenants"][0]["report"]["downtime_s"] == case["expected"]["downtime_s"]
        then = _utc(int(time.time()) + 1)
        late = [{"check": "http", "from": start - by + 7, "to": start - by + 1207, "every": 300}]
        late = [run | {"status": "unhealthy"} for run in late]
        await asyncio.sleep(max(0.0, _unix(then) - time.time()))
        await deliver(here, token, case["input"] | {"runs": late}, by, spool="i")
        revised = await admin.get(asked)
        assert (revised["stage"], revised["revision"]) == ("revised", 1)
        assert "results arrived late" in revised["reason"]
        assert revised["tenants"][0]["report"]["errors"]["errors"] == 3 + 4
        assert await admin.get(asked) == revised
        assert await admin.get(f"{asked}&as_of={then}") == final


async def test_requests_that_a_service_counts_give_the_report_of_the_same_case(
    here: Ground, tmp_path: Path
) -> None:
    """A counter that rises with every look and begins again once; the case is told the differences."""
    case = json.loads(json.dumps(CASES["A01"]))
    times = sorted({at for _, at, _, _ in results_of(case["input"])})
    metrics, requests, total, errors = {}, [], 0, 0
    for number, at in enumerate(times):
        if number == 150:
            total = errors = 0
        more, failed = number % 7 * 10, number % 11 // 8 * (number % 7)
        total, errors = total + more, errors + failed
        metrics[at] = {"requests_total": float(total), "errors_total": float(errors)}
        requests += [[at, more, failed]] if number else []
    slices = {"slice_s": 300, "bad_above_pct": "5", "min_requests": 20, "empty": "exclude"}
    case["input"] |= {"requests": requests, "slices": slices}
    (tmp_path / "case.json").write_text(json.dumps({"schema": "sla-cases/1", "cases": [case]}))
    evaluated = json.loads(await here.collector.run("sla", "evaluate", str(tmp_path / "case.json")))
    by = YESTERDAY - case["expected"]["period"]["start"]
    await send(here, "counted", case["input"], by, {"tier": "enterprise", "slices": slices}, metrics)
    asked = f"period=daily&date={_day(YESTERDAY)}"
    async with here.caller(here.admin_token) as admin:
        report = await admin.get(f"/reports/sla?tenant_id=counted&{asked}")
        export = await admin.text(f"/sla/counted/export?{asked}")
    found = report["tenants"][0]["report"]
    expected = moved(evaluated["cases"][0]["report"], by)
    assert {**found, "burn": []} == {**expected, "burn": []}
    assert found["errors"]["total"] == sum(
        number % 7 * 10 for number, at in enumerate(times) if _in(case, at)
    )
    assert 0 < found["slices"]["bad"] < found["slices"]["total"]
    said = await here.collector.verify(tmp_path, report, export)
    assert "give every number of the report" in said


def _in(case: Mapping[str, Any], at: int) -> bool:
    period = case["expected"]["period"]
    return bool(period["start"] <= at < period["end"])


async def test_a_report_is_signed_and_checked_against_its_export(here: Ground, tmp_path: Path) -> None:
    tenant_id = "checked"
    case = CASES["A02"]
    await send(here, tenant_id, case["input"], YESTERDAY - case["expected"]["period"]["start"])
    asked = f"period=daily&date={_day(YESTERDAY)}"
    async with here.caller(here.admin_token) as admin:
        report = await admin.get(f"/reports/sla?tenant_id={tenant_id}&{asked}")
        export = await admin.text(f"/sla/{tenant_id}/export?{asked}")
        told = await admin.text(f"/sla/{tenant_id}/explain?{asked}")
        pdf = await admin.bytes(f"/reports/sla?tenant_id={tenant_id}&{asked}&format=pdf")
        table = await admin.text(f"/reports/sla?{asked}&format=csv")
    said = await here.collector.verify(tmp_path, report, export)
    assert "the exported facts give every number of the report" in said
    assert "have the digests of the report's facts" in said
    assert "availability = 100 x 85500 / 86400" in told
    printed = await here.collector.command("sla", "explain", tenant_id, _day(YESTERDAY))
    assert "availability = 100 x 85500 / 86400" in printed
    compared = await here.collector.command("sla", "what-if", tenant_id, _day(YESTERDAY), "--tier", "basic")
    assert "98.9583" in compared
    assert pdf.startswith(b"%PDF-")
    assert f",{tenant_id}," in table


async def test_contracts_windows_and_corrections(here: Ground) -> None:
    tenant_id = "agreed"
    case = CASES["A02"]
    by = YESTERDAY - case["expected"]["period"]["start"]
    await send(here, tenant_id, case["input"], by)
    asked = f"/sla/{tenant_id}?period=daily&date={_day(YESTERDAY)}"
    outage = case["expected"]["incidents"][0]
    second_token = await here.collector.create_token("", subject="bob")
    async with here.caller(here.admin_token) as ann, here.caller(second_token) as bob:
        before = await ann.get(asked)
        await _terms_have_versions(ann, tenant_id)
        assert (await ann.get(asked))["detail"]["parts"] == before["detail"]["parts"]
        await _windows_are_announced(ann, tenant_id)
        span = {"from": _utc(outage["start"] + by), "to": _utc(outage["end"] + by)}
        mend = {**span, "counts_as": "up", "reason": "the probe's own network"}
        kept = await ann.send("POST", f"/sla/{tenant_id}/corrections", mend, 201)
        approve = f"/sla/{tenant_id}/corrections/{kept['number']}/approve"
        assert "second person" in (await ann.send("POST", approve, None, 422))["detail"]
        assert (await ann.get(asked))["availability"] == before["availability"]
        await bob.send("POST", approve, None, 200)
        after = await ann.get(asked)
    assert after["availability"] == 100
    assert after["detail"]["as_issued"]["availability_pct"] == case["expected"]["availability_pct"]
    async with here.caller(here.admin_token) as ann:
        other = await ann.get(f"/sla/{tenant_id}/what-if?tier=basic&period=daily&date={_day(YESTERDAY)}")
    assert other["detail"]["parts"][0]["terms"]["targets"]["availability_percentage"] == "99"


async def _terms_have_versions(ann: Caller, tenant_id: str) -> None:
    new = {"contract": {"tier": "basic", "timezone": "Europe/Berlin"}, "reason": "downgrade"}
    told = await ann.send("PUT", f"/sla/{tenant_id}/terms", new, 200)
    assert [v["contract"]["tier"] for v in told["versions"]] == ["enterprise", "basic"]
    assert told["resolution"]["coarsest_interval_s"] == 300
    late = {**new, "in_force_from": "2020-01-01T00:00:00Z"}
    assert "now or later" in (await ann.send("PUT", f"/sla/{tenant_id}/terms", late, 422))["detail"]
    wrong = {"contract": {"tier": "gold"}, "reason": "x"}
    assert "'professional'" in (await ann.send("PUT", f"/sla/{tenant_id}/terms", wrong, 422))["detail"]
    # Back to UTC for what follows.
    await ann.send("PUT", f"/sla/{tenant_id}/terms", {"contract": {"tier": "basic"}, "reason": "UTC"}, 200)


async def _windows_are_announced(ann: Caller, tenant_id: str) -> None:
    path = f"/sla/{tenant_id}/maintenance"
    weekly = {"rule": "FREQ=WEEKLY;BYDAY=SU", "first": "2026-01-04T02:00:00", "duration_s": 3600}
    kept = await ann.send("POST", path, {**weekly, "timezone": "Europe/Berlin", "reason": "patches"}, 201)
    assert kept["recurrence"]["timezone"] == "Europe/Berlin"
    hostile = {**weekly, "rule": "FREQ=SECONDLY", "reason": "x"}
    assert "FREQ must be one of" in (await ann.send("POST", path, hostile, 422))["detail"]
    nobody = {**weekly, "checks": ["a/none"], "reason": "x"}
    assert "no check a/none" in (await ann.send("POST", path, nobody, 422))["detail"]
    await ann.send("DELETE", f"{path}/{kept['window_id']}", None, 204)
    assert (await ann.get(path))["windows"][0]["cancelled_at"] is not None


async def test_a_tenant_reads_its_own_levels_and_writes_nothing(here: Ground) -> None:
    await make_tenant(here, "neighbour", {"tier": "basic"})
    async with here.caller() as tenant:
        assert (await tenant.get("/sla/acme"))["sla_compliance"] is None
        await tenant.get("/sla/neighbour", status=404)
        await tenant.get("/reports/sla?tenant_id=neighbour", status=404)
        assert (await tenant.get("/reports/sla"))["scope"] == {"tenant_id": "acme"}
        new = {"contract": {}, "reason": "cheaper"}
        await tenant.send("PUT", "/sla/acme/terms", new, 403)
        await tenant.get("/sla/acme?as_of=2999-01-01T00:00:00Z", status=422)
        await tenant.get("/sla/acme?period=hourly", status=422)


def _day(unix: int) -> str:
    return _utc(unix)[:10]


def _unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _utc(unix: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix))
