"""What an operator does from the command line reaches the running engine: acknowledging, and rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.http_target import HttpTarget
from tests.fakes.notified import PagerDutyServer
from tests.fakes.webhook import Webhook
from tests.system.ground import TENANT, ground, http_check
from tests.system.harness import CollectorSettings

pytestmark = pytest.mark.system


async def test_an_acknowledgement_reaches_the_engine_the_channel_and_the_record(tmp_path: Path) -> None:
    async with HttpTarget() as web, PagerDutyServer() as pager:
        settings = CollectorSettings(
            extra=f"""[[notify.pagerduty]]
routing_key = "{pager.routing_key}"
url = "{pager.address}"
[[notify.routes]]
name = "all"
steps = [["pagerduty"]]
"""
        )
        check = http_check("web", f"{web.url}/health", confirm_failures=1, confirm_successes=1)
        async with ground(tmp_path, settings) as here, here.caller() as tenant, here.agent([check]) as agent:
            await agent.start()
            await tenant.wait_checks(TENANT, {"web": "healthy"})
            web.switch(500)
            await pager.until(lambda: len(pager.taken) == 1)
            ((alert_id, state),) = pager.incidents.items()
            assert state == "triggered"
            await here.collector.command("alerts", "acknowledge", alert_id, "--by", "ada", "--notes", "on it")
            await pager.until(lambda: len(pager.taken) == 2)
            assert pager.incidents == {alert_id: "acknowledged"}
            web.switch(200)
            await pager.until(lambda: len(pager.taken) == 3)
            assert pager.incidents == {alert_id: "resolved"}
            await agent.terminate()
            await here.collector.terminate()
            record = await here.collector.command("alerts", "timeline", alert_id)
    told = [line.partition(" ")[2] for line in record.splitlines() if " log " not in line]
    assert told == [
        "opened critical, level 0",
        "firing critical, level 0",
        "firing pagerduty sent",
        "acknowledged by ada on it",
        "acknowledged pagerduty sent",
        "resolved critical, level 0",
        "resolved pagerduty sent",
    ]


async def test_a_custom_rule_is_checked_against_what_is_measured_and_comes_into_force(tmp_path: Path) -> None:
    async with HttpTarget() as web, Webhook() as hook:
        settings = CollectorSettings(webhooks=[f"{hook.url}/alerts"])
        check = http_check("web", f"{web.url}/health")
        async with ground(tmp_path, settings) as here, here.caller() as tenant, here.agent([check]) as agent:
            await agent.start()
            await tenant.wait_checks(TENANT, {"web": "healthy"})
            put = ["alerts", "rule", "put", "long-pages", "--condition", "greater_than", "--threshold", "100"]
            put += ["--severity", "error", "--tenant", TENANT, "--config", str(here.collector.configuration)]
            await here.collector.run(*put, "--metric", "body_byte", exit_code=1)
            made = await here.collector.run(*put, "--metric", "body_bytes")
            assert made == "long-pages: body_bytes greater than 100"
            web.body = b"x" * 200
            (fired,) = await hook.wait_for(1)
            assert fired.json["alert"]["metric_name"] == "body_bytes"
            assert fired.json["alert"]["alert_name"] == "body_bytes greater than 100"
            assert fired.json["alert"]["alert_description"] == "web on web-1: body_bytes is 200"
            web.body = b"short"
            _, ended = await hook.wait_for(2)
            assert (ended.json["kind"], ended.json["alert"]["alert_id"]) == (
                "resolved",
                fired.json["alert"]["alert_id"],
            )
            await agent.terminate()
            await here.collector.terminate()
            replayed = await here.collector.command("alerts", "replay", "long-pages", "--days", "1")
            first, last = replayed.splitlines()
            assert f" {TENANT} error for " in first
            assert last == "long-pages: 1 alerts at 1 tenants in 1 days"
            silent = await here.collector.command("alerts", "replay", "agent_silent", "--days", "1")
            assert silent == "agent_silent: 0 alerts at 0 tenants in 1 days"
            violated = await here.collector.command("alerts", "replay", "sla_violation", "--days", "1")
            assert violated == "sla_violation: 0 alerts at 0 tenants in 1 days"
