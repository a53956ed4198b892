"""`notify preview|test`, against real far ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tenantwatch_collector.__main__ import main

from tests.fakes.http1 import Response
from tests.fakes.notified import PagerDutyServer, SlackServer


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "collector.toml"


async def run(*arguments: str, config: Path) -> int:
    return await asyncio.to_thread(main, ["notify", *arguments, "--config", str(config)])


async def test_a_preview_shows_and_sends_nothing(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with SlackServer() as server:
        config.write_text(
            f'dashboard_url = "https://m.example.org/"\n[[notify.slack]]\nurl = "{server.address}"\n'
        )
        assert await run("preview", "slack", "--kind", "resolved", config=config) == 0
        assert server.arrived == 0
        assert server.path not in (shown := capsys.readouterr().out)
    assert "RESOLVED: http_endpoint is unhealthy" in shown
    assert "https://m.example.org/admin/monitoring/tenants/example-isp-001" in shown


async def test_a_template_can_be_tried_before_it_is_used(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text('[[notify.slack]]\nurl = "https://hooks.slack.com/x"\n')
    template = config.with_name("title.j2")
    template.write_text("mine: {{ alert.tenant_id }}")
    assert await run("preview", "slack", "--template", str(template), config=config) == 0
    assert '"title": "mine: example-isp-001"' in capsys.readouterr().out
    template.write_text("mine:\n{{ alert.tenantid }}")
    assert await run("preview", "slack", "--template", str(template), config=config) == 1
    assert f"{template}:2: " in capsys.readouterr().err


async def test_a_test_message_is_real_and_leaves_no_incident(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with PagerDutyServer() as server:
        section = f'routing_key = "{server.routing_key}"\nurl = "{server.address}"\n'
        config.write_text(f"[[notify.pagerduty]]\n{section}")
        assert await run("test", "pagerduty", config=config) == 0
        assert capsys.readouterr().out.startswith("pagerduty: taken after ")
        assert list(server.incidents.values()) == ["resolved"]
        server.next_answers.append(Response(400, b"Length of 'routing_key' is incorrect"))
        assert await run("test", "pagerduty", config=config) == 1
        assert "pagerduty: refused for ever: answered 400: Length" in capsys.readouterr().err


async def test_a_channel_that_is_not_there_is_named_with_those_that_are(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("")
    assert await run("test", "sms", config=config) == 1
    assert "no channel is called 'sms'; configured are log" in capsys.readouterr().err
