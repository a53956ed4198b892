"""Scenario 2: a server dies and returns; one alert, one message for each turn."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenantwatch_wire.v1 import query_pb2

from tests.fakes.http_target import HttpTarget
from tests.fakes.webhook import Webhook
from tests.system.ground import TENANT, ground, http_check
from tests.system.harness import Caller, CollectorSettings

pytestmark = pytest.mark.system


async def _alerts(caller: Caller) -> dict[str, query_pb2.Alert]:
    """That of the check, and that of the tenant, which is told in its stead."""
    answer = await caller.ask("ListAlerts", query_pb2.ListAlertsRequest(tenant_id=TENANT))
    assert len(answer.alerts) == 2
    return {alert.metric_name: alert for alert in answer.alerts}


async def test_a_dead_server_alerts_once_and_resolves_once(tmp_path: Path) -> None:
    async with HttpTarget() as web, Webhook() as hook:
        settings = CollectorSettings(webhooks=[f"{hook.url}/tenantwatch"])
        async with ground(tmp_path, settings) as here, here.caller() as tenant:
            async with here.agent([http_check("web", f"{web.url}/health")]) as agent:
                await agent.start()
                await tenant.wait_checks(TENANT, {"web": "healthy"})

                await web.stop()
                await tenant.wait_checks(TENANT, {"web": "unhealthy"})
                (fired,) = await hook.wait_for(1)
                found = await _alerts(tenant)
                assert {(one.tenant_id, one.status) for one in found.values()} == {(TENANT, "active")}
                assert found["http_endpoint"].severity == "error"
                alert = found["tenant_down"]
                assert fired.json["kind"] == "firing"
                assert fired.json["alert"]["alert_id"] == alert.alert_id
                shown = (await tenant.get("/dashboard/health"))["active_alerts"]
                assert shown[0]["alert_id"] == alert.alert_id

                await web.start()
                await tenant.wait_checks(TENANT, {"web": "healthy"})
                _, resolved = await hook.wait_for(2)
                assert resolved.json["kind"] == "resolved"
                assert resolved.json["alert"]["alert_id"] == alert.alert_id

                # Whatever else would come has had its time: more results, judged and told.
                await web.wait_more(10)
                await agent.terminate()
            for alert in (await _alerts(tenant)).values():
                assert alert.status == "resolved"
                assert alert.resolved_at_us >= alert.first_occurred_us
            assert (await tenant.get("/dashboard/health"))["active_alerts"] == []
            await here.collector.terminate()
        assert [call.json["kind"] for call in hook.calls] == ["firing", "resolved"]
