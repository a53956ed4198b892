"""Whatever is sent to any path: no fault of ours, and no answer that the description does not know."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from typing import Any

import grpc
import pytest
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import OTHER, TENANT, Served

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-bad-input")]
EACH = 6
HOSTILE: list[Any] = [
    *("\x00", "a\x00b", "'; DROP TABLE tenant", "x" * 3_000, "", "NaN", "1e400", "../../x", "Europe/../x"),
    *("0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
    *("FREQ=DAILY;COUNT=99999999999", "FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=0"),
    *(-1, 0, 2**31, 2**63, 2**64, 1e308, None, True, [], {}, "\ud800"),
]
SOUND: Mapping[str, Any] = {
    "tenant_id": TENANT,
    "alert_name": "n",
    "severity": "error",
    "description": "d",
    "metric": "cpu_percent",
    "condition": "greater_than",
    "threshold": 1,
    "end": "2099-12-01T00:00:00Z",
    "tenant_name": "Foo",
    "reason": "r",
    "from": "2026-12-01T00:00:00Z",
    "to": "2026-12-02T00:00:00Z",
    "counts_as": "up",
    "contract": {"tier": "basic"},
    "check": {"kind": "host_resources"},
    "rule": "FREQ=DAILY",
    "first": "2026-12-01T00:00:00",
    "duration_s": 60,
}
IN_PATHS = ("1", "%00", "%ED%A0%80", "99999999999999999999", "x" * 300, "a%2Fb", "none")


class Rubbish:
    """Requests that are nearly right, the same ones in every run."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._description = description
        self._chance = random.Random(7)

    def path(self, path: str) -> str:
        def one(found: re.Match[str]) -> str:
            sound = found[1] == "tenant_id" and self._chance.random() < 0.8
            # Suspended or deleted it would be of no more use: that is the other tenant's part.
            named = OTHER if path.startswith("/api/v1/monitoring/tenants/") else TENANT
            return named if sound else self._chance.choice(IN_PATHS)

        return re.sub(r"\{(\w+)\}", one, path)

    def query(self, operation: Mapping[str, Any]) -> dict[str, str]:
        names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
        chosen = [name for name in names if self._chance.random() < 0.5]
        return {name: self._text(self._chance.choice(HOSTILE)) for name in chosen}

    def body(self, operation: Mapping[str, Any]) -> bytes | None:
        if "requestBody" not in operation:
            return None
        schema = self._resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        body = {}
        for name in schema.get("properties", {}):
            drawn = self._chance.random()
            if name in SOUND and drawn < 0.75:
                body[name] = SOUND[name]
            elif drawn > 0.85:
                body[name] = self._chance.choice(HOSTILE)
        return json.dumps(body).encode()

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        for choice in schema.get("anyOf", []):
            if "$ref" in choice:
                return self._resolved(choice)
        if "$ref" not in schema:
            return schema
        found: Mapping[str, Any] = self._description["components"]["schemas"][schema["$ref"].split("/")[-1]]
        return found

    def _text(self, value: Any) -> str:
        return str(value).encode("utf-8", "replace").decode()[:1_000]


async def test_nothing_that_is_sent_brings_about_a_fault(here: Served) -> None:
    description = (await here.admin.http.get("/openapi.json")).json()
    rubbish = Rubbish(description)
    headers = {"authorization": f"Bearer {here.admin.token}", "content-type": "application/json"}
    for path, methods in description["paths"].items():
        for method, operation in methods.items() if path.startswith("/api/") else ():
            for _ in range(EACH):
                at, query, body = rubbish.path(path), rubbish.query(operation), rubbish.body(operation)
                answer = await here.admin.http.request(
                    method, at, params=query, content=body, headers=headers
                )
                said = f"{method} {at} {query} {body!r}: {answer.status_code} {answer.text[:300]}"
                known = {*operation["responses"], "400", "405"}
                assert str(answer.status_code) in known, said
                if answer.status_code == 503:
                    assert "no agent" in answer.text, said
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == "application/problem+json", said


async def test_half_of_each_kind_of_window_is_neither(here: Served) -> None:
    both = {"rule": "FREQ=DAILY", "first": "2026-12-01T00:00:00", "duration_s": 60, "reason": "r"}
    path = f"/monitoring/sla/{TENANT}/maintenance"
    told = await here.admin.rest("POST", path, {**both, "from": "2099-12-01T00:00:00Z"}, 422)
    assert "either from and to" in told["detail"]


async def test_an_export_that_cannot_be_is_refused_before_it_begins(here: Served) -> None:
    path = f"/monitoring/sla/{TENANT}/export?date=0001-01-01"
    assert (await here.admin.rest("GET", path, status=422))["title"] == "not allowed"


async def test_messages_that_no_json_can_tell_are_refused(here: Served) -> None:
    beyond = pb.CreateSilenceRequest()
    beyond.end.seconds = 10**17
    nowhere = pb.SetTermsRequest(tenant_id=TENANT, reason="x")
    nowhere.contract["fee"] = float("nan")
    unheard = pb.CreateAlertRuleRequest(metric="cpu", condition="equals", severity="error")
    unheard.threshold = float("inf")
    requests = {"CreateSilence": beyond, "SetTerms": nowhere, "CreateAlertRule": unheard}
    for operation, request in requests.items():
        code, _ = await here.admin.refused(operation, request)
        assert code is grpc.StatusCode.INVALID_ARGUMENT, operation
    for operation in ("GetServiceLevel", "GetTenantMetrics", "RunHealthCheck", "GetTerms"):
        strange = getattr(pb, f"{operation}Request")(tenant_id="a\x00b" * 100)
        assert (await here.admin.refused(operation, strange))[0] is grpc.StatusCode.NOT_FOUND


async def test_terms_beyond_the_calendar_are_never_kept(here: Served) -> None:
    path = f"/monitoring/sla/{TENANT}/terms"
    beyond = "9999-12-31T23:59:59-12:00"
    for body in ({"contract": {}, "in_force_from": beyond}, {"contract": {"effective_from": beyond}}):
        told = await here.admin.rest("PUT", path, {**body, "reason": "x"}, 422)
        assert "2000 to 2199" in told["detail"]
    assert (await here.admin.rest("GET", path))["tenant_id"] == TENANT
