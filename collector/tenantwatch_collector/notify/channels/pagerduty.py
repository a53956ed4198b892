"""PagerDuty, by its Events API v2: one incident for each alert, resolved when the alert is."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tenantwatch_collector.notify.channels.base import Message, Part
from tenantwatch_collector.notify.channels.http import HttpRequest, HttpSender
from tenantwatch_collector.notify.settings import PagerDutySection
from tenantwatch_collector.settings import revealed


class PagerDutyChannel:
    """``dedup_key`` is the alert's id, so that whatever is sent twice is one incident."""

    parts = (Part("summary", 1024, one_line=True),)

    def __init__(self, section: PagerDutySection) -> None:
        self.name = section.channel
        self._key = revealed(section.routing_key)
        self._url = revealed(section.url)
        self._http = HttpSender(section.timeout_seconds, [self._key])

    def compose(self, message: Message) -> HttpRequest:
        event: dict[str, object] = {
            "routing_key": self._key,
            "event_action": _action(message),
            "dedup_key": message.alert["alert_id"],
        }
        if event["event_action"] == "trigger":
            event |= _trigger(message)
        return HttpRequest(self._url, json.dumps(event).encode(), {"Content-Type": "application/json"})

    def preview(self, message: Message) -> str:
        return self._http.shown(self.compose(message))

    async def send(self, message: Message) -> None:
        await self._http.post(self.compose(message))

    async def close(self) -> None:
        await self._http.close()


def _action(message: Message) -> str:
    if message.is_over:
        return "resolve"
    return "acknowledge" if message.kind == "acknowledged" else "trigger"


def _trigger(message: Message) -> dict[str, object]:
    alert, link = message.alert, message.payload["link"]
    began = datetime.fromtimestamp(alert["first_occurred_us"] / 1e6, UTC)
    more: dict[str, object] = {"client": "tenantwatch"}
    if link:
        more |= {"client_url": link, "links": [{"href": link, "text": "Dashboard"}]}
    more["payload"] = {
        "summary": message.texts["summary"],
        "source": alert["tenant_id"],
        "severity": alert["severity"],
        "timestamp": began.isoformat(timespec="milliseconds"),
        "component": alert["alert_data"].get("target") or alert["metric_name"],
        "group": alert["tenant_id"],
        "class": alert["metric_name"],
        "custom_details": {"kind": message.kind, "level": message.payload["level"], **alert},
    }
    return more
