"""Slack, by an incoming webhook: one attachment, coloured by severity."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tenantwatch_collector.notify.channels.base import Message, Part
from tenantwatch_collector.notify.channels.http import HttpRequest, HttpSender
from tenantwatch_collector.notify.settings import SlackSection
from tenantwatch_collector.settings import revealed

_COLOURS = {"info": "good", "warning": "warning", "error": "danger", "critical": "danger"}
_FOOTER = "tenantwatch"


def escape(text: str) -> str:
    """The three characters that mean something to Slack, so that no value can make a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class SlackChannel:
    """What has ended is shown as good, whatever its severity was."""

    parts = (Part("title", 250, one_line=True, escape=escape), Part("text", 3000, escape=escape))

    def __init__(self, section: SlackSection) -> None:
        self.name = section.channel
        self._url = revealed(section.url)
        self._http = HttpSender(section.timeout_seconds, [self._url])

    def compose(self, message: Message) -> HttpRequest:
        attachment = _attachment(message)
        body = json.dumps({"attachments": [attachment]}).encode()
        return HttpRequest(self._url, body, {"Content-Type": "application/json"})

    def preview(self, message: Message) -> str:
        return self._http.shown(self.compose(message))

    async def send(self, message: Message) -> None:
        await self._http.post(self.compose(message))

    async def close(self) -> None:
        await self._http.close()


def _attachment(message: Message) -> dict[str, object]:
    alert, title = message.alert, message.texts["title"]
    began = datetime.fromtimestamp(alert["first_occurred_us"] // 1_000_000, UTC)
    fields = {
        "Tenant": escape(alert["tenant_id"]),
        "Severity": alert["severity"],
        "Time": began.strftime("%Y-%m-%d %H:%M:%S UTC"),
    }
    attachment: dict[str, object] = {
        "fallback": title,
        "color": "good" if message.is_over else _COLOURS[alert["severity"]],
        "title": title,
        "text": message.texts["text"],
        "mrkdwn_in": ["text"],
        "fields": [{"title": name, "value": value, "short": True} for name, value in fields.items()],
        "footer": _FOOTER,
        "ts": message.event_us // 1_000_000,
    }
    if message.payload["link"]:
        attachment["title_link"] = message.payload["link"]
    return attachment
