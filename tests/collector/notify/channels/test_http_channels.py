"""What Slack, Twilio, PagerDuty and a signed webhook are sent, exactly."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from tenantwatch_collector.errors import RefusedForEver, RetryLater
from tenantwatch_collector.notify.channels.http import retry_after_seconds

from tests.collector.notify.grounds import LINK, built, message
from tests.fakes.http1 import Response
from tests.fakes.notified import PagerDutyServer, SignedWebhook, SlackServer, TwilioServer

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 1),
        ("999999", 3600),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@pytest.mark.parametrize("status", [429, 503])
async def test_the_pause_that_the_far_end_asks_for_is_passed_on(status: int) -> None:
    async with SlackServer() as server:
        channel = built(slack=[{"url": server.address}])
        server.next_answers.append(Response(status, headers=(("Retry-After", "17"),)))
        with pytest.raises(RetryLater) as caught:
            await channel.send(message("slack"))
        assert caught.value.delay_seconds == 17
        await channel.close()


async def test_slack_gets_the_attachment_of_the_requirements() -> None:
    began = datetime(2026, 11, 24, 11, 59, 30, tzinfo=UTC)
    alert: dict[str, Any] = {
        "first_occurred_us": int(began.timestamp() * 1e6),
        "last_occurred_us": int(NOW.timestamp() * 1e6),
        "tenant_id": "acme",
    }
    async with SlackServer() as server:
        channel = built(slack=[{"url": server.address}])
        await channel.send(message("slack", "firing", **alert))
        await channel.close()
    (attachment,) = server.taken[0]["attachments"]
    assert attachment == {
        "fallback": "FIRING: http_endpoint is unhealthy",
        "color": "danger",
        "title": "FIRING: http_endpoint is unhealthy",
        "title_link": LINK,
        "text": "front-page on web-1: answered 503 &lt;html&gt; &amp; more\n"
        f"Seen 7 times since 2026-11-24 11:59:30 UTC.\n<{LINK}|Open the dashboard>",
        "mrkdwn_in": ["text"],
        "fields": [
            {"title": "Tenant", "value": "acme", "short": True},
            {"title": "Severity", "value": "error", "short": True},
            {"title": "Time", "value": "2026-11-24 11:59:30 UTC", "short": True},
        ],
        "footer": "tenantwatch",
        "ts": int(NOW.timestamp()),
    }


@pytest.mark.parametrize(
    ("severity", "colour"),
    [("info", "good"), ("warning", "warning"), ("error", "danger"), ("critical", "danger")],
)
async def test_slack_is_coloured_by_severity_and_what_is_over_is_good(severity: str, colour: str) -> None:
    async with SlackServer() as server:
        channel = built(slack=[{"url": server.address}])
        for kind in ("firing", "resolved"):
            await channel.send(message("slack", kind, severity=severity))
        await channel.close()
    colours = [body["attachments"][0]["color"] for body in server.taken]
    assert colours == [colour, "good"]


async def test_pagerduty_resolves_and_acknowledges_what_it_triggered() -> None:
    async with PagerDutyServer() as server:
        channel = built(pagerduty=[{"routing_key": server.routing_key, "url": server.address}])
        states: list[dict[str, str]] = []
        for kind in ("firing", "escalation", "acknowledged", "resolved"):
            await channel.send(message("pagerduty", kind, "a" * 32 + f"/{kind}/0"))
            states.append(dict(server.incidents))
        await channel.close()
    turns = ("triggered", "triggered", "acknowledged", "resolved")
    assert states == [{"a" * 32: turn} for turn in turns]
    trigger, resolve = server.taken[0], server.taken[-1]
    assert trigger["payload"]["severity"] == "error"
    assert trigger["links"] == [{"href": LINK, "text": "Dashboard"}]
    assert "payload" not in resolve


async def test_pagerduty_is_not_reopened_by_a_calm_that_ended_well() -> None:
    async with PagerDutyServer() as server:
        channel = built(pagerduty=[{"routing_key": server.routing_key, "url": server.address}])
        await channel.send(message("pagerduty", "flapping_stop", status="resolved"))
        await channel.close()
    assert server.taken[0]["event_action"] == "resolve"


def _sms(server: TwilioServer, *numbers: str) -> dict[str, object]:
    account = {
        "account_sid": server.account_sid,
        "auth_token": server.auth_token,
        "sender": "+15550001111",
        "api_url": server.url,
    }
    return {"twilio": account, "sms": [{"to": list(numbers)}]}


async def test_a_short_message_is_short_and_tells_where_to_look() -> None:
    async with TwilioServer() as server:
        channel = built(**_sms(server, "+4915112345678"))
        await channel.send(message("sms"))
        await channel.send(message("sms", "repeat", alert_description="long " * 500))
        await channel.close()
    first, second = (form["Body"] for form in server.taken)
    assert first.startswith("FIRING example-isp-001: http_endpoint is unhealthy.")
    assert first.endswith(LINK)
    assert (len(second), second[-1]) == (306, "…")


async def test_only_the_numbers_that_were_not_reached_are_tried_again() -> None:
    async with TwilioServer() as server:
        channel = built(**_sms(server, "+4915112345678", "+4915187654321"))
        server.next_answers.append(Response(503))
        sent = message("sms")
        with pytest.raises(RetryLater):
            await channel.send(sent)
        await channel.send(sent)
        await channel.close()
    assert [form["To"] for form in server.taken] == ["+4915187654321", "+4915112345678"]


async def test_one_wrong_number_does_not_hide_that_the_others_were_told() -> None:
    async with TwilioServer() as server:
        channel = built(**_sms(server, "+4915112345678", "+4915187654321"))
        server.invalid_numbers = {"+4915112345678"}
        await channel.send(message("sms"))
        server.invalid_numbers.add("+4915187654321")
        with pytest.raises(RefusedForEver, match="21211"):
            await channel.send(message("sms", "repeat"))
        await channel.close()
    assert [form["To"] for form in server.taken] == ["+4915187654321"]


async def test_a_signed_webhook_is_believed_once_and_not_for_long() -> None:
    clock = [time.time()]
    async with SignedWebhook(lambda: clock[0]) as server:
        section = {"name": "ops", "url": server.address, "signing_secret": server.secret}
        channel = built(webhooks=[section])
        sent = message("webhook:ops")
        await channel.send(sent)
        await channel.send(sent)
        clock[0] += 3600
        with pytest.raises(RefusedForEver, match="too old"):
            await channel.send(sent)
        await channel.close()
        forged = built(webhooks=[{**section, "signing_secret": "another secret, as long"}])
        clock[0] -= 3600
        with pytest.raises(RefusedForEver, match="signature is wrong"):
            await forged.send(sent)
        await forged.close()
    # The same message has the same id, so that a receiver can tell that it has it already.
    assert server.ids == [sent.dedup_key, sent.dedup_key]
    assert server.taken[0] == sent.payload
