"""Alerts, rules and silences through both doors: what is done, who may, and that both answer the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import OTHER, TENANT, Served, both_doors, without_nulls

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-alerts")]
ALERTS, RULES, SILENCES = "/monitoring/alerts", "/monitoring/alert-rules", "/monitoring/silences"


def report(name: str, tenant_id: str = TENANT) -> dict[str, Any]:
    return {"tenant_id": tenant_id, "alert_name": name, "severity": "error", "description": "queue is stuck"}


async def test_a_reported_alert_lives_until_it_is_resolved(here: Served) -> None:
    made = await here.admin.rest("POST", ALERTS, {**report("Queue"), "alert_data": {"queue": "mail"}}, 201)
    assert (made["status"], made["severity"], made["alert_name"]) == ("active", "error", "Queue")
    assert (made["alert_description"], made["alert_data"]["queue"]) == ("queue is stuck", "mail")
    assert made["source_service"] == "saas_monitoring"
    again = await here.admin.rest("POST", ALERTS, report("Queue"), 201)
    assert (again["alert_id"], again["occurrence_count"]) == (made["alert_id"], 2)
    path = f"{ALERTS}/{made['alert_id']}"
    known = await here.admin.rest("POST", f"{path}/acknowledge", {"notes": "on it"})
    assert (known["status"], known["acknowledgement"]["notes"]) == ("acknowledged", "on it")
    over = await here.second_admin.rest("POST", f"{path}/resolve", {"resolution_notes": "restarted"})
    assert (over["status"], over["resolution"]["notes"]) == ("resolved", "restarted")
    assert over["resolution"]["who"] != over["acknowledgement"]["who"]
    told = await here.tenant.rest("GET", path)
    assert [entry["kind"] for entry in told["timeline"] if not entry["channel"]] == [
        "opened",
        "firing",
        "acknowledged",
        "resolved",
    ]
    await here.admin.rest("POST", f"{path}/resolve", {}, 404)
    anew = await here.admin.rest("POST", ALERTS, report("Queue"), 201)
    assert anew["alert_id"] != made["alert_id"]


async def test_both_doors_tell_the_same_alert(here: Served) -> None:
    made = await here.admin.call("CreateAlert", ParseDict(report("Disk"), pb.CreateAlertRequest()))
    alert_id = made["alert"]["alert_id"]
    request = pb.AcknowledgeAlertRequest(alert_id=alert_id, notes="seen")
    assert (await here.admin.call("AcknowledgeAlert", request))["alert"]["status"] == "acknowledged"
    by_rest, by_grpc = await both_doors(
        lambda: here.tenant.rest("GET", f"{ALERTS}/{alert_id}"),
        lambda: here.tenant.call("GetAlert", pb.GetAlertRequest(alert_id=alert_id)),
    )
    assert by_grpc == by_rest
    listed = await here.tenant.rest("GET", f"{ALERTS}?tenant_id={TENANT}&status=acknowledged")
    assert alert_id in [alert["alert_id"] for alert in listed["alerts"]]
    assert "one of active" in (await here.tenant.rest("GET", f"{ALERTS}?status=open", status=422))["detail"]
    resolved = await here.admin.call("ResolveAlert", pb.ResolveAlertRequest(alert_id=alert_id))
    assert resolved["alert"]["status"] == "resolved"


async def test_only_admins_change_and_others_alerts_do_not_exist(here: Served) -> None:
    made = await here.admin.rest("POST", ALERTS, report("Theirs", OTHER), 201)
    path = f"{ALERTS}/{made['alert_id']}"
    others = await here.tenant.rest("GET", path, status=404)
    none = await here.tenant.rest("GET", f"{ALERTS}/none", status=404)
    assert others["detail"].replace(made["alert_id"], "none") == none["detail"]
    await here.tenant.rest("POST", f"{path}/acknowledge", {}, 403)
    await here.tenant.rest("POST", ALERTS, report("Mine"), 403)
    request = pb.AcknowledgeAlertRequest(alert_id=made["alert_id"])
    assert (await here.tenant.refused("AcknowledgeAlert", request))[0] is grpc.StatusCode.PERMISSION_DENIED
    await here.admin.rest("POST", ALERTS, report("Nobody", "nobody"), 404)
    wrong = await here.admin.rest("POST", ALERTS, {**report("x"), "severity": "fatal"}, 422)
    assert "severity" in wrong["detail"]
    code, text = await here.admin.refused(
        "CreateAlert", ParseDict({**report("x"), "severity": "fatal"}, pb.CreateAlertRequest())
    )
    assert (code, "severity" in text) == (grpc.StatusCode.INVALID_ARGUMENT, True)


async def test_rules_are_made_changed_and_removed(here: Served) -> None:
    async with here.agent([("host", "host_resources", Status.HEALTHY, {"cpu_percent": 95.0})]):
        pass
    rule = {"tenant_id": TENANT, "metric": "cpu_percent", "condition": "greater_than", "severity": "warning"}
    made = await here.admin.rest("POST", RULES, {**rule, "threshold": 90, "rule_id": "cpu"}, 201)
    assert (made["threshold"], made["for_seconds"], made["tier"]) == (90.0, 0, None)
    await here.admin.rest("POST", RULES, {**rule, "threshold": 90, "rule_id": "cpu"}, 409)
    wrong = await here.admin.rest("POST", RULES, {**rule, "metric": "cpu_percnt", "threshold": 1}, 422)
    assert "did you mean cpu_percent" in wrong["detail"]
    await here.admin.rest("POST", RULES, {**rule, "threshold": 1, "for_seconds": -1}, 422)
    changed = await here.admin.rest("PUT", f"{RULES}/cpu", {**rule, "threshold": 99, "for_seconds": 60})
    assert (changed["threshold"], changed["for_seconds"]) == (99.0, 60)
    assert changed["created_at"] == made["created_at"]
    whole = await here.admin.call(
        "CreateAlertRule", ParseDict({**rule, "tenant_id": None, "threshold": 0}, pb.CreateAlertRuleRequest())
    )
    assert "tenant_id" not in whole["rule"]
    assert [one["rule_id"] for one in (await here.tenant.rest("GET", RULES))["rules"]] == ["cpu"]
    by_grpc = await here.admin.call("ListAlertRules", pb.ListAlertRulesRequest())
    by_rest = await here.admin.rest("GET", RULES)
    assert without_nulls(by_grpc) == without_nulls(by_rest)
    await here.tenant.rest("GET", f"{RULES}/{whole['rule']['rule_id']}", status=404)
    await here.tenant.rest("DELETE", f"{RULES}/cpu", status=403)
    await here.admin.rest("DELETE", f"{RULES}/cpu", status=204)
    await here.admin.rest("PUT", f"{RULES}/cpu", {**rule, "threshold": 1}, 404)
    request = pb.DeleteAlertRuleRequest(rule_id=whole["rule"]["rule_id"])
    assert await here.admin.call("DeleteAlertRule", request) == {}


async def test_windows_absence_and_change_go_through_both_doors(here: Served) -> None:
    async with here.agent([("host", "host_resources", Status.HEALTHY, {"cpu_percent": 95.0})]):
        pass
    base = {"tenant_id": TENANT, "metric": "cpu_percent", "severity": "warning"}
    told = [
        {"rule_id": "peak", "condition": "greater_than", "threshold": 90.0, "window_seconds": 600,
         "aggregation": "p95", "enabled": False},
        {"rule_id": "gone", "condition": "absent", "window_seconds": 300},
        {"rule_id": "jump", "condition": "changes_by_percent", "threshold": 50.0, "metric": "latency_ms"},
    ]  # fmt: skip
    for one in told:
        made = await here.admin.rest("POST", RULES, {**base, **one}, 201)
        assert {key: made[key] for key in one} == one
        by_grpc = await here.admin.call(
            "ReplaceAlertRule", ParseDict({**base, **one}, pb.ReplaceAlertRuleRequest())
        )
        assert without_nulls(by_grpc["rule"]) == without_nulls(made)
    for wrong, complaint in (
        ({"condition": "absent"}, "window_seconds"),
        ({"condition": "absent", "threshold": 3, "window_seconds": 60}, "leave it out"),
        ({"condition": "greater_than"}, "threshold: write a number"),
        ({"condition": "greater_than", "threshold": 1, "aggregation": "max"}, "window_seconds"),
        ({"condition": "changes_by_percent", "threshold": 0}, "above 0"),
    ):
        answered = await here.admin.rest("POST", RULES, {**base, **wrong}, 422)
        assert complaint in answered["detail"]


async def test_a_built_in_rule_is_shown_changed_switched_off_and_put_back(here: Served) -> None:
    cpu = await here.admin.rest("GET", f"{RULES}/builtin-cpu")
    assert (cpu["built_in"], cpu["enabled"], cpu["threshold"], cpu["created_at"]) == (True, True, 95.0, None)
    await here.tenant.rest("GET", f"{RULES}/builtin-cpu", status=404)
    rule = {"metric": "cpu_percent", "condition": "greater_than", "threshold": 80, "severity": "error"}
    await here.admin.rest("POST", RULES, {**rule, "rule_id": "builtin-cpu"}, 409)
    await here.admin.rest("POST", RULES, {**rule, "rule_id": "builtin-mine"}, 422)
    changed = await here.admin.rest("PUT", f"{RULES}/builtin-cpu", {**rule, "enabled": False})
    assert (changed["threshold"], changed["enabled"], changed["built_in"]) == (80.0, False, True)
    listed = {one["rule_id"]: one for one in (await here.admin.rest("GET", RULES))["rules"]}
    assert listed["builtin-cpu"] == changed
    assert listed["builtin-certificate"]["metric"] == "certificate_days_left"
    assert not [one for one in (await here.tenant.rest("GET", RULES))["rules"] if one["built_in"]]
    await here.admin.rest("DELETE", f"{RULES}/builtin-cpu", status=204)
    assert await here.admin.rest("GET", f"{RULES}/builtin-cpu") == cpu
    refused = await here.admin.rest("DELETE", f"{RULES}/builtin-cpu", status=422)
    assert "enabled false" in refused["detail"]


async def test_silences_begin_and_end(here: Served) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    mine = await here.admin.rest("POST", SILENCES, {"tenant_id": TENANT, "end": end, "notes": "move"}, 201)
    request = ParseDict({"alert_type": "http_endpoint", "end": end}, pb.CreateSilenceRequest())
    everybodys = await here.admin.call("CreateSilence", request)
    by_grpc = await here.admin.call("ListSilences", pb.ListSilencesRequest())
    by_rest = await here.admin.rest("GET", SILENCES)
    assert without_nulls(by_grpc) == without_nulls(by_rest)
    assert len(by_rest["silences"]) == 2
    assert (await here.tenant.rest("GET", SILENCES))["silences"] == [mine]
    await here.tenant.rest("POST", SILENCES, {"end": end}, 403)
    long = (datetime.now(UTC) + timedelta(days=100)).isoformat()
    for wrong in (long, "2020-01-01T00:00:00Z", "2030-01-01T00:00:00"):
        await here.admin.rest("POST", SILENCES, {"end": wrong}, 422)
    await here.admin.rest("DELETE", f"{SILENCES}/{mine['silence_id']}", status=204)
    await here.admin.rest("DELETE", f"{SILENCES}/{mine['silence_id']}", status=404)
    ended = pb.EndSilenceRequest(silence_id=everybodys["silence"]["silence_id"])
    assert await here.admin.call("EndSilence", ended) == {}
